package io.basalt.wire.data;

import static io.basalt.wire.data.Fields.LONG;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// Body of READ, WRITE, DISCARD, WRITE_ZEROES and FLUSH, from a gate to the primary of the shard's placement group.
///
/// ```
///  0                48             56         64       72
///  ├────────────────┼──────────────┼──────────┼────────┤
///  │ ShardRange     │ gateInstance │ sequence │ oldest │
/// ```
///
/// **Identity.** A change (WRITE, DISCARD, WRITE_ZEROES) is executed once, however often it is sent:
/// (gateInstance, pg, sequence) names it. A gate instance is a number drawn at random once per gate
/// reactor and process life; sequences count up from 1 for each (gate instance, pg), and a request that
/// is sent again keeps its own. `oldest` says that no change with a lower sequence is outstanding at
/// the gate any more, so the primary may forget those; it refuses what comes with a lower one later
/// (STALE_REQUEST), and what is [#SEQUENCE_WINDOW] or more above it (BUSY). [RequestIdentities] does
/// the gate's side. READ and FLUSH leave the three fields 0.
///
/// **Weight.** The upper half of ShardRange's flags is the volume's weight, 1 to 65535: what part of a
/// device it gets that has not enough for all volumes. 0 says nothing. From version 2 of the protocol
/// on.
///
/// Offsets and lengths are multiples of 512. READ, WRITE, and a DISCARD or WRITE_ZEROES that is not in
/// whole blocks touch at most 16 blocks ([DataMessage#DATA_BYTES_MAX]). FLUSH names no shard: partId,
/// shardIndex, offset and length are 0.
public final class ClientRequest {
    /// Bytes of the body.
    public static final int BYTES = 72;

    /// Most sequences from the oldest outstanding one on that a primary keeps, for each gate instance and pg.
    public static final int SEQUENCE_WINDOW = 128;

    /// Highest weight of a volume.
    public static final int WEIGHT_MAX = 0xffff;

    /// The bits of the flags that are the weight.
    static final int WEIGHT_FLAGS = 0xffff_0000;

    private static final int WEIGHT_SHIFT = 16;
    private static final long GATE_INSTANCE = 48;
    private static final long SEQUENCE = 56;
    private static final long OLDEST = 64;

    private ClientRequest() {}

    /// Store the identity of a change; all 0 for READ and FLUSH.
    ///
    /// @param oldest lowest sequence that is outstanding at the gate for this pg, at most `sequence`
    public static void identity(MemorySegment body, long gateInstance, long sequence, long oldest) {
        body.set(LONG, GATE_INSTANCE, gateInstance);
        body.set(LONG, SEQUENCE, sequence);
        body.set(LONG, OLDEST, oldest);
    }

    /// A volume's weight as part of the flags that [ShardRange#range] stores.
    ///
    /// @param weight 0 to [#WEIGHT_MAX]
    public static int weightFlags(int weight) {
        return weight << WEIGHT_SHIFT;
    }

    /// The volume's weight; 0 if it is not said.
    public static int weight(MemorySegment body) {
        return ShardRange.flags(body) >>> WEIGHT_SHIFT;
    }

    /// The gate reactor that asks.
    public static long gateInstance(MemorySegment body) {
        return body.get(LONG, GATE_INSTANCE);
    }

    /// Number of the change, for its gate instance and pg.
    public static long sequence(MemorySegment body) {
        return body.get(LONG, SEQUENCE);
    }

    /// Lowest number that is outstanding.
    public static long oldest(MemorySegment body) {
        return body.get(LONG, OLDEST);
    }

    /// The rule that a request breaks, or null.
    ///
    /// @param type one of [DataMessage]'s client requests
    public static @Nullable String violation(int type, MemorySegment body, int bodyLength, int payloadLength) {
        if (!DataMessage.isClientRequest(type)) {
            return "type is none of a gate's";
        }
        if (bodyLength != BYTES) {
            return "body has a wrong length";
        }
        final String target = ShardRange.targetViolation(body);
        if (target != null) {
            return target;
        }
        if (ShardRange.volumeId(body) <= 0 || ShardRange.generation(body) <= 0) {
            return "volumeId or generation is not positive";
        }
        final int payload = type == DataMessage.WRITE ? ShardRange.length(body) : 0;
        if (payloadLength != payload) {
            return "payload is not as long as the body says";
        }
        if (DataMessage.isChange(type)) {
            final long sequence = sequence(body);
            final long oldest = oldest(body);
            if (gateInstance(body) == 0 || oldest <= 0 || sequence < oldest) {
                return "identity is missing, or sequence is below oldest";
            }
        }
        return type == DataMessage.FLUSH ? null : rangeViolation(type, body);
    }

    private static @Nullable String rangeViolation(int type, MemorySegment body) {
        final boolean data = type == DataMessage.READ || type == DataMessage.WRITE;
        final boolean wholeBlocks =
                ((ShardRange.offset(body) | ShardRange.length(body)) & DataMessage.BLOCK_BYTES - 1) == 0;
        return ShardRange.rangeViolation(
                body,
                DataMessage.SECTOR_BYTES,
                data || !wholeBlocks ? DataMessage.DATA_BYTES_MAX : DataMessage.SHARD_BYTES_MAX);
    }
}
