package io.basalt.chunk;

/// Hears what became of corrupt blocks. For operators' logs.
@FunctionalInterface
public interface ScrubListener {
    /// The blocks of a shard that were found corrupt have been dealt with.
    ///
    /// @param repaired blocks that are whole again
    /// @param unreadable blocks that no copy could give
    /// @param deferred blocks whose repair was not possible now; they are found again
    void shard(long partId, int shardIndex, int repaired, int unreadable, int deferred);
}
