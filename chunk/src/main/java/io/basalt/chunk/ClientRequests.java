package io.basalt.chunk;

import io.basalt.chunk.ChunkCounters.Counter;
import io.basalt.net.Incoming;
import io.basalt.net.Service;
import io.basalt.wire.data.AnswerCode;
import io.basalt.wire.data.ClientRequest;
import io.basalt.wire.data.DataMessage;
import io.basalt.wire.data.ShardRange;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// What gates ask of a device: each request is checked, refused with a reason that its sender can act on,
/// or handed to a [Read] or a [Change]. Allocates nothing, after each gate's first request. One owner
/// reactor.
///
/// ```
///  well formed? ── epoch of now? ── primary, serving? ── attachment of now? ── in this group? ─▶ Read | Change
///       │                │                 │                    │                  │
///  BAD_REQUEST      STALE_EPOCH   NOT_PRIMARY, NO_LEASE      FENCED           BAD_REQUEST
/// ```
final class ClientRequests implements Service {
    private final ChunkDevice device;

    ClientRequests(ChunkDevice device) {
        this.device = device;
    }

    @Override
    public int payloadBytesMax(int type) {
        return type == DataMessage.WRITE ? DataMessage.DATA_BYTES_MAX : 0;
    }

    @Override
    public void request(Incoming in) {
        final int type = in.type();
        final MemorySegment body = in.body();
        if (ClientRequest.violation(type, body, in.bodyLength(), in.payloadLength()) != null) {
            device.counters().count(Counter.BAD_REQUESTS);
            device.answer(in, AnswerCode.BAD_REQUEST, 0, 0);
            return;
        }
        final PgReplica replica = device.replicaOf(ShardRange.pg(body));
        if (replica == null || !device.isOpen()) {
            device.counters().count(Counter.MISDIRECTED);
            device.answer(in, AnswerCode.NOT_PRIMARY, 0, 0);
            return;
        }
        final AnswerCode refusal = refusal(in, replica);
        if (refusal != null) {
            final long value = refusal == AnswerCode.FENCED ? device.generationOf(ShardRange.volumeId(body)) : 0;
            device.answer(in, refusal, replica.epoch(), value);
            return;
        }
        switch (type) {
            case DataMessage.READ -> read(in, replica);
            case DataMessage.FLUSH -> device.answer(in, AnswerCode.OK, replica.epoch(), 0);
            default -> change(in, replica);
        }
    }

    /// Why a well-formed request is not taken; null if it is.
    private @Nullable AnswerCode refusal(Incoming in, PgReplica replica) {
        final MemorySegment body = in.body();
        if (ReplicationRules.isStaleEpoch(ShardRange.epoch(body), replica.epoch())) {
            device.counters().count(Counter.MISDIRECTED);
            return AnswerCode.STALE_EPOCH;
        }
        if (!replica.isServing()) {
            device.counters().count(Counter.MISDIRECTED);
            return replica.state().isPrimary() ? AnswerCode.NO_LEASE : AnswerCode.NOT_PRIMARY;
        }
        if (ShardRange.epoch(body) > replica.epoch()) {
            return AnswerCode.NO_LEASE;
        }
        final long volumeId = ShardRange.volumeId(body);
        final long generation = ShardRange.generation(body);
        if (ReplicationRules.isFenced(generation, device.generationOf(volumeId))) {
            device.counters().count(Counter.FENCED);
            return AnswerCode.FENCED;
        }
        device.learn(volumeId, generation);
        if (in.type() != DataMessage.FLUSH && device.isOutside(body, replica.pg())) {
            device.counters().count(Counter.BAD_REQUESTS);
            return AnswerCode.BAD_REQUEST;
        }
        return null;
    }

    private void read(Incoming in, PgReplica replica) {
        if (!replica.mayRead()) {
            device.counters().count(Counter.NO_LEASE);
            device.answer(in, AnswerCode.NO_LEASE, replica.epoch(), 0);
            return;
        }
        final Read read = device.takeRead();
        if (read == null) {
            busy(in, replica);
        } else {
            read.begin(in, replica);
        }
    }

    /// A change is executed once, however often it comes: see [IdentityWindow].
    private void change(Incoming in, PgReplica replica) {
        if (replica.isShort()) {
            device.counters().count(Counter.TOO_FEW_COPIES);
            device.answer(in, AnswerCode.NO_LEASE, replica.epoch(), 0);
            return;
        }
        final MemorySegment body = in.body();
        final long sequence = ClientRequest.sequence(body);
        final long oldest = ClientRequest.oldest(body);
        final IdentityWindow window =
                device.identities().of(ClientRequest.gateInstance(body), replica.pg(), oldest, device.nowNs());
        if (window == null) {
            busy(in, replica);
            return;
        }
        window.advance(oldest);
        if (window.isBelow(sequence)) {
            device.answer(in, AnswerCode.STALE_REQUEST, replica.epoch(), 0);
            return;
        }
        if (window.isBeyond(sequence)) {
            busy(in, replica);
            return;
        }
        if (isRepeated(in, replica, window)) {
            return;
        }
        final Change change = device.takeClientChange();
        if (change == null) {
            busy(in, replica);
        } else {
            change.begin(in, replica, window);
        }
    }

    /// Whether a change was executed under the same identity before, or is being so: then it gets that one's answer.
    private boolean isRepeated(Incoming in, PgReplica replica, IdentityWindow window) {
        final long sequence = ClientRequest.sequence(in.body());
        final AnswerCode earlier = window.answer(sequence);
        final Change underWay = window.underWay(sequence);
        if (earlier != null) {
            device.answer(in, earlier, replica.epoch(), 0);
        } else if (underWay != null) {
            underWay.join(in);
        } else {
            return false;
        }
        device.counters().count(Counter.REPEATED);
        return true;
    }

    private void busy(Incoming in, PgReplica replica) {
        device.counters().count(Counter.BUSY);
        device.answer(in, AnswerCode.BUSY, replica.epoch(), 0);
    }
}
