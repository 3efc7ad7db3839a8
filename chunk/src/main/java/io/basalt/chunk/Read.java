package io.basalt.chunk;

import io.basalt.block.IoVector;
import io.basalt.chunk.ChunkCounters.Counter;
import io.basalt.net.Incoming;
import io.basalt.store.chunk.StoreRequest;
import io.basalt.store.chunk.StoreStatus;
import io.basalt.wire.data.AnswerCode;
import io.basalt.wire.data.DataMessage;
import io.basalt.wire.data.ShardRange;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A client's read under way at the primary. Preallocated.
///
/// The lease is looked at when the data is there, on a clock read at that moment: what was read before the
/// lease ended was the newest content. A block that is corrupt here is first written again from another
/// copy.
final class Read extends Turn implements StoreStep.Owner, Change.Listener {
    /// More blocks than a read can have.
    private static final int REPAIRS_MAX = 20;

    private final ChunkDevice device;
    private final StoreStep step;

    private @Nullable Incoming incoming;

    private @Nullable PgReplica replica;

    private int repairs;
    private AnswerCode failure = AnswerCode.OK;

    Read(ChunkDevice device) {
        this.device = device;
        step = new StoreStep(this, DataMessage.DATA_BYTES_MAX / DataMessage.BLOCK_BYTES + 1);
    }

    void begin(Incoming in, PgReplica at) {
        incoming = in;
        replica = at;
        repairs = 0;
        final MemorySegment body = in.body();
        place(
                ShardRange.partId(body),
                ShardRange.shardIndex(body),
                ShardRange.offset(body),
                ShardRange.length(body),
                false);
        if (!device.order().enter(this)) {
            device.counters().count(Counter.ORDER_WAITS);
        }
    }

    @Override
    void granted() {
        final Incoming in = incoming();
        if (device.nowNs() - in.deadlineNs() >= 0) {
            end(AnswerCode.BUSY);
        } else if (!replica().isServing()) {
            end(AnswerCode.NOT_PRIMARY);
        } else if (!ChunkDevice.takeAnswerBuffer(in, length)) {
            end(AnswerCode.BUSY);
        } else {
            step.askRead(partId, shardIndex, offset, length);
            final IoVector to = in.answerPayload();
            step.data(to.table(), to.region(0), to.offset(0), length);
            device.store().submit(step);
        }
    }

    @Override
    public void stored(StoreStep done, StoreStatus status) {
        if (!replica().isServing()) {
            end(AnswerCode.NOT_PRIMARY);
        } else if (status == StoreStatus.OK) {
            end(replica().mayRead() ? AnswerCode.OK : AnswerCode.NO_LEASE);
        } else if (status == StoreStatus.BAD_REQUEST || ++repairs > REPAIRS_MAX) {
            end(ReplicaOperation.code(status));
        } else {
            failure = ReplicaOperation.code(status);
            repair();
        }
    }

    private void repair() {
        device.counters().count(Counter.CORRUPT_FOUND);
        final int failed = step.failedBlock();
        final int first = offset & -DataMessage.BLOCK_BYTES;
        final int at = failed == StoreRequest.NO_BLOCK ? first : failed * DataMessage.BLOCK_BYTES;
        final int bytes =
                failed == StoreRequest.NO_BLOCK ? (int) ShardRange.blockSpan(offset, length) : DataMessage.BLOCK_BYTES;
        device.order().leave(this);
        if (!device.rebuild(replica(), partId, shardIndex, at, bytes, Sources.ALL_OTHERS, this)) {
            answer(AnswerCode.BUSY);
        }
    }

    @Override
    public void changed(AnswerCode code) {
        if (code == AnswerCode.OK) {
            device.counters().count(Counter.REPAIRED);
            device.order().enter(this);
        } else {
            if (code == AnswerCode.CORRUPT) {
                device.counters().count(Counter.UNREPAIRABLE);
            }
            // No copy has the content: what is wrong with it here says more than that.
            answer(code == AnswerCode.CORRUPT ? failure : code);
        }
    }

    private void end(AnswerCode code) {
        final Incoming in = incoming();
        if (code == AnswerCode.OK) {
            device.counters().count(Counter.READS);
            device.counters().add(Counter.READ_BYTES, length);
            if (length == DataMessage.BLOCK_BYTES && offset % DataMessage.BLOCK_BYTES == 0) {
                in.answerChecksum(step.blockChecksum(0));
            }
        }
        device.order().leave(this);
        answer(code);
    }

    private void answer(AnswerCode code) {
        final Incoming in = incoming();
        final int epoch = replica().epoch();
        if (code != AnswerCode.OK) {
            in.answerPayload().reset(in.payloadTable());
        }
        incoming = null;
        replica = null;
        device.give(this);
        device.answer(in, code, epoch, 0);
    }

    private Incoming incoming() {
        final Incoming in = Objects.requireNonNull(incoming);
        return in;
    }

    private PgReplica replica() {
        final PgReplica at = Objects.requireNonNull(replica);
        return at;
    }
}
