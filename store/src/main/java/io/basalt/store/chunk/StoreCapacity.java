package io.basalt.store.chunk;

/// How full a [ChunkStore] is.
///
/// @param slotBytes bytes of shard that one slot holds (the shard size)
/// @param slotsTotal slots on the device
/// @param slotsReserved slots kept for bursts of overwriting, of `slotsTotal`
/// @param slotsUsed slots that hold blocks of shards, those taken from the reserve included
/// @param slotsReleasing slots given back that cannot be used again yet
/// @param shards shards that the store knows, tombstones included
/// @param tombstones shards without content whose versions are kept: they take an entry each, and no slot
/// @param shardsTotal shards that the store can know
/// @param blocksMapped blocks of 4096 bytes that hold content
public record StoreCapacity(
        long slotBytes,
        int slotsTotal,
        int slotsReserved,
        int slotsUsed,
        int slotsReleasing,
        int shards,
        int tombstones,
        int shardsTotal,
        long blocksMapped) {
    /// Bytes that can hold shards: every slot but the reserve.
    public long totalBytes() {
        return (slotsTotal - slotsReserved) * slotBytes;
    }

    /// Bytes of slots in use.
    public long usedBytes() {
        return slotsUsed * slotBytes;
    }

    /// Bytes of content.
    public long mappedBytes() {
        return blocksMapped * 4096;
    }
}
