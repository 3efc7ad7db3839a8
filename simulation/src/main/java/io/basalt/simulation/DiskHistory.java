package io.basalt.simulation;

import io.basalt.simulation.check.RegisterHistory;
import io.basalt.simulation.check.VolumeHistory;

/// One volume as its guests have seen it, whichever gates served it.
///
/// @param volumeName what the cluster knows it by
/// @param number of the volume, part of what is written into each sector
/// @param partId of its only part
/// @param shards how many it has
/// @param history of every sector
record DiskHistory(String volumeName, long number, long partId, int shards, VolumeHistory history) {
    private static final int SECTORS_PER_SHARD = DiskStorage.SHARD_BYTES / Guest.SECTOR;

    long sizeBytes() {
        return (long) shards * DiskStorage.SHARD_BYTES;
    }

    /// The history of a sector of the disk.
    RegisterHistory register(long sector) {
        return history.sector((int) (sector / SECTORS_PER_SHARD), (int) (sector % SECTORS_PER_SHARD));
    }

    /// What a sector says about where it belongs.
    long place(long sector) {
        return number << 40 | sector + 1;
    }
}
