package io.basalt.placement;

/// The part of the routing rule that every request computes: offset to shard to placement group.
///
/// Pure functions of their arguments; they allocate nothing. Arguments are the caller's own, checked when a volume
/// was attached, and are asserted only.
public final class ShardRouter {
    /// Smallest shard, bytes.
    public static final int SHARD_BYTES_MIN = 64 << 10;
    /// Largest shard, bytes.
    public static final int SHARD_BYTES_MAX = 64 << 20;

    private ShardRouter() {}

    /// Whether this may be a volume's shard size: a power of two from [#SHARD_BYTES_MIN] to [#SHARD_BYTES_MAX].
    public static boolean validShardBytes(int shardBytes) {
        return shardBytes >= SHARD_BYTES_MIN && shardBytes <= SHARD_BYTES_MAX && Integer.bitCount(shardBytes) == 1;
    }

    /// The shard of a part that holds an offset.
    ///
    /// @param partOffset bytes from the start of the part, not negative, below 2³¹ shards
    /// @param shardBytes see [#validShardBytes]
    public static int shardIndex(long partOffset, int shardBytes) {
        assert validShardBytes(shardBytes);
        assert partOffset >= 0;
        final long index = partOffset >>> Integer.numberOfTrailingZeros(shardBytes);
        assert index <= Integer.MAX_VALUE;
        return (int) index;
    }

    /// Where in its shard an offset lies, bytes.
    public static int offsetInShard(long partOffset, int shardBytes) {
        assert validShardBytes(shardBytes);
        return (int) partOffset & (shardBytes - 1);
    }

    /// How many of the bytes from an offset on lie in its shard: where a request is to be split.
    ///
    /// @param length bytes wanted, positive
    public static int lengthInShard(long partOffset, long length, int shardBytes) {
        assert length > 0;
        return (int) Math.min(length, shardBytes - offsetInShard(partOffset, shardBytes));
    }

    /// The placement group of a shard, 0 to `pgCount - 1`: the mixed pair, modulo the count, as unsigned numbers.
    ///
    /// @param partId from 1, never used again
    /// @param shardIndex not negative
    /// @param pgCount see [RoutingRule#pgCount]
    public static int pgOf(long partId, int shardIndex, int pgCount) {
        assert partId > 0;
        assert shardIndex >= 0;
        assert pgCount > 0;
        return (int) Long.remainderUnsigned(Mix64.mix64(partId, shardIndex), pgCount);
    }
}
