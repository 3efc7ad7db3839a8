package io.basalt.chunk;

import io.basalt.chunk.ChunkCounters.Counter;
import io.basalt.net.Incoming;
import io.basalt.net.Service;
import io.basalt.wire.data.AnswerBody;
import io.basalt.wire.data.AnswerCode;
import io.basalt.wire.data.DataMessage;
import io.basalt.wire.data.ReplicaRequest;
import io.basalt.wire.data.ShardEntry;
import io.basalt.wire.data.ShardRange;
import java.lang.foreign.MemorySegment;
import java.util.NavigableMap;

/// What the primaries on other devices ask of this one. A placement group's copy obeys the primary that it
/// follows, in its epoch and session; promises hold for the whole device. One owner reactor.
///
/// ```
///  LEASE ────▶ Promises          PREPARE, RELEASE ─▶ PgReplica follows, or nobody
///  others ── of the primary, epoch and session that are followed? ── attachment of now? ─▶ ReplicaOperation, ...
///                          │                                               │
///                 STALE_EPOCH, NO_SESSION                               FENCED
/// ```
final class PrimaryRequests implements Service {
    private final ChunkDevice device;

    PrimaryRequests(ChunkDevice device) {
        this.device = device;
    }

    @Override
    public int payloadBytesMax(int type) {
        return type == DataMessage.REPLICATE_WRITE ? DataMessage.DATA_BYTES_MAX : 0;
    }

    @Override
    public void request(Incoming in) {
        final int type = in.type();
        final MemorySegment body = in.body();
        if (ReplicaRequest.violation(type, body, in.bodyLength(), in.payloadLength()) != null) {
            device.counters().count(Counter.BAD_REQUESTS);
            device.answer(in, AnswerCode.BAD_REQUEST, 0, 0);
            return;
        }
        final PgReplica replica = device.replicaOf(ShardRange.pg(body));
        if (type == DataMessage.LEASE) {
            lease(in);
        } else if (replica == null || !device.isOpen()) {
            device.answer(in, AnswerCode.NO_LEASE, 0, 0);
        } else if (type == DataMessage.REPAIR) {
            device.scrub().askedToRepair(in, replica);
        } else if (type == DataMessage.PREPARE) {
            replica.askedToFollow(in);
        } else if (type == DataMessage.RELEASE) {
            replica.released(ShardRange.shardIndex(body), ReplicaRequest.session(body), ShardRange.epoch(body));
            device.answer(in, AnswerCode.OK, replica.epoch(), 0);
        } else {
            obey(in, replica);
        }
    }

    private void lease(Incoming in) {
        final MemorySegment body = in.body();
        if (!device.isOpen()) {
            device.answer(in, AnswerCode.NO_LEASE, 0, 0);
            return;
        }
        final boolean given = device.promises()
                .give(
                        ShardRange.shardIndex(body),
                        ReplicaRequest.session(body),
                        device.reactor().clock().nanoTime() + device.settings().promiseNs());
        device.answer(in, given ? AnswerCode.OK : AnswerCode.NO_SESSION, 0, 0);
    }

    private void obey(Incoming in, PgReplica replica) {
        final MemorySegment body = in.body();
        final AnswerCode refusal = replica.refusal(ShardRange.epoch(body), ReplicaRequest.session(body));
        if (refusal != null) {
            device.counters().count(Counter.MISDIRECTED);
            device.answer(in, refusal, replica.epoch(), 0);
            return;
        }
        if (DataMessage.namesShard(in.type()) && device.isOutside(body, replica.pg())) {
            device.counters().count(Counter.BAD_REQUESTS);
            device.answer(in, AnswerCode.BAD_REQUEST, replica.epoch(), 0);
            return;
        }
        final long volumeId = ShardRange.volumeId(body);
        if (volumeId > 0) {
            if (ReplicationRules.isFenced(ShardRange.generation(body), device.generationOf(volumeId))) {
                device.counters().count(Counter.FENCED);
                device.answer(in, AnswerCode.FENCED, replica.epoch(), device.generationOf(volumeId));
                return;
            }
            device.learn(volumeId, ShardRange.generation(body));
        }
        switch (in.type()) {
            case DataMessage.COPY_SHARDS -> listShards(in, replica);
            case DataMessage.COPY_VERSIONS -> tellVersions(in, replica);
            case DataMessage.COMPARED -> compared(in, replica);
            case DataMessage.SETTLED -> {
                device.completeness().complete(replica.pg());
                replica.settled(ReplicaRequest.version(body));
                device.answer(in, AnswerCode.OK, replica.epoch(), 0);
            }
            case DataMessage.COMMON -> {
                device.completeness().complete(replica.pg());
                replica.common(ReplicaRequest.version(body));
                device.answer(in, AnswerCode.OK, replica.epoch(), 0);
            }
            default -> operate(in, replica);
        }
    }

    private void compared(Incoming in, PgReplica replica) {
        final boolean isComplete = (ShardRange.flags(in.body()) & ShardRange.INCOMPLETE) == 0;
        AnswerCode code = AnswerCode.OK;
        if (isComplete) {
            device.completeness().complete(replica.pg());
        } else if (!device.completeness().incomplete(replica.pg())) {
            code = AnswerCode.BUSY;
        }
        device.answer(in, code, replica.epoch(), 0);
    }

    private void operate(Incoming in, PgReplica replica) {
        final ReplicaOperation operation = device.takeOperation();
        if (operation == null) {
            device.counters().count(Counter.BUSY);
            device.answer(in, AnswerCode.BUSY, replica.epoch(), 0);
        } else if (in.type() == DataMessage.COPY_READ) {
            operation.read(in, replica);
        } else {
            operation.apply(in, replica, ReplicaRequest.version(in.body()));
        }
    }

    private void tellVersions(Incoming in, PgReplica replica) {
        final VersionsOperation operation = device.takeVersionsOperation();
        if (operation == null) {
            device.answer(in, AnswerCode.BUSY, replica.epoch(), 0);
        } else {
            operation.begin(in, replica);
        }
    }

    private void listShards(Incoming in, PgReplica replica) {
        final ShardKey after = new ShardKey(ShardRange.partId(in.body()), ShardRange.shardIndex(in.body()));
        final NavigableMap<ShardKey, ShardListing.Listed> shards =
                device.listing().of(replica, ReplicaRequest.version(in.body()));
        final int rest = shards.tailMap(after, false).size();
        final int count = Math.min(rest, ShardListing.COUNT_MAX);
        final boolean digests = (ShardRange.flags(in.body()) & ShardRange.DIGESTS) != 0;
        final int bytes = digests ? ShardEntry.DIGEST_BYTES : ShardEntry.BYTES;
        if (count > 0 && !ChunkDevice.takeAnswerBuffer(in, count * bytes)) {
            device.answer(in, AnswerCode.BUSY, replica.epoch(), 0);
            return;
        }
        if (count > 0) {
            device.listing()
                    .write(
                            shards,
                            after,
                            digests,
                            in.answerPayload().segment(0),
                            in.answerPayload().offset(0));
        }
        AnswerBody.set(in.answerBody(), replica.epoch(), count, rest > count ? 1 : 0);
        in.answer(AnswerCode.OK.code(), AnswerBody.BYTES);
    }
}
