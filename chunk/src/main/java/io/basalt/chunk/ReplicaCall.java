package io.basalt.chunk;

import io.basalt.block.RegionTable;
import io.basalt.net.Call;
import io.basalt.net.CallStatus;
import io.basalt.wire.data.AnswerBody;
import io.basalt.wire.data.AnswerCode;
import io.basalt.wire.data.DataMessage;
import io.basalt.wire.data.ReplicaRequest;
import io.basalt.wire.data.ShardRange;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// One message to another copy, and its answer. Preallocated.
final class ReplicaCall extends Call {
    /// Who waits for the answer.
    interface Owner {
        /// The call is over.
        ///
        /// @param code what the copy said, [AnswerCode#BUSY] if it had too much to do; null if it is not
        ///     known what has become of the message
        void answered(ReplicaCall call, @Nullable AnswerCode code);
    }

    @Nullable
    ReplicaCall nextWaiting;

    @Nullable
    Owner owner;

    @Nullable
    Copy copy;

    @Nullable
    Peer peer;

    /// When it was handed over, on the reactor's clock.
    long sentAtNs;

    ReplicaCall(Arena arena) {
        super(arena.allocate(2L * BODY_BYTES_MAX, Long.BYTES), 1);
        outgoing().reset(RegionTable.EMPTY);
        incoming().reset(RegionTable.EMPTY);
    }

    /// Begin a message that names no range.
    void prepare(Owner newOwner, int type, int pg, int epoch, long deadlineNs) {
        owner = newOwner;
        copy = null;
        begin(type, ReplicaRequest.BYTES, deadlineNs);
        outgoing().reset(RegionTable.EMPTY);
        incoming().reset(RegionTable.EMPTY);
        final MemorySegment body = body();
        ShardRange.target(body, 0, 0, 0, 0, pg, epoch);
        ShardRange.range(body, 0, 0, 0);
        ReplicaRequest.order(body, 0, 0);
    }

    /// Begin a message about the piece of a change that is under way.
    void prepare(Change change, PgReplica at, Copy to, int type) {
        final ChunkDevice device = at.device();
        prepare(
                change,
                type,
                at.pg(),
                at.ownEpoch(),
                device.nowNs() + device.settings().callNs());
        copy = to;
        change.describe(body(), at);
        ReplicaRequest.order(body(), to.peer().session(), type == DataMessage.COPY_READ ? 0 : change.version());
    }

    /// Epoch that the answerer knows.
    int answeredEpoch() {
        return answerBodyLength() == AnswerBody.BYTES ? AnswerBody.epoch(answerBody()) : 0;
    }

    /// See [AnswerBody#count].
    int answeredCount() {
        return answerBodyLength() == AnswerBody.BYTES ? AnswerBody.count(answerBody()) : 0;
    }

    /// See [AnswerBody#value].
    long answeredValue() {
        return answerBodyLength() == AnswerBody.BYTES ? AnswerBody.value(answerBody()) : 0;
    }

    @Override
    public void completed(CallStatus status, int code) {
        final Peer to = Objects.requireNonNull(peer);
        final Owner waits = Objects.requireNonNull(owner);
        if (status == CallStatus.TIMED_OUT) {
            to.isSilent();
        }
        final AnswerCode answer = meaning(status, code);
        if (answer == AnswerCode.OK && type() == DataMessage.REPLICATE_WRITE) {
            to.hasApplied(this);
        }
        waits.answered(this, answer);
        to.pump();
    }

    private static @Nullable AnswerCode meaning(CallStatus status, int code) {
        return switch (status) {
            case ANSWERED -> AnswerCode.of(code);
            case OVERLOADED, PAYLOAD_CHANGED -> AnswerCode.BUSY;
            case DISCONNECTED, TIMED_OUT, MEMORY_LOST -> null;
        };
    }
}
