package io.basalt.gate.cluster;

import io.basalt.net.Incoming;
import io.basalt.net.Service;
import io.basalt.placement.ClusterMap;
import io.basalt.wire.data.AnswerBody;
import io.basalt.wire.data.AnswerCode;
import io.basalt.wire.data.ClientRequest;
import io.basalt.wire.data.DataMessage;
import io.basalt.wire.data.ShardRange;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// A chunk server of tests: keeps what it is told in memory that all of them share, as if every copy were always in
/// step, and misbehaves as it is asked to. Checks what a gate has to keep to; what it does not is in
/// [Shared#wrongs].
final class FakeChunk implements Service {
    /// What may happen to a request before it is executed.
    interface Mood {
        /// Decide about a request that has arrived.
        Trouble before(Incoming request);
    }

    /// What happens instead of executing a request and answering it.
    enum Trouble {
        NONE,
        BUSY,
        NO_LEASE,
        NOT_PRIMARY,
        STALE_EPOCH,
        OVERLOADED,
        /// Executed, but the answer is kept until [#answerHeld()].
        HOLD,
        /// Neither executed nor answered.
        IGNORE
    }

    record Identity(long gate, int pg) {}

    record ShardKey(long partId, int shardIndex) {}

    /// What all chunk servers of a cluster have in common.
    static final class Shared {
        final Map<ShardKey, byte[]> shards = new HashMap<>();
        final Map<Identity, Map<Long, AnswerCode>> executed = new HashMap<>();
        final Map<Identity, Long> floors = new HashMap<>();
        final List<String> wrongs = new ArrayList<>();
        ClusterMap map;
        int generation = TestMaps.GENERATION;
        int shardBytes;
        int changes;
        int repeated;

        Shared(ClusterMap map, int shardBytes) {
            this.map = map;
            this.shardBytes = shardBytes;
        }

        byte[] shard(long partId, int shardIndex) {
            return shards.computeIfAbsent(new ShardKey(partId, shardIndex), _ -> new byte[shardBytes]);
        }
    }

    private record Held(Incoming request, AnswerCode code) {}

    private final Shared shared;
    private final int device;
    private final ArrayDeque<Held> held = new ArrayDeque<>();
    Mood mood = _ -> Trouble.NONE;
    int requests;

    FakeChunk(Shared shared, int device) {
        this.shared = shared;
        this.device = device;
    }

    @Override
    public void request(Incoming in) {
        requests++;
        final String violation = ClientRequest.violation(in.type(), in.body(), in.bodyLength(), in.payloadLength());
        if (violation != null) {
            shared.wrongs.add(violation);
            answer(in, AnswerCode.BAD_REQUEST);
            return;
        }
        switch (mood.before(in)) {
            case BUSY -> answer(in, AnswerCode.BUSY);
            case NO_LEASE -> answer(in, AnswerCode.NO_LEASE);
            case NOT_PRIMARY -> answer(in, AnswerCode.NOT_PRIMARY);
            case STALE_EPOCH -> answer(in, AnswerCode.STALE_EPOCH);
            case OVERLOADED -> in.refuse();
            case IGNORE -> {}
            case HOLD -> held.add(new Held(in, executed(in)));
            case NONE -> answer(in, executed(in));
        }
    }

    void answerHeld() {
        while (!held.isEmpty()) {
            final Held next = held.remove();
            answer(next.request, next.code);
        }
    }

    private AnswerCode executed(Incoming in) {
        final MemorySegment body = in.body();
        final int pg = ShardRange.pg(body);
        if (pg != shared.map.pgOf(ShardRange.partId(body), ShardRange.shardIndex(body))) {
            shared.wrongs.add("pg " + pg + " is not the shard's");
        }
        if (ShardRange.generation(body) < shared.generation) {
            return AnswerCode.FENCED;
        }
        if (ShardRange.epoch(body) < shared.map.epoch(pg)) {
            return AnswerCode.STALE_EPOCH;
        }
        if (shared.map.primaryDevice(pg) != device || ShardRange.epoch(body) > shared.map.epoch(pg)) {
            return AnswerCode.NOT_PRIMARY;
        }
        if (in.type() == DataMessage.READ) {
            return read(in);
        }
        return changedOnce(in, pg);
    }

    private AnswerCode read(Incoming in) {
        final int length = ShardRange.length(in.body());
        if (!in.takeAnswerBuffer(length)) {
            return AnswerCode.BUSY;
        }
        final byte[] shard = shared.shard(ShardRange.partId(in.body()), ShardRange.shardIndex(in.body()));
        MemorySegment.copy(
                shard,
                ShardRange.offset(in.body()),
                in.payloadTable().segment(in.payloadRegion()),
                ValueLayout.JAVA_BYTE,
                in.payloadOffset(),
                length);
        in.answerPayload().reset(in.payloadTable());
        in.answerPayload().add(in.payloadRegion(), in.payloadOffset(), length);
        return AnswerCode.OK;
    }

    private AnswerCode changedOnce(Incoming in, int pg) {
        final MemorySegment body = in.body();
        final Identity identity = new Identity(ClientRequest.gateInstance(body), pg);
        final long sequence = ClientRequest.sequence(body);
        final long floor = Math.max(shared.floors.getOrDefault(identity, 0L), ClientRequest.oldest(body));
        shared.floors.put(identity, floor);
        if (sequence < floor) {
            return AnswerCode.STALE_REQUEST;
        }
        if (sequence - floor >= ClientRequest.SEQUENCE_WINDOW) {
            shared.wrongs.add("sequence " + sequence + " is too far above " + floor);
        }
        final Map<Long, AnswerCode> known = shared.executed.computeIfAbsent(identity, _ -> new HashMap<>());
        if (known.putIfAbsent(sequence, AnswerCode.OK) != null) {
            shared.repeated++;
            return AnswerCode.OK;
        }
        shared.changes++;
        change(in);
        return AnswerCode.OK;
    }

    private void change(Incoming in) {
        final byte[] shard = shared.shard(ShardRange.partId(in.body()), ShardRange.shardIndex(in.body()));
        final int offset = ShardRange.offset(in.body());
        final int length = ShardRange.length(in.body());
        if (in.type() == DataMessage.WRITE) {
            MemorySegment.copy(
                    in.payloadTable().segment(in.payloadRegion()),
                    ValueLayout.JAVA_BYTE,
                    in.payloadOffset(),
                    shard,
                    offset,
                    length);
        } else {
            java.util.Arrays.fill(shard, offset, offset + length, (byte) 0);
        }
    }

    private void answer(Incoming in, AnswerCode code) {
        final int epoch = shared.map.epoch(ShardRange.pg(in.body()));
        AnswerBody.set(in.answerBody(), epoch, 0, code == AnswerCode.FENCED ? shared.generation : 0);
        if (code != AnswerCode.OK) {
            in.answerPayload().reset(in.payloadTable());
        }
        in.answer(code.code(), AnswerBody.BYTES);
    }
}
