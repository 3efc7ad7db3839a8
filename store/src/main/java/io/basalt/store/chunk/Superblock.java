package io.basalt.store.chunk;

import static io.basalt.store.chunk.Fields.INT;
import static io.basalt.store.chunk.Fields.LONG;
import static io.basalt.store.chunk.Fields.SHORT;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// The superblock: 4096 bytes that say what is where. Written by formatting alone, in two copies.
///
/// ```
///    0 magic "BSSB"   4 crc32c of 8..4096    8 format u16, 0 u16   12 block bytes
///   16 store id high                        24 store id low
///   32 device bytes                         40 shard blocks       44 spare blocks
///   48 log blocks    52 entries             56 slots              60 reserve slots
///   64 device id high                        72 device id low
///   80 zeros
/// ```
final class Superblock {
    static final int MAGIC = 0x42535342;
    static final int FORMAT = 2;

    private static final int CRC = 4;
    private static final int FORMAT_FIELD = 8;
    private static final int BLOCK_BYTES_FIELD = 12;
    private static final int STORE_ID_HIGH = 16;
    private static final int STORE_ID_LOW = 24;
    private static final int DEVICE_BYTES = 32;
    private static final int SHARD_BLOCKS = 40;
    private static final int SPARE_BLOCKS = 44;
    private static final int LOG_BLOCKS = 48;
    private static final int ENTRIES = 52;
    private static final int SLOTS = 56;
    private static final int RESERVE_SLOTS = 60;
    private static final int DEVICE_ID_HIGH = 64;
    private static final int DEVICE_ID_LOW = 72;

    private Superblock() {}

    static void encode(MemorySegment block, Geometry geometry) {
        block.fill((byte) 0);
        block.set(INT, 0, MAGIC);
        block.set(SHORT, FORMAT_FIELD, (short) FORMAT);
        block.set(INT, BLOCK_BYTES_FIELD, StoreRequest.BLOCK_BYTES);
        block.set(LONG, STORE_ID_HIGH, geometry.storeIdHigh());
        block.set(LONG, STORE_ID_LOW, geometry.storeIdLow());
        block.set(LONG, DEVICE_BYTES, geometry.deviceBytes());
        block.set(INT, SHARD_BLOCKS, geometry.shardBlocks());
        block.set(INT, SPARE_BLOCKS, geometry.spareBlocks());
        block.set(INT, LOG_BLOCKS, geometry.logBlocks());
        block.set(INT, ENTRIES, geometry.entries());
        block.set(INT, SLOTS, geometry.slots());
        block.set(INT, RESERVE_SLOTS, geometry.reserveSlots());
        block.set(LONG, DEVICE_ID_HIGH, geometry.deviceIdHigh());
        block.set(LONG, DEVICE_ID_LOW, geometry.deviceIdLow());
        block.set(INT, CRC, crc(block));
    }

    /// The rule that a block breaks, or null if it is a superblock that this software understands.
    static @Nullable String violation(MemorySegment block, long volumeBytes) {
        if (block.get(INT, 0) != MAGIC) {
            return "no chunk store (magic is not BSSB)";
        }
        if (block.get(INT, CRC) != crc(block)) {
            return "checksum does not match";
        }
        final int format = Short.toUnsignedInt(block.get(SHORT, FORMAT_FIELD));
        if (format != FORMAT) {
            return "format " + format + " is not " + FORMAT
                    + ", the one that this software understands; use the release"
                    + " that wrote it, or format the device anew and let the cluster fill it from other copies";
        }
        if (block.get(INT, BLOCK_BYTES_FIELD) != StoreRequest.BLOCK_BYTES) {
            return "block bytes are not 4096";
        }
        return decode(block).violation(volumeBytes);
    }

    static Geometry decode(MemorySegment block) {
        return new Geometry(
                block.get(LONG, STORE_ID_HIGH),
                block.get(LONG, STORE_ID_LOW),
                block.get(LONG, DEVICE_BYTES),
                block.get(INT, SHARD_BLOCKS),
                block.get(INT, SPARE_BLOCKS),
                block.get(INT, LOG_BLOCKS),
                block.get(INT, ENTRIES),
                block.get(INT, SLOTS),
                block.get(INT, RESERVE_SLOTS),
                block.get(LONG, DEVICE_ID_HIGH),
                block.get(LONG, DEVICE_ID_LOW));
    }

    private static int crc(MemorySegment block) {
        return Checksums.of(block, FORMAT_FIELD, StoreRequest.BLOCK_BYTES - FORMAT_FIELD);
    }
}
