package io.basalt.store.chunk;

import static io.basalt.store.chunk.Fields.INT;
import static io.basalt.store.chunk.Fields.LONG;
import static io.basalt.store.chunk.Fields.SHORT;

import java.lang.foreign.MemorySegment;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/// A metadata page: all that is known of one shard. 4096 bytes, in memory as on the device.
///
/// ```
///    0 magic "BSPG"   4 crc32c of 8..4096    8 store id low
///   16 format u16    18 shard blocks u16    20 entry              24 generation
///   32 part id (0: the entry is free)       40 shard index        44 mapped blocks
///   48 highest version                      56 slot 0             60 slot 1   (-1: none)
///   64 floor: every record up to it is in   72 mask: records after the floor that are in, lowest bit first
///   80 sequence of the newest record that the slots are taken from
///   88 flags: 1 damaged, 2 by recovery      92 crc32c of 8..92: whose page it is
///   96 digest of the blocks' versions      104 lost blocks       108 zeros
///  128 version of each block, 256 × u64
/// 2176 checksum of each block, 256 × u32
/// 3200 position of each block, 256 × u16: bit 15 says which slot, FFFF none, FFFE lost
/// 3712 zeros
/// ```
///
/// **Lost.** A block is lost if nobody knows any more where its content is: the map was. It is not read as
/// zeros, but not at all, until it is written or freed anew. Its version is [StoreRequest#VERSION_LOST].
///
/// **Digest.** The XOR over all blocks with a version of a value that is a function of block and version; so
/// two shards with the same digest have the same versions. Kept up to date with each change.
final class PageLayout {
    static final int MAGIC = 0x42535047;
    static final int FORMAT = 2;
    static final int NO_SLOT = -1;
    static final int NO_POSITION = 0xffff;
    static final int LOST = 0xfffe;
    static final int SECOND_SLOT = 0x8000;

    private static final int CRC = 4;
    private static final int STORE_ID = 8;
    private static final int FORMAT_FIELD = 16;
    private static final int SHARD_BLOCKS = 18;
    private static final int ENTRY = 20;
    private static final int GENERATION = 24;
    private static final int PART_ID = 32;
    private static final int SHARD_INDEX = 40;
    private static final int MAPPED = 44;
    private static final int VERSION = 48;
    private static final int SLOTS = 56;
    private static final int FLOOR = 64;
    private static final int MASK = 72;
    private static final int SLOT_SEQUENCE = 80;
    private static final int FLAGS = 88;
    private static final int FLAG_DAMAGED = 1;
    private static final int FLAG_BY_RECOVERY = 2;
    private static final int OWNER_CRC = 92;
    private static final int DIGEST = 96;
    private static final int LOST_COUNT = 104;
    private static final int VERSIONS = 128;
    private static final int CHECKSUMS = 2176;
    private static final int POSITIONS = 3200;
    private static final int BYTES = StoreRequest.BLOCK_BYTES;
    private static final long[] SALTS = salts();

    private PageLayout() {}

    private static long[] salts() {
        final long[] salts = new long[256];
        for (int block = 0; block < salts.length; block++) {
            salts[block] = Checksums.mix(block);
        }
        return salts;
    }

    /// Make a page of a free entry.
    static void clear(MemorySegment memory, long page, int shardBlocks) {
        MemorySegment.copy(Memory.ZEROS, 0, memory, page, BYTES);
        slot(memory, page, 0, NO_SLOT);
        slot(memory, page, 1, NO_SLOT);
        for (int block = 0; block < shardBlocks; block++) {
            position(memory, page, block, NO_POSITION);
        }
    }

    /// Write what makes the bytes a page of the store, and the checksums last.
    ///
    /// @param region of the memory, in which the page is
    static void seal(
            Memory parts, int region, long page, Checksums checksums, Geometry geometry, int entry, long generation) {
        final MemorySegment memory = parts.table().segment(region);
        stamp(memory, page, geometry, entry, generation);
        memory.set(INT, page + OWNER_CRC, checksums.of(parts.table(), region, page + COVERED_FROM, OWNER_BYTES));
        memory.set(INT, page + CRC, checksums.of(parts.table(), region, page + COVERED_FROM, COVERED_BYTES));
    }

    private static void stamp(MemorySegment memory, long page, Geometry geometry, int entry, long generation) {
        memory.set(INT, page, MAGIC);
        memory.set(LONG, page + STORE_ID, geometry.storeIdLow());
        memory.set(SHORT, page + FORMAT_FIELD, (short) FORMAT);
        memory.set(SHORT, page + SHARD_BLOCKS, (short) geometry.shardBlocks());
        memory.set(INT, page + ENTRY, entry);
        memory.set(LONG, page + GENERATION, generation);
    }

    /// First byte and number of bytes that the checksum covers.
    static final int COVERED_FROM = STORE_ID;

    static final int COVERED_BYTES = BYTES - COVERED_FROM;

    /// Number of bytes, from [#COVERED_FROM], that the owner's checksum covers.
    static final int OWNER_BYTES = OWNER_CRC - COVERED_FROM;

    /// Whether at least the fields before the blocks' can be trusted of a page that is broken. They lie in
    /// one sector, so that this is true of each page that was torn while it was written: where it is not, the
    /// page has rotted.
    ///
    /// @param crc32c checksum computed over the bytes that tell it
    static boolean tellsOwner(MemorySegment memory, long page, Geometry geometry, int entry, int crc32c) {
        return claims(memory, page, geometry, entry)
                && memory.get(INT, page + OWNER_CRC) == crc32c
                && memory.get(SHORT, page + FORMAT_FIELD) == FORMAT
                && generation(memory, page) > 0
                && partId(memory, page) >= 0
                && shardIndex(memory, page) >= 0;
    }

    /// Whether the bytes claim to be a page of this store and entry, however damaged the rest is.
    static boolean claims(MemorySegment memory, long page, Geometry geometry, int entry) {
        return memory.get(INT, page) == MAGIC
                && memory.get(LONG, page + STORE_ID) == geometry.storeIdLow()
                && memory.get(INT, page + ENTRY) == entry;
    }

    /// The rule that a page from the device breaks, or null. Control plane and page loads only.
    ///
    ///
    /// @param crc32c checksum computed over the covered bytes
    static @Nullable String violation(MemorySegment memory, long page, Geometry geometry, int entry, int crc32c) {
        if (!claims(memory, page, geometry, entry)) {
            return "is not this entry's page of this store";
        }
        if (memory.get(INT, page + CRC) != crc32c) {
            return "checksum does not match";
        }
        if (memory.get(SHORT, page + FORMAT_FIELD) != FORMAT
                || memory.get(SHORT, page + SHARD_BLOCKS) != geometry.shardBlocks()) {
            return "format or shard size is another";
        }
        if (partId(memory, page) < 0 || shardIndex(memory, page) < 0) {
            return "part id or shard index is negative";
        }
        return mapViolation(memory, page, geometry);
    }

    private static @Nullable String mapViolation(MemorySegment memory, long page, Geometry geometry) {
        for (int which = 0; which < 2; which++) {
            final int slot = slot(memory, page, which);
            if (slot < NO_SLOT || slot >= geometry.slots()) {
                return "slot number is out of range";
            }
        }
        int mapped = 0;
        int lost = 0;
        for (int block = 0; block < geometry.shardBlocks(); block++) {
            final int position = position(memory, page, block);
            if (!isMapped(position)) {
                lost += position == LOST ? 1 : 0;
                continue;
            }
            mapped++;
            if ((position & ~SECOND_SLOT) >= geometry.slotBlocks() || slot(memory, page, position >>> 15) == NO_SLOT) {
                return "position of block " + block + " is in no slot";
            }
        }
        return mapped == mapped(memory, page) && lost == lost(memory, page)
                ? null
                : "number of mapped or lost blocks does not match the map";
    }

    /// Whether each mapped block lies in a slot, and no two share a position. Control plane.
    static boolean isMapSound(MemorySegment memory, long page, Geometry geometry) {
        final BitSet seen = new BitSet();
        for (int block = 0; block < geometry.shardBlocks(); block++) {
            final int position = position(memory, page, block);
            if (isMapped(position)) {
                if (seen.get(position)) {
                    return false;
                }
                seen.set(position);
            }
        }
        return mapViolation(memory, page, geometry) == null;
    }

    static long generation(MemorySegment memory, long page) {
        return memory.get(LONG, page + GENERATION);
    }

    static long partId(MemorySegment memory, long page) {
        return memory.get(LONG, page + PART_ID);
    }

    static int shardIndex(MemorySegment memory, long page) {
        return memory.get(INT, page + SHARD_INDEX);
    }

    static void identity(MemorySegment memory, long page, long partId, int shardIndex) {
        memory.set(LONG, page + PART_ID, partId);
        memory.set(INT, page + SHARD_INDEX, shardIndex);
    }

    static int mapped(MemorySegment memory, long page) {
        return memory.get(INT, page + MAPPED);
    }

    static long version(MemorySegment memory, long page) {
        return memory.get(LONG, page + VERSION);
    }

    /// Take note of a version, if it is higher than those before.
    static void raiseVersion(MemorySegment memory, long page, long version) {
        if (Long.compareUnsigned(version, version(memory, page)) > 0) {
            memory.set(LONG, page + VERSION, version);
        }
    }

    static void forgetVersion(MemorySegment memory, long page) {
        memory.set(LONG, page + VERSION, 0L);
    }

    static int slot(MemorySegment memory, long page, int which) {
        return memory.get(INT, page + SLOTS + 4L * which);
    }

    static void slot(MemorySegment memory, long page, int which, int slot) {
        memory.set(INT, page + SLOTS + 4L * which, slot);
    }

    static long floor(MemorySegment memory, long page) {
        return memory.get(LONG, page + FLOOR);
    }

    static long mask(MemorySegment memory, long page) {
        return memory.get(LONG, page + MASK);
    }

    /// Say that every record up to a sequence number is in.
    static void floor(MemorySegment memory, long page, long sequence) {
        memory.set(LONG, page + FLOOR, sequence);
        memory.set(LONG, page + MASK, 0L);
    }

    /// Whether a record is in the page already.
    static boolean reflects(MemorySegment memory, long page, long sequence) {
        final long ahead = sequence - floor(memory, page);
        return ahead <= 0 || (ahead <= Long.SIZE && (mask(memory, page) >>> (ahead - 1) & 1) != 0);
    }

    /// Note that a record is in. At most 64 ahead of the floor.
    static void reflect(MemorySegment memory, long page, long sequence) {
        final long ahead = sequence - floor(memory, page);
        assert ahead > 0;
        assert ahead <= Long.SIZE;
        final long mask = mask(memory, page) | 1L << (ahead - 1);
        final int run = Long.numberOfTrailingZeros(~mask);
        memory.set(LONG, page + FLOOR, floor(memory, page) + run);
        memory.set(LONG, page + MASK, run == Long.SIZE ? 0 : mask >>> run);
    }

    static long slotSequence(MemorySegment memory, long page) {
        return memory.get(LONG, page + SLOT_SEQUENCE);
    }

    static void slotSequence(MemorySegment memory, long page, long sequence) {
        memory.set(LONG, page + SLOT_SEQUENCE, sequence);
    }

    /// Whether recovery found that records of the shard are lost.
    static boolean isDamaged(MemorySegment memory, long page) {
        return (memory.get(INT, page + FLAGS) & FLAG_DAMAGED) != 0;
    }

    static void markDamaged(MemorySegment memory, long page) {
        memory.set(INT, page + FLAGS, memory.get(INT, page + FLAGS) | FLAG_DAMAGED);
    }

    /// Whether recovery has written the page: its floor then counts records that never came to the log.
    static boolean isByRecovery(MemorySegment memory, long page) {
        return (memory.get(INT, page + FLAGS) & FLAG_BY_RECOVERY) != 0;
    }

    static void byRecovery(MemorySegment memory, long page, boolean is) {
        final int others = memory.get(INT, page + FLAGS) & ~FLAG_BY_RECOVERY;
        memory.set(INT, page + FLAGS, others | (is ? FLAG_BY_RECOVERY : 0));
    }

    static long blockVersion(MemorySegment memory, long page, int block) {
        return memory.get(LONG, page + VERSIONS + 8L * block);
    }

    static int blockChecksum(MemorySegment memory, long page, int block) {
        return memory.get(INT, page + CHECKSUMS + 4L * block);
    }

    static int position(MemorySegment memory, long page, int block) {
        return Short.toUnsignedInt(memory.get(SHORT, page + POSITIONS + 2L * block));
    }

    /// Blocks whose content is in one of the slots.
    static int mappedIn(MemorySegment memory, long page, int which, int shardBlocks) {
        int count = 0;
        for (int block = 0; block < shardBlocks; block++) {
            final int position = position(memory, page, block);
            count += isMapped(position) && position >>> 15 == which ? 1 : 0;
        }
        return count;
    }

    private static void position(MemorySegment memory, long page, int block, int position) {
        memory.set(SHORT, page + POSITIONS + 2L * block, (short) position);
    }

    /// Whether a position is one, and neither [#NO_POSITION] nor [#LOST].
    static boolean isMapped(int position) {
        return position < LOST;
    }

    /// Number of blocks whose content is lost.
    static int lost(MemorySegment memory, long page) {
        return memory.get(INT, page + LOST_COUNT);
    }

    private static void found(MemorySegment memory, long page, int old) {
        if (old == LOST) {
            memory.set(INT, page + LOST_COUNT, lost(memory, page) - 1);
        }
    }

    static long digest(MemorySegment memory, long page) {
        return memory.get(LONG, page + DIGEST);
    }

    /// The digest that the versions in the page lead to. Control plane.
    static long computeDigest(MemorySegment memory, long page, int shardBlocks) {
        long digest = 0;
        for (int block = 0; block < shardBlocks; block++) {
            digest ^= digestOf(block, blockVersion(memory, page, block));
        }
        return digest;
    }

    /// A version's share in the digest.
    static long digestOf(int block, long version) {
        return version == 0 ? 0 : Checksums.mix(SALTS[block] ^ version);
    }

    private static void version(MemorySegment memory, long page, int block, long version) {
        final long old = blockVersion(memory, page, block);
        if (old != version) {
            final long digest = digest(memory, page) ^ digestOf(block, old) ^ digestOf(block, version);
            memory.set(LONG, page + DIGEST, digest);
            memory.set(LONG, page + VERSIONS + 8L * block, version);
        }
    }

    /// Say where a block's content is now.
    ///
    /// @return where it was
    static int place(MemorySegment memory, long page, int block, int position, int checksum, long version) {
        final int old = position(memory, page, block);
        if (!isMapped(old)) {
            memory.set(INT, page + MAPPED, mapped(memory, page) + 1);
            found(memory, page, old);
        }
        position(memory, page, block, position);
        memory.set(INT, page + CHECKSUMS + 4L * block, checksum);
        version(memory, page, block, version);
        return old;
    }

    /// Say that a block has no content.
    ///
    /// @return where it was
    static int unmap(MemorySegment memory, long page, int block, long version) {
        final int old = position(memory, page, block);
        if (isMapped(old)) {
            memory.set(INT, page + MAPPED, mapped(memory, page) - 1);
        }
        found(memory, page, old);
        position(memory, page, block, NO_POSITION);
        memory.set(INT, page + CHECKSUMS + 4L * block, 0);
        version(memory, page, block, version);
        return old;
    }

    /// Say of every block that its content is lost.
    static void lose(MemorySegment memory, long page, int shardBlocks) {
        for (int block = 0; block < shardBlocks; block++) {
            unmap(memory, page, block, StoreRequest.VERSION_LOST);
            position(memory, page, block, LOST);
        }
        memory.set(INT, page + LOST_COUNT, shardBlocks);
    }
}
