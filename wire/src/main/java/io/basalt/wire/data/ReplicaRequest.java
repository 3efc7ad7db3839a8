package io.basalt.wire.data;

import static io.basalt.wire.data.Fields.LONG;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// Body of every message from a primary to another copy of its placement group.
///
/// ```
///  0                48        56        64
///  ├────────────────┼─────────┼─────────┤
///  │ ShardRange     │ session │ version │
/// ```
///
/// * `session` names the life of the primary's process and, within it, the connection: see [Sessions]. A
///   copy follows one session per placement group; what comes with another one is a straggler and
///   refused.
/// * `version` is the change's (epoch, counter): see [Versions]. 0 where nothing is changed. Its epoch
///   may be older than that of the message: the change was begun before the configuration was changed.
///   REPAIR: the number of the device that asks; `session` is that of its own connection.
///   SETTLED, COMMON: the bound. COPY_SHARDS: only shards that were changed at or after it are wanted.
///
/// A change that the cluster makes for itself (repair) has volumeId and generation 0. Messages that name no
/// range (PREPARE, LEASE, RELEASE) have 0 there, and the number of the primary's device as shardIndex. LEASE is
/// about no placement group: pg 0, epoch 1. COPY_SHARDS names the shard after which it wants the list to go
/// on; partId 0 to begin.
public final class ReplicaRequest {
    /// Bytes of the body.
    public static final int BYTES = 64;

    private static final long SESSION = 48;
    private static final long VERSION = 56;

    private ReplicaRequest() {}

    /// Store the primary's session and the place of a change in its order.
    public static void order(MemorySegment body, long session, long version) {
        body.set(LONG, SESSION, session);
        body.set(LONG, VERSION, version);
    }

    /// The primary's session.
    public static long session(MemorySegment body) {
        return body.get(LONG, SESSION);
    }

    /// Version of the change.
    public static long version(MemorySegment body) {
        return body.get(LONG, VERSION);
    }

    /// The rule that a request breaks, or null.
    ///
    /// @param type one of [DataMessage]'s replica requests
    public static @Nullable String violation(int type, MemorySegment body, int bodyLength, int payloadLength) {
        if (!DataMessage.isReplicaRequest(type)) {
            return "type is none of a primary's";
        }
        if (bodyLength != BYTES) {
            return "body has a wrong length";
        }
        final String target = ShardRange.targetViolation(body, flagsKnown(type));
        if (target != null) {
            return target;
        }
        if (session(body) <= 0) {
            return "session is not positive";
        }
        final int payload = type == DataMessage.REPLICATE_WRITE ? ShardRange.length(body) : 0;
        if (payloadLength != payload) {
            return "payload is not as long as the body says";
        }
        return switch (type) {
            case DataMessage.REPLICATE_WRITE, DataMessage.COPY_READ ->
                rangeViolation(type, body, DataMessage.DATA_BYTES_MAX);
            case DataMessage.REPLICATE_DISCARD, DataMessage.REPLICATE_ZEROES, DataMessage.COPY_VERSIONS ->
                rangeViolation(type, body, DataMessage.SHARD_BYTES_MAX);
            case DataMessage.SETTLED, DataMessage.COMMON -> versionViolation(body);
            case DataMessage.REPAIR -> repairViolation(body);
            default -> null;
        };
    }

    private static int flagsKnown(int type) {
        return switch (type) {
            case DataMessage.COMPARED -> ShardRange.INCOMPLETE;
            case DataMessage.COPY_SHARDS -> ShardRange.DIGESTS;
            default -> ShardRange.FLAGS_KNOWN;
        };
    }

    private static @Nullable String repairViolation(MemorySegment body) {
        if (version(body) <= 0 || version(body) > Integer.MAX_VALUE) {
            return "version is not the number of a device";
        }
        return ShardRange.rangeViolation(body, DataMessage.BLOCK_BYTES, DataMessage.DATA_BYTES_MAX);
    }

    private static @Nullable String versionViolation(MemorySegment body) {
        return version(body) <= 0 ? "version is not positive" : null;
    }

    private static @Nullable String rangeViolation(int type, MemorySegment body, int lengthMax) {
        final String version = type <= DataMessage.REPLICATE_ZEROES ? versionViolation(body) : null;
        return version != null ? version : ShardRange.rangeViolation(body, DataMessage.BLOCK_BYTES, lengthMax);
    }
}
