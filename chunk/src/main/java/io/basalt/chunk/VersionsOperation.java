package io.basalt.chunk;

import io.basalt.block.IoVector;
import io.basalt.chunk.schedule.Origin;
import io.basalt.net.Incoming;
import io.basalt.store.chunk.StoreStatus;
import io.basalt.wire.data.AnswerBody;
import io.basalt.wire.data.AnswerCode;
import io.basalt.wire.data.DataMessage;
import io.basalt.wire.data.ShardRange;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A primary's question for the versions of a shard's blocks. Preallocated.
final class VersionsOperation implements StoreStep.Owner {
    static final ValueLayout.OfLong VERSION = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final ChunkDevice device;
    private final StoreStep step;

    private @Nullable Incoming incoming;

    private @Nullable PgReplica replica;

    VersionsOperation(ChunkDevice device, int blocks) {
        this.device = device;
        step = new StoreStep(this, blocks);
    }

    void begin(Incoming in, PgReplica at) {
        final MemorySegment body = in.body();
        final int length = ShardRange.length(body);
        incoming = in;
        replica = at;
        if (!ChunkDevice.takeAnswerBuffer(in, length / DataMessage.BLOCK_BYTES * Long.BYTES)) {
            end(AnswerCode.BUSY, 0);
            return;
        }
        step.askVersions(ShardRange.partId(body), ShardRange.shardIndex(body), ShardRange.offset(body), length);
        device.work().submit(step, Origin.REPLICA);
    }

    @Override
    public void stored(StoreStep done, StoreStatus status) {
        final Incoming in = Objects.requireNonNull(incoming);
        if (status != StoreStatus.OK) {
            end(ReplicaOperation.code(status), 0);
            return;
        }
        final int count = ShardRange.length(in.body()) / DataMessage.BLOCK_BYTES;
        final IoVector to = in.answerPayload();
        final MemorySegment memory = to.segment(0);
        for (int block = 0; block < count; block++) {
            memory.set(VERSION, to.offset(0) + (long) block * Long.BYTES, step.blockVersion(block));
        }
        end(AnswerCode.OK, count);
    }

    private void end(AnswerCode code, int count) {
        final Incoming in = Objects.requireNonNull(incoming);
        final PgReplica at = Objects.requireNonNull(replica);
        incoming = null;
        replica = null;
        if (code != AnswerCode.OK) {
            in.answerPayload().reset(in.payloadTable());
        }
        device.give(this);
        AnswerBody.set(in.answerBody(), at.epoch(), count, 0);
        in.answer(code.code(), AnswerBody.BYTES);
    }
}
