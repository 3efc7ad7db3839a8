package io.basalt.store.chunk;

/// What a device is formatted with. What is 0 is chosen from the device's size.
///
/// @param storeIdHigh identity of the store, high half; random, so that structures of an earlier store on the same
///     device are never taken for this one's
/// @param storeIdLow identity, low half
/// @param shardBytes bytes of a shard: 16384 to 1 MiB, a power of two
/// @param spareBlocks blocks of a slot beyond the shard's own: 1 to 256
/// @param logBlocks blocks of the intent log, 16 and up; 0 for 1/1024 of the device, within 4 MiB and 4 GiB
/// @param reserveSlots slots kept for bursts of overwriting; 0 for 1/128 of all, within 2 and 16384
/// @param entries shards that can be known; 0 for five for every four slots
public record FormatOptions(
        long storeIdHigh,
        long storeIdLow,
        int shardBytes,
        int spareBlocks,
        int logBlocks,
        int reserveSlots,
        int entries) {
    /// Usual bytes of a shard.
    public static final int SHARD_BYTES_DEFAULT = 1 << 20;

    /// Usual spares of a slot.
    public static final int SPARE_BLOCKS_DEFAULT = 16;

    public FormatOptions {
        requireRange("shardBytes", shardBytes, 16384, 1 << 20);
        if (Integer.bitCount(shardBytes) != 1) {
            throw new IllegalArgumentException("shardBytes must be a power of two, is " + shardBytes);
        }
        requireRange("spareBlocks", spareBlocks, 1, 256);
        requireZeroOr("logBlocks", logBlocks, 16, 1 << 24);
        requireZeroOr("reserveSlots", reserveSlots, 1, 1 << 20);
        requireZeroOr("entries", entries, 1, 1 << 28);
    }

    /// The usual sizes.
    public static FormatOptions of(long storeIdHigh, long storeIdLow) {
        return new FormatOptions(storeIdHigh, storeIdLow, SHARD_BYTES_DEFAULT, SPARE_BLOCKS_DEFAULT, 0, 0, 0);
    }

    private static void requireZeroOr(String field, int value, int least, int most) {
        if (value != 0) {
            requireRange(field, value, least, most);
        }
    }

    private static void requireRange(String field, int value, int least, int most) {
        if (value < least || value > most) {
            throw new IllegalArgumentException(field + " must be " + least + " to " + most + ", is " + value);
        }
    }
}
