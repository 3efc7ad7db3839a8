package io.basalt.chunk;

import io.basalt.block.IoVector;
import io.basalt.chunk.ChunkCounters.Counter;
import io.basalt.chunk.schedule.Origin;
import io.basalt.chunk.schedule.Scheduler;
import io.basalt.net.Incoming;
import io.basalt.store.chunk.StoreRequest;
import io.basalt.store.chunk.StoreStatus;
import io.basalt.wire.data.AnswerCode;
import io.basalt.wire.data.DataMessage;
import io.basalt.wire.data.ReplicaRequest;
import io.basalt.wire.data.ShardRange;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A client's read under way at the primary. Preallocated.
///
/// The lease is looked at when the data is there, on a clock read at that moment: what was read before the
/// lease ended was the newest content.
///
/// What cannot be read here is read from another copy, and is repaired here in its own time ([Repairs]): a disk
/// that rots faster than it is repaired makes reads slow, and none fails that some copy can answer. While the
/// read has its turn no block of it is changed, so every copy in sync has the same.
///
/// ```
///   all of it here ─ good ─────────────────────────────────────▶ answer
///         │ bad                                                   ▲
///         ▼                                                       │
///   all of it from another copy ─ good ───────────────────────────┤
///         │ none has all of it                                    │ after the last
///         ▼                                                       │
///   a block here ─ bad ─▶ the block from another copy ─ good ─▶ next block
///                                │ none has it
///                                ▼ failed, as it did here
/// ```
final class Read extends Turn implements StoreStep.Owner, ReplicaCall.Owner {
    private static final int BLOCK = DataMessage.BLOCK_BYTES;

    private final ChunkDevice device;
    private final StoreStep step;
    private final Sources sources = new Sources();

    private @Nullable Incoming incoming;

    private @Nullable PgReplica replica;

    private boolean isPatched;
    private int scratch = Scratch.NONE;
    private int from;
    private int bytes;
    private AnswerCode failure = AnswerCode.OK;

    Read(ChunkDevice device) {
        this.device = device;
        step = new StoreStep(this, DataMessage.DATA_BYTES_MAX / BLOCK + 1);
    }

    void begin(Incoming in, PgReplica at) {
        incoming = in;
        replica = at;
        isPatched = false;
        place(in.body(), false, device.nowNs());
        final long retryNs = device.work().offer(this, in);
        if (retryNs != Scheduler.TAKEN) {
            release();
            device.work().refuse(in, at.epoch(), retryNs);
        }
    }

    @Override
    protected void admitted() {
        if (!device.order().enter(this)) {
            device.counters().count(Counter.ORDER_WAITS);
        }
    }

    @Override
    protected void dropped() {
        answer(replica().isServing() ? AnswerCode.BUSY : AnswerCode.NOT_PRIMARY);
    }

    @Override
    protected long deadlineNs() {
        return incoming().deadlineNs();
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
            timing.begun(device.nowNs());
            step.askRead(partId, shardIndex, offset, length);
            final IoVector to = in.answerPayload();
            step.data(to.table(), to.region(0), to.offset(0), length);
            device.work().submit(step, Origin.CLIENT);
        }
    }

    @Override
    public void stored(StoreStep done, StoreStatus status) {
        if (!replica().isServing()) {
            end(AnswerCode.NOT_PRIMARY);
        } else if (status == StoreStatus.BAD_REQUEST) {
            end(AnswerCode.BAD_REQUEST);
        } else if (status != StoreStatus.OK) {
            failure = ReplicaOperation.code(status);
            suspect(done);
            askOthers();
        } else if (isPatched) {
            patch();
        } else {
            done();
        }
    }

    private void done() {
        timing.stored(device.nowNs());
        end(replica().mayRead() ? AnswerCode.OK : AnswerCode.NO_LEASE);
    }

    // What cannot be read here.

    /// Have repaired what cannot be read.
    private void suspect(StoreStep done) {
        if (done.failedBlock() != StoreRequest.NO_BLOCK) {
            device.scrub().suspect(partId, shardIndex, done.failedBlock(), 1);
        } else {
            final int first = done.offset() / BLOCK;
            final int end = (done.offset() + done.length() + BLOCK - 1) / BLOCK;
            device.scrub().suspect(partId, shardIndex, first, end - first);
        }
    }

    private void askOthers() {
        if (!isPatched) {
            isPatched = true;
            from = firstBlock() * BLOCK;
            bytes = endOfBlocks() - from;
            scratch = device.scratch().take();
        }
        sources.begin(Sources.ALL_OTHERS);
        askNext();
    }

    private void askNext() {
        if (scratch == Scratch.NONE) {
            end(AnswerCode.BUSY);
            return;
        }
        int source = sources.next(replica());
        while (source != Sources.NONE) {
            if (ask(Objects.requireNonNull(replica().copy(source)))) {
                return;
            }
            sources.missing();
            source = sources.next(replica());
        }
        if (sources.isOneMissing()) {
            end(AnswerCode.NO_LEASE);
        } else if (bytes > BLOCK) {
            bytes = BLOCK;
            readHere();
        } else {
            // No copy has the content: what is wrong with it here says more than that.
            end(failure);
        }
    }

    private boolean ask(Copy copy) {
        final ReplicaCall call = device.takeCall();
        if (call == null) {
            return false;
        }
        final PgReplica at = replica();
        call.prepare(
                this,
                DataMessage.COPY_READ,
                at.pg(),
                at.ownEpoch(),
                device.nowNs() + device.settings().callNs());
        ShardRange.target(call.body(), 0, 0, partId, shardIndex, at.pg(), at.ownEpoch());
        ShardRange.range(call.body(), from, bytes, 0);
        ReplicaRequest.order(call.body(), copy.peer().session(), 0);
        call.incoming().reset(device.scratch().table());
        call.incoming().add(0, device.scratch().offset(scratch), bytes);
        if (!copy.peer().send(call)) {
            device.giveCall(call);
            return false;
        }
        return true;
    }

    @Override
    public void answered(ReplicaCall call, @Nullable AnswerCode code) {
        final boolean isWhole = code == AnswerCode.OK && call.answerPayloadLength() == bytes;
        final boolean isOfNow = ShardRange.epoch(call.body()) == replica().ownEpoch();
        if (code == AnswerCode.STALE_EPOCH) {
            replica().superseded(call.answeredEpoch());
        }
        device.giveCall(call);
        if (!replica().isServing() || !isOfNow) {
            // Another one may have led since the copy was asked.
            end(AnswerCode.NOT_PRIMARY);
        } else if (isWhole) {
            patch();
        } else {
            if (code != AnswerCode.CORRUPT && code != AnswerCode.IO_ERROR) {
                sources.missing();
            }
            askNext();
        }
    }

    private void readHere() {
        step.askRead(partId, shardIndex, from, bytes);
        step.data(device.scratch().table(), 0, device.scratch().offset(scratch), bytes);
        device.work().submit(step, Origin.CLIENT);
    }

    /// Put what was read into the answer, and go on with what is left.
    private void patch() {
        final IoVector to = incoming().answerPayload();
        final int first = Math.max(from, offset);
        final int end = Math.min(from + bytes, offset + length);
        MemorySegment.copy(
                device.scratch().memory(),
                device.scratch().offset(scratch) + (first - from),
                to.segment(0),
                to.offset(0) + (first - offset),
                end - first);
        from += bytes;
        if (from >= offset + length) {
            done();
        } else {
            bytes = BLOCK;
            readHere();
        }
    }

    private void end(AnswerCode code) {
        final Incoming in = incoming();
        if (code == AnswerCode.OK) {
            device.counters().count(Counter.READS);
            device.counters().add(Counter.READ_BYTES, length);
            if (!isPatched && length == BLOCK && offset % BLOCK == 0) {
                in.answerChecksum(step.blockChecksum(0));
            }
        }
        if (scratch != Scratch.NONE) {
            device.scratch().give(scratch);
            scratch = Scratch.NONE;
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
        release();
        timing.answer(device, in, code, epoch, 0);
    }

    private void release() {
        incoming = null;
        replica = null;
        device.give(this);
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
