package io.basalt.chunk;

/// Told of each copy that a device brings up to date at present. Control plane.
@FunctionalInterface
public interface RepairView {
    /// A copy is brought up to date.
    ///
    /// @param deviceId where the copy is
    /// @param shardsDone shards of the group that were compared
    /// @param shardsTotal shards that are compared in all, as far as is known
    /// @param bytes what was written for it since the comparison began
    void copy(int pg, int deviceId, int shardsDone, int shardsTotal, long bytes);
}
