package io.basalt.chunk;

import io.basalt.block.IoVector;
import io.basalt.chunk.ChunkCounters.Counter;
import io.basalt.chunk.schedule.Origin;
import io.basalt.net.Incoming;
import io.basalt.store.chunk.StoreStatus;
import io.basalt.wire.data.AnswerCode;
import io.basalt.wire.data.DataMessage;
import io.basalt.wire.data.ShardRange;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A primary's request under way on this device: one request to the store, then the answer. Preallocated.
final class ReplicaOperation implements StoreStep.Owner {
    private final ChunkDevice device;
    private final StoreStep step;

    private @Nullable Incoming incoming;

    private @Nullable PgReplica replica;

    private long version;
    private boolean isAgain;

    ReplicaOperation(ChunkDevice device) {
        this.device = device;
        step = new StoreStep(this, DataMessage.DATA_BYTES_MAX / DataMessage.BLOCK_BYTES + 1);
    }

    /// Apply a change. The data goes to the device from where it was received.
    void apply(Incoming in, PgReplica to, long newVersion) {
        incoming = in;
        replica = to;
        version = newVersion;
        isAgain = false;
        final MemorySegment body = in.body();
        final long partId = ShardRange.partId(body);
        final int shard = ShardRange.shardIndex(body);
        final int offset = ShardRange.offset(body);
        final int length = ShardRange.length(body);
        switch (in.type()) {
            case DataMessage.REPLICATE_WRITE -> {
                step.askWrite(partId, shard, offset, length, newVersion);
                step.data(in.payloadTable(), in.payloadRegion(), in.payloadOffset(), length);
                if (length == DataMessage.BLOCK_BYTES) {
                    step.blockChecksum(0, in.payloadChecksum());
                    step.checksumsKnown(true);
                }
            }
            case DataMessage.REPLICATE_DISCARD -> step.askDiscard(partId, shard, offset, length, newVersion, true);
            case DataMessage.REPLICATE_ZEROES -> step.askWriteZeroes(partId, shard, offset, length, newVersion, true);
            default -> throw new AssertionError("type " + in.type());
        }
        to.applyingBegins();
        device.work().submit(step, Origin.REPLICA);
    }

    /// Read blocks for a primary that repairs.
    void read(Incoming in, PgReplica from) {
        incoming = in;
        replica = from;
        version = 0;
        final MemorySegment body = in.body();
        final int length = ShardRange.length(body);
        if (!ChunkDevice.takeAnswerBuffer(in, length)) {
            release();
            in.refuse();
            return;
        }
        step.askRead(ShardRange.partId(body), ShardRange.shardIndex(body), ShardRange.offset(body), length);
        final IoVector to = in.answerPayload();
        step.data(to.table(), to.region(0), to.offset(0), length);
        device.work().submit(step, Origin.REPLICA);
    }

    @Override
    public void stored(StoreStep done, StoreStatus status) {
        final Incoming in = Objects.requireNonNull(incoming);
        final PgReplica at = Objects.requireNonNull(replica);
        if (status == StoreStatus.CORRUPT && version != 0 && !isAgain) {
            // That the map is lost was found just now. The store knows how to go on from there.
            isAgain = true;
            device.work().submit(step, Origin.REPLICA);
            return;
        }
        if (version != 0) {
            at.applied(version);
            device.counters().count(Counter.REPLICATED);
        } else if (status != StoreStatus.OK) {
            device.scrub().suspect(in.body(), step.failedBlock());
            in.answerPayload().reset(in.payloadTable());
        }
        release();
        device.answer(in, code(status), at.epoch(), 0);
    }

    /// What another chunk server, or a gate, is told about a store's answer.
    static AnswerCode code(StoreStatus status) {
        return switch (status) {
            case OK -> AnswerCode.OK;
            case IO_ERROR, FAILED -> AnswerCode.IO_ERROR;
            case CORRUPT -> AnswerCode.CORRUPT;
            case NO_SPACE -> AnswerCode.NO_SPACE;
            case BAD_REQUEST -> AnswerCode.BAD_REQUEST;
        };
    }

    private void release() {
        incoming = null;
        replica = null;
        device.give(this);
    }
}
