package io.basalt.wire.data;

import static io.basalt.wire.data.Fields.INT;
import static io.basalt.wire.data.Fields.LONG;

import java.lang.foreign.MemorySegment;

/// One element of the payload that COPY_SHARDS is answered with. Elements rise by (partId, shardIndex).
///
/// ```
///  0        8            12         16       24       32
///  ├────────┼────────────┼──────────┼────────┼────────┤
///  │ partId │ shardIndex │ flags    │ version│ digest │
/// ```
///
/// The digest is there only if it was asked for ([ShardRange#DIGESTS]): elements have [#BYTES] without it, and
/// [#DIGEST_BYTES] with it. Where two copies have the same digest of a shard, and not 0, each of its blocks has the
/// same
/// version on both.
public final class ShardEntry {
    /// Bytes of an element without a digest.
    public static final int BYTES = 24;

    /// Bytes of an element with a digest.
    public static final int DIGEST_BYTES = 32;

    /// Flag: a tombstone. The copy has no content of the shard, only versions.
    public static final int TOMBSTONE = 1;

    private static final long PART_ID = 0;
    private static final long SHARD_INDEX = 8;
    private static final long FLAGS = 12;
    private static final long VERSION = 16;
    private static final long DIGEST = 24;

    private ShardEntry() {}

    /// Store an element.
    ///
    /// @param version highest version of any change of the shard
    /// @param flags 0 or [#TOMBSTONE]
    public static void set(MemorySegment payload, long at, long partId, int shardIndex, long version, int flags) {
        payload.set(LONG, at + PART_ID, partId);
        payload.set(INT, at + SHARD_INDEX, shardIndex);
        payload.set(INT, at + FLAGS, flags);
        payload.set(LONG, at + VERSION, version);
    }

    /// Store an element's digest.
    ///
    /// @param digest a function of the versions of the shard's blocks; 0 if there is none
    public static void digest(MemorySegment payload, long at, long digest) {
        payload.set(LONG, at + DIGEST, digest);
    }

    /// The digest of an element that has one.
    public static long digest(MemorySegment payload, long at) {
        return payload.get(LONG, at + DIGEST);
    }

    /// The part that the shard is of.
    public static long partId(MemorySegment payload, long at) {
        return payload.get(LONG, at + PART_ID);
    }

    /// Number of the shard within its part.
    public static int shardIndex(MemorySegment payload, long at) {
        return payload.get(INT, at + SHARD_INDEX);
    }

    /// Whether the copy has no content of the shard. Unknown flags mean nothing.
    public static boolean isTombstone(MemorySegment payload, long at) {
        return (payload.get(INT, at + FLAGS) & TOMBSTONE) != 0;
    }

    /// Highest version of any change of the shard.
    public static long version(MemorySegment payload, long at) {
        return payload.get(LONG, at + VERSION);
    }
}
