package io.basalt.chunk;

import org.jspecify.annotations.Nullable;

/// A request's place in the order of those that touch the same blocks of a shard: see [RangeOrder].
abstract class Turn {
    @Nullable
    Turn earlier;

    @Nullable
    Turn later;

    long partId;
    int shardIndex;
    int offset;
    int length;
    boolean isChange;
    boolean isGranted;

    /// Every earlier request that this one must wait for has ended. Called once, from inside [RangeOrder#enter]
    /// or when
    /// an earlier one leaves.
    abstract void granted();

    final boolean sharesBlockWith(Turn other) {
        return shardIndex == other.shardIndex
                && partId == other.partId
                && firstBlock() <= other.lastBlock()
                && other.firstBlock() <= lastBlock();
    }

    private int firstBlock() {
        return offset >>> 12;
    }

    private int lastBlock() {
        return (offset + length - 1) >>> 12;
    }
}
