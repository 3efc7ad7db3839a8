package io.basalt.store.chunk;

import static io.basalt.store.chunk.Fields.INT;
import static io.basalt.store.chunk.Fields.LONG;
import static io.basalt.store.chunk.Fields.SHORT;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/// A block of the intent log: a header of 64 bytes and the records behind it.
///
/// ```
///    0 magic "BSLG"   4 crc32c of 8..used    8 store id low
///   16 lsn: number of the block; it lives at lsn mod log blocks
///   24 mark: every write noted in blocks before it is complete
///   32 tail: everything noted in blocks before it is in the pages
///   40 entries ever used                    44 records u16        46 bytes used u16
///   48 format u16    50 flags u16: 1 incomplete              52 zeros
///
///   record:
///    0 type u8, 0 u8  2 first block u16      4 blocks u16          6 bytes of the record u16
///    8 entry         12 shard index         16 part id
///   24 sequence of the record in its entry  32 version
///   40 slot 0        44 slot 1              48 checksum u32 of each block, then position u16 of each block
/// ```
final class LogLayout {
    static final int MAGIC = 0x42534c47;
    static final int FORMAT = 2;
    static final int HEADER_BYTES = 64;
    static final int RECORD_HEADER_BYTES = 48;

    /// New content of blocks.
    static final int WRITE = 1;
    /// Blocks without content; of no blocks: the shard's slots are others.
    static final int CLEAR = 2;
    /// The same content of blocks at other positions.
    static final int MOVE = 3;
    /// The entry is free.
    static final int FREE = 4;
    /// The record of the same sequence number has no effect.
    static final int ABORT = 5;

    /// Every block is lost: nobody knows what the shard held.
    static final int LOSE = 6;

    private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;
    private static final int CRC = 4;
    private static final int STORE_ID = 8;
    private static final int LSN = 16;
    private static final int MARK = 24;
    private static final int TAIL = 32;
    private static final int ENTRIES_USED = 40;
    private static final int RECORD_COUNT = 44;
    private static final int USED_BYTES = 46;
    private static final int FORMAT_FIELD = 48;
    private static final int FLAGS = 50;
    private static final int FLAG_INCOMPLETE = 1;

    /// First byte that the checksum covers.
    static final int COVERED_FROM = STORE_ID;

    private LogLayout() {}

    /// Bytes of a record that places blocks; 0 blocks for one that places none.
    static int recordBytes(int placed) {
        return RECORD_HEADER_BYTES + placed * 6 + 7 & ~7;
    }

    static boolean places(int type) {
        return type == WRITE || type == MOVE;
    }

    static void header(
            MemorySegment memory,
            long block,
            Geometry geometry,
            long lsn,
            long mark,
            long tail,
            int entriesUsed,
            int records,
            int usedBytes,
            boolean incomplete) {
        memory.set(INT, block, MAGIC);
        memory.set(LONG, block + STORE_ID, geometry.storeIdLow());
        memory.set(LONG, block + LSN, lsn);
        memory.set(LONG, block + MARK, mark);
        memory.set(LONG, block + TAIL, tail);
        memory.set(INT, block + ENTRIES_USED, entriesUsed);
        memory.set(SHORT, block + RECORD_COUNT, (short) records);
        memory.set(SHORT, block + USED_BYTES, (short) usedBytes);
        memory.set(SHORT, block + FORMAT_FIELD, (short) FORMAT);
        memory.set(SHORT, block + FLAGS, (short) (incomplete ? FLAG_INCOMPLETE : 0));
        memory.set(INT, block + FLAGS + 2, 0);
        memory.set(LONG, block + FORMAT_FIELD + 8, 0L);
    }

    static void seal(MemorySegment memory, long block, int crc32c) {
        memory.set(INT, block + CRC, crc32c);
    }

    static long lsn(MemorySegment memory, long block) {
        return memory.get(LONG, block + LSN);
    }

    static long mark(MemorySegment memory, long block) {
        return memory.get(LONG, block + MARK);
    }

    static long tail(MemorySegment memory, long block) {
        return memory.get(LONG, block + TAIL);
    }

    static int entriesUsed(MemorySegment memory, long block) {
        return memory.get(INT, block + ENTRIES_USED);
    }

    /// Whether shards have been lost of which it is not known which they were.
    static boolean isIncomplete(MemorySegment memory, long block) {
        return (memory.get(SHORT, block + FLAGS) & FLAG_INCOMPLETE) != 0;
    }

    static int records(MemorySegment memory, long block) {
        return Short.toUnsignedInt(memory.get(SHORT, block + RECORD_COUNT));
    }

    static int usedBytes(MemorySegment memory, long block) {
        return Short.toUnsignedInt(memory.get(SHORT, block + USED_BYTES));
    }

    /// The rule that a block at a place of the log breaks, or null if it is a log block in force there.
    static @Nullable String violation(MemorySegment memory, long block, Geometry geometry, long place) {
        if (memory.get(INT, block) != MAGIC || memory.get(LONG, block + STORE_ID) != geometry.storeIdLow()) {
            return "is no log block of this store";
        }
        final int used = usedBytes(memory, block);
        if (used < HEADER_BYTES || used > StoreRequest.BLOCK_BYTES) {
            return "number of bytes used is out of range";
        }
        if (memory.get(INT, block + CRC) != Checksums.of(memory, block + COVERED_FROM, used - COVERED_FROM)) {
            return "checksum does not match";
        }
        final long lsn = lsn(memory, block);
        if (memory.get(SHORT, block + FORMAT_FIELD) != FORMAT || lsn <= 0 || lsn % geometry.logBlocks() != place) {
            return "format or place is another";
        }
        if (mark(memory, block) > lsn
                || tail(memory, block) > lsn
                || entriesUsed(memory, block) < 0
                || entriesUsed(memory, block) > geometry.entries()) {
            return "mark, tail or number of entries is out of range";
        }
        return recordsViolation(memory, block, geometry);
    }

    private static @Nullable String recordsViolation(MemorySegment memory, long block, Geometry geometry) {
        long at = block + HEADER_BYTES;
        final long end = block + usedBytes(memory, block);
        for (int i = 0; i < records(memory, block); i++) {
            if (at + RECORD_HEADER_BYTES > end || at + length(memory, at) > end) {
                return "record " + i + " does not end in the block";
            }
            final String broken = recordViolation(memory, at, geometry);
            if (broken != null) {
                return "record " + i + ": " + broken;
            }
            at += length(memory, at);
        }
        return at == end ? null : "bytes after the last record";
    }

    private static @Nullable String recordViolation(MemorySegment memory, long at, Geometry geometry) {
        final int type = type(memory, at);
        final int count = count(memory, at);
        if (type < WRITE || type > LOSE) {
            return "type " + type + " is unknown";
        }
        if (length(memory, at) != recordBytes(places(type) ? count : 0)) {
            return "length does not match";
        }
        if (first(memory, at) + count > geometry.shardBlocks()
                || (places(type) && (count < 1 || count > Geometry.RECORD_BLOCKS_MAX))) {
            return "blocks are outside the shard";
        }
        if (entry(memory, at) < 0
                || entry(memory, at) >= geometry.entries()
                || partId(memory, at) <= 0
                || shardIndex(memory, at) < 0
                || sequence(memory, at) <= 0) {
            return "entry, shard or sequence is out of range";
        }
        for (int which = 0; which < 2; which++) {
            final int slot = slot(memory, at, which);
            if (slot < PageLayout.NO_SLOT || slot >= geometry.slots()) {
                return "slot is out of range";
            }
        }
        for (int i = 0; places(type) && i < count; i++) {
            final int position = position(memory, at, i);
            if ((position & ~PageLayout.SECOND_SLOT) >= geometry.slotBlocks()
                    || slot(memory, at, position >>> 15) == PageLayout.NO_SLOT) {
                return "position is in no slot";
            }
        }
        return null;
    }

    static void record(
            MemorySegment memory, long at, int type, int first, int count, int entry, long sequence, long version) {
        memory.set(BYTE, at, (byte) type);
        memory.set(BYTE, at + 1, (byte) 0);
        memory.set(SHORT, at + 2, (short) first);
        memory.set(SHORT, at + 4, (short) count);
        memory.set(SHORT, at + 6, (short) recordBytes(places(type) ? count : 0));
        memory.set(INT, at + 8, entry);
        memory.set(LONG, at + 24, sequence);
        memory.set(LONG, at + 32, version);
    }

    static void recordShard(MemorySegment memory, long at, long partId, int shardIndex, int slot0, int slot1) {
        memory.set(INT, at + 12, shardIndex);
        memory.set(LONG, at + 16, partId);
        memory.set(INT, at + 40, slot0);
        memory.set(INT, at + 44, slot1);
    }

    static void recordBlock(MemorySegment memory, long at, int count, int index, int position, int checksum) {
        memory.set(INT, at + RECORD_HEADER_BYTES + 4L * index, checksum);
        memory.set(SHORT, at + RECORD_HEADER_BYTES + 4L * count + 2L * index, (short) position);
    }

    static int type(MemorySegment memory, long at) {
        return memory.get(BYTE, at);
    }

    static int first(MemorySegment memory, long at) {
        return Short.toUnsignedInt(memory.get(SHORT, at + 2));
    }

    static int count(MemorySegment memory, long at) {
        return Short.toUnsignedInt(memory.get(SHORT, at + 4));
    }

    static int length(MemorySegment memory, long at) {
        return Short.toUnsignedInt(memory.get(SHORT, at + 6));
    }

    static int entry(MemorySegment memory, long at) {
        return memory.get(INT, at + 8);
    }

    static int shardIndex(MemorySegment memory, long at) {
        return memory.get(INT, at + 12);
    }

    static long partId(MemorySegment memory, long at) {
        return memory.get(LONG, at + 16);
    }

    static long sequence(MemorySegment memory, long at) {
        return memory.get(LONG, at + 24);
    }

    static long version(MemorySegment memory, long at) {
        return memory.get(LONG, at + 32);
    }

    static int slot(MemorySegment memory, long at, int which) {
        return memory.get(INT, at + 40 + 4L * which);
    }

    static int checksum(MemorySegment memory, long at, int index) {
        return memory.get(INT, at + RECORD_HEADER_BYTES + 4L * index);
    }

    static int position(MemorySegment memory, long at, int index) {
        return Short.toUnsignedInt(memory.get(SHORT, at + RECORD_HEADER_BYTES + 4L * count(memory, at) + 2L * index));
    }
}
