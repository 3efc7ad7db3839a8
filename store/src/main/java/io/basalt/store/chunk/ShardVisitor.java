package io.basalt.store.chunk;

/// What is told of each shard in [ChunkStore#forEachShard]. Must not submit requests from inside the call.
@FunctionalInterface
public interface ShardVisitor {
    /// One shard.
    ///
    /// @param version the highest version of any completed change of the shard
    /// @param empty whether the shard holds no block, only the memory of its versions
    void shard(long partId, int shardIndex, long version, boolean empty);
}
