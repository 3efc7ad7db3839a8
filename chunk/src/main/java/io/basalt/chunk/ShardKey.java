package io.basalt.chunk;

/// A shard, in the order in which copies list theirs. Control plane.
record ShardKey(long partId, int shardIndex) implements Comparable<ShardKey> {
    @Override
    public int compareTo(ShardKey other) {
        final int byPart = Long.compare(partId, other.partId);
        return byPart == 0 ? Integer.compare(shardIndex, other.shardIndex) : byPart;
    }
}
