package io.basalt.store.chunk;

/// What is told of each shard in [ChunkStore#visitContent]. Must not submit requests from inside the call.
@FunctionalInterface
public interface ContentVisitor {
    /// One shard.
    ///
    /// @param blocks blocks of 4096 bytes that hold content
    void shard(long partId, int blocks);
}
