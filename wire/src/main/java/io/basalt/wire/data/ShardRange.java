package io.basalt.wire.data;

import static io.basalt.wire.data.Fields.INT;
import static io.basalt.wire.data.Fields.LONG;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// The part that all data messages begin with: which bytes of which shard, and on whose behalf.
///
/// ```
///  0        4        8        12       16       20       24       28       32       36       40       44       48
///  ├────────┴────────┼────────┴────────┼────────┴────────┼────────┼────────┼────────┼────────┼────────┼────────┤
///  │ volumeId        │ generation      │ partId          │ shard  │ offset │ length │ pg     │ epoch  │ flags  │
/// ```
public final class ShardRange {
    /// Bytes of this part.
    public static final int BYTES = 48;

    /// Flag: a WRITE_ZEROES may free the space.
    public static final int MAY_UNMAP = 1;

    /// Flag of COMPARED: the primary's copy may lack shards of the placement group, and it does not know which.
    public static final int INCOMPLETE = 2;

    /// Flag of COPY_SHARDS: the elements of the answer are to have digests.
    public static final int DIGESTS = 4;

    static final int FLAGS_KNOWN = MAY_UNMAP;

    private static final long VOLUME_ID = 0;
    private static final long GENERATION = 8;
    private static final long PART_ID = 16;
    private static final long SHARD_INDEX = 24;
    private static final long OFFSET = 28;
    private static final long LENGTH = 32;
    private static final long PG = 36;
    private static final long EPOCH = 40;
    private static final long FLAGS = 44;

    private ShardRange() {}

    /// Store which shard is meant, and who asks.
    ///
    /// @param volumeId the volume, 1 and up
    /// @param generation number of the volume's attachment, 1 and up
    /// @param pg the shard's placement group
    /// @param epoch epoch of the placement group, as the sender knows it
    public static void target(
            MemorySegment body, long volumeId, long generation, long partId, int shardIndex, int pg, int epoch) {
        body.set(LONG, VOLUME_ID, volumeId);
        body.set(LONG, GENERATION, generation);
        body.set(LONG, PART_ID, partId);
        body.set(INT, SHARD_INDEX, shardIndex);
        body.set(INT, PG, pg);
        body.set(INT, EPOCH, epoch);
    }

    /// Store which bytes of the shard are meant.
    ///
    /// @param offset first byte within the shard
    /// @param length bytes
    /// @param flags 0, [#MAY_UNMAP], [#INCOMPLETE] or [#DIGESTS]
    public static void range(MemorySegment body, int offset, int length, int flags) {
        body.set(INT, OFFSET, offset);
        body.set(INT, LENGTH, length);
        body.set(INT, FLAGS, flags);
    }

    /// The volume on whose behalf it is asked.
    public static long volumeId(MemorySegment body) {
        return body.get(LONG, VOLUME_ID);
    }

    /// Number of the volume's attachment.
    public static long generation(MemorySegment body) {
        return body.get(LONG, GENERATION);
    }

    /// The part that the shard is of.
    public static long partId(MemorySegment body) {
        return body.get(LONG, PART_ID);
    }

    /// Number of the shard within its part.
    public static int shardIndex(MemorySegment body) {
        return body.get(INT, SHARD_INDEX);
    }

    /// First byte within the shard.
    public static int offset(MemorySegment body) {
        return body.get(INT, OFFSET);
    }

    /// Bytes of the range.
    public static int length(MemorySegment body) {
        return body.get(INT, LENGTH);
    }

    /// The placement group.
    public static int pg(MemorySegment body) {
        return body.get(INT, PG);
    }

    /// Epoch of the placement group, as the sender knows it.
    public static int epoch(MemorySegment body) {
        return body.get(INT, EPOCH);
    }

    /// 0, [#MAY_UNMAP], [#INCOMPLETE] or [#DIGESTS].
    public static int flags(MemorySegment body) {
        return body.get(INT, FLAGS);
    }

    /// Bytes of the whole blocks that a range touches.
    public static long blockSpan(int offset, int length) {
        final long first = offset & -DataMessage.BLOCK_BYTES;
        final long end = (long) offset + length + DataMessage.BLOCK_BYTES - 1 & -DataMessage.BLOCK_BYTES;
        return end - first;
    }

    /// The rule that a gate's target breaks, or null. What the server knows (placement groups, shard
    /// size, generations) is the server's to check.
    static @Nullable String targetViolation(MemorySegment body) {
        return targetViolation(body, FLAGS_KNOWN | ClientRequest.WEIGHT_FLAGS);
    }

    static @Nullable String targetViolation(MemorySegment body, int flagsKnown) {
        if (pg(body) < 0) {
            return "pg is negative";
        }
        if (epoch(body) <= 0) {
            return "epoch is not positive";
        }
        if ((flags(body) & ~flagsKnown) != 0) {
            return "unknown flags";
        }
        if (shardIndex(body) < 0) {
            return "shardIndex is negative";
        }
        return null;
    }

    /// The rule that the range breaks, or null.
    static @Nullable String rangeViolation(MemorySegment body, int unit, int lengthMax) {
        final int offset = offset(body);
        final int length = length(body);
        if (partId(body) <= 0) {
            return "partId is not positive";
        }
        if (offset < 0 || length <= 0) {
            return "offset is negative or length not positive";
        }
        if (((offset | length) & unit - 1) != 0) {
            return "offset or length is not in whole units";
        }
        if (length > lengthMax || blockSpan(offset, length) > lengthMax) {
            return "length, in whole blocks, is more than one request may have";
        }
        return offset > DataMessage.SHARD_BYTES_MAX - length ? "the range leaves the shard" : null;
    }
}
