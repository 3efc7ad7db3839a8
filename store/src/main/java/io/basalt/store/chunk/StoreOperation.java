package io.basalt.store.chunk;

/// What a [StoreRequest] asks a [ChunkStore] to do.
public enum StoreOperation {
    /// Fill the data vector from a range of a shard. What was never written reads as zeros.
    READ,
    /// Store the data vector in a range of a shard.
    WRITE,
    /// The range reads as zeros afterwards and its space is freed.
    DISCARD,
    /// The range reads as zeros afterwards. Its space is freed too: zeros need none.
    WRITE_ZEROES,
    /// Make every write completed before this request durable.
    FLUSH,
    /// Tell the versions of a range's blocks.
    VERSIONS,
    /// Forget a shard with its versions.
    DROP,
    /// Forget a shard without content, unless it was changed since.
    FORGET;

    /// Whether the content of blocks is changed.
    public boolean writes() {
        return this == WRITE || this == DISCARD || this == WRITE_ZEROES;
    }

    /// Whether the shard is changed.
    public boolean changes() {
        return this == WRITE || this == DISCARD || this == WRITE_ZEROES || this == DROP || this == FORGET;
    }
}
