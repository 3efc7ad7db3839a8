package io.basalt.chunk;

import io.basalt.chunk.schedule.Job;
import io.basalt.wire.data.DataMessage;
import io.basalt.wire.data.ShardRange;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// A request's place in the order of those that touch the same blocks of a shard: see [RangeOrder]. It
/// takes that place when the device has room for it, and waits as a [Job] before.
abstract class Turn extends Job {
    /// Where its time goes.
    final Timing timing = new Timing();

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

    /// Whether it has its place: from [RangeOrder#enter] to [RangeOrder#leave].
    boolean isInOrder;

    /// Every earlier request that this one must wait for has ended. Called once, from inside
    /// [RangeOrder#enter] or when an earlier one leaves.
    abstract void granted();

    /// Say what it is about.
    final void place(long newPartId, int newShardIndex, int newOffset, int newLength, boolean changes) {
        partId = newPartId;
        shardIndex = newShardIndex;
        offset = newOffset;
        length = newLength;
        isChange = changes;
    }

    /// Say that it is about what a message names that has come now.
    final void place(MemorySegment body, boolean changes, long nowNs) {
        timing.arrived(nowNs);
        place(
                ShardRange.partId(body),
                ShardRange.shardIndex(body),
                ShardRange.offset(body),
                ShardRange.length(body),
                changes);
    }

    final boolean sharesBlockWith(Turn other) {
        return shardIndex == other.shardIndex
                && partId == other.partId
                && firstBlock() <= other.lastBlock()
                && other.firstBlock() <= lastBlock();
    }

    final int firstBlock() {
        return offset / DataMessage.BLOCK_BYTES;
    }

    private int lastBlock() {
        return (offset + length - 1) / DataMessage.BLOCK_BYTES;
    }

    /// End of the last block that the range touches, in bytes of the shard.
    final int endOfBlocks() {
        return (lastBlock() + 1) * DataMessage.BLOCK_BYTES;
    }
}
