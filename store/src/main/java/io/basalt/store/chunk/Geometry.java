package io.basalt.store.chunk;

import static io.basalt.store.chunk.StoreRequest.BLOCK_BYTES;

/// Where everything is on a device: what the superblock says, and what follows from it.
///
/// ```
///   0        64 KiB      128 KiB
///   ├─ superblock ─┬─ superblock ─┬─ log ─────────┬─ pages ───────────┬─ slots ──────────────┬─ rest
///   │  copy 0      │  copy 1      │ logBlocks     │ entries × 2 homes │ slots × slotBlocks   │
/// ```
///
/// @param storeIdHigh identity of the store, high half
/// @param storeIdLow identity, low half
/// @param deviceBytes device size when it was formatted
/// @param shardBlocks blocks of a shard: 4 to 256, a power of two
/// @param spareBlocks further blocks of a slot
/// @param logBlocks blocks of the log
/// @param entries metadata pages, two homes each
/// @param slots slots
/// @param reserveSlots slots kept for bursts, of `slots`
/// @param deviceIdHigh identity of the device, which outlives its stores, high half
/// @param deviceIdLow identity of the device, low half
record Geometry(
        long storeIdHigh,
        long storeIdLow,
        long deviceBytes,
        int shardBlocks,
        int spareBlocks,
        int logBlocks,
        int entries,
        int slots,
        int reserveSlots,
        long deviceIdHigh,
        long deviceIdLow) {
    static final long SUPERBLOCK_DISTANCE = 64 << 10;
    static final long LOG_OFFSET = 2 * SUPERBLOCK_DISTANCE;

    /// Most blocks that one log record places.
    static final int RECORD_BLOCKS_MAX = StoreRequest.ATOMIC_BYTES_MAX / BLOCK_BYTES;

    private static final long LOG_BLOCKS_LEAST = 1 << 10;
    private static final long LOG_BLOCKS_MOST = 1 << 18;

    /// The geometry that options and a device's size lead to.
    ///
    /// @throws IllegalArgumentException if the device is too small for them
    static Geometry plan(long deviceBytes, FormatOptions options) {
        final int shardBlocks = options.shardBytes() / BLOCK_BYTES;
        final int slotBlocks = shardBlocks + options.spareBlocks();
        final long device = deviceBytes / BLOCK_BYTES;
        final long wantedLog =
                Math.min(Math.max(device / 128, Math.min(LOG_BLOCKS_LEAST, device / 8)), LOG_BLOCKS_MOST);
        final int logBlocks = options.logBlocks() != 0 ? options.logBlocks() : (int) Math.max(16, wantedLog);
        final long rest = device - LOG_OFFSET / BLOCK_BYTES - logBlocks;
        // Five entries for four slots, unless the number is given.
        final long slots = options.entries() != 0
                ? (rest - 2L * options.entries()) / slotBlocks
                : (2 * rest - 4) / (2L * slotBlocks + 5);
        if (slots < 2 || slots > 1 << 28) {
            throw new IllegalArgumentException("device: " + deviceBytes + " bytes make room for " + Math.max(0, slots)
                    + " slots, 2 to 2^28 are needed; choose another device, shard size or log size");
        }
        final int count = (int) slots;
        final int entries = options.entries() != 0 ? options.entries() : count + (count + 3) / 4;
        final int reserve = options.reserveSlots() != 0
                ? options.reserveSlots()
                : Math.clamp(count / 128, Math.min(2, count - 1), 16384);
        if (reserve >= count) {
            throw new IllegalArgumentException(
                    "reserveSlots: " + reserve + " of " + count + " slots leave none for shards; choose fewer");
        }
        return new Geometry(
                options.storeIdHigh(),
                options.storeIdLow(),
                deviceBytes,
                shardBlocks,
                options.spareBlocks(),
                logBlocks,
                entries,
                count,
                reserve,
                options.deviceIdHigh(),
                options.deviceIdLow());
    }

    /// The rule that this geometry, read from a device of the given size, breaks; or null.
    @org.jspecify.annotations.Nullable
    String violation(long volumeBytes) {
        if (shardBlocks < 4 || shardBlocks > 256 || Integer.bitCount(shardBlocks) != 1) {
            return "shardBlocks " + shardBlocks + " is not 4 to 256 and a power of two";
        }
        if (spareBlocks < 1 || spareBlocks > 256) {
            return "spareBlocks " + spareBlocks + " is not 1 to 256";
        }
        if (logBlocks < 16 || logBlocks > 1 << 24) {
            return "logBlocks " + logBlocks + " is not 16 to 2^24";
        }
        if (entries < 1 || entries > 1 << 28 || slots < 2 || slots > 1 << 28) {
            return "entries " + entries + " or slots " + slots + " is not 2 to 2^28";
        }
        if (reserveSlots < 1 || reserveSlots >= slots) {
            return "reserveSlots " + reserveSlots + " is not 1 to slots - 1";
        }
        if (endOffset() > volumeBytes) {
            return "the store needs " + endOffset() + " bytes, the device has " + volumeBytes;
        }
        return null;
    }

    /// Blocks of a slot.
    int slotBlocks() {
        return shardBlocks + spareBlocks;
    }

    /// Most blocks written by one record: no more than there are spares, or a write could wait for ever.
    int recordBlocksMax() {
        return Math.min(RECORD_BLOCKS_MAX, spareBlocks);
    }

    int shardBytes() {
        return shardBlocks * BLOCK_BYTES;
    }

    static long superblockOffset(int copy) {
        return copy * SUPERBLOCK_DISTANCE;
    }

    long logOffset(long lsn) {
        return LOG_OFFSET + lsn % logBlocks * BLOCK_BYTES;
    }

    long pagesOffset() {
        return LOG_OFFSET + (long) logBlocks * BLOCK_BYTES;
    }

    /// Where a page of a generation lives: even ones in the first home, odd ones in the second.
    long pageOffset(int entry, long generation) {
        return pagesOffset() + (2L * entry + (generation & 1)) * BLOCK_BYTES;
    }

    long slotsOffset() {
        return pagesOffset() + 2L * entries * BLOCK_BYTES;
    }

    long blockOffset(int slot, int position) {
        return slotsOffset() + ((long) slot * slotBlocks() + position) * BLOCK_BYTES;
    }

    long endOffset() {
        return slotsOffset() + (long) slots * slotBlocks() * BLOCK_BYTES;
    }
}
