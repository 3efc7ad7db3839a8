package io.basalt.store.chunk;

import java.util.UUID;

/// What a device is formatted with. What is 0 is chosen from the device's size.
///
/// @param storeIdHigh identity of the store, high half; random, so that structures of an earlier store on the
///     same
///     device are never taken for this one's
/// @param storeIdLow identity, low half
/// @param shardBytes bytes of a shard: 16384 to 1 MiB, a power of two
/// @param spareBlocks blocks of a slot beyond the shard's own: 1 to 256
/// @param logBlocks blocks of the intent log, 16 and up; 0 for 1/1024 of the device, within 4 MiB and 4 GiB
/// @param reserveSlots slots kept for bursts of overwriting; 0 for 1/128 of all, within 2 and 16384
/// @param entries shards that can be known; 0 for five for every four slots
/// @param deviceIdHigh identity of the device, high half: what it is known by in a cluster, whatever store is
///     on it
/// @param deviceIdLow identity of the device, low half
/// @param replacement whether the device had content before that is lost, and is to come back from other
///     copies: until
///     [ChunkStore#declareComplete] is called, no shard is taken for one that was never written
public record FormatOptions(
        long storeIdHigh,
        long storeIdLow,
        int shardBytes,
        int spareBlocks,
        int logBlocks,
        int reserveSlots,
        int entries,
        long deviceIdHigh,
        long deviceIdLow,
        boolean replacement) {
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

    /// A store on a device that is known by the store's own identity.
    public FormatOptions(
            long storeIdHigh,
            long storeIdLow,
            int shardBytes,
            int spareBlocks,
            int logBlocks,
            int reserveSlots,
            int entries) {
        this(
                storeIdHigh,
                storeIdLow,
                shardBytes,
                spareBlocks,
                logBlocks,
                reserveSlots,
                entries,
                storeIdHigh,
                storeIdLow,
                false);
    }

    /// The same in place of a store that was on the device before and cannot be opened any more.
    public FormatOptions inPlaceOf(UUID device) {
        return new FormatOptions(
                storeIdHigh,
                storeIdLow,
                shardBytes,
                spareBlocks,
                logBlocks,
                reserveSlots,
                entries,
                device.getMostSignificantBits(),
                device.getLeastSignificantBits(),
                true);
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
