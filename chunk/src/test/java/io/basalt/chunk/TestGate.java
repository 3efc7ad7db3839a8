package io.basalt.chunk;

import io.basalt.block.RegionTable;
import io.basalt.net.Call;
import io.basalt.net.CallStatus;
import io.basalt.net.ClusterKey;
import io.basalt.net.Connection;
import io.basalt.net.ConnectionListener;
import io.basalt.net.Network;
import io.basalt.net.NodeAddress;
import io.basalt.net.PeerIdentity;
import io.basalt.net.sim.SimEndpoint;
import io.basalt.reactor.IdleMode;
import io.basalt.reactor.Reactor;
import io.basalt.reactor.ReactorConfiguration;
import io.basalt.wire.data.AnswerBody;
import io.basalt.wire.data.AnswerCode;
import io.basalt.wire.data.ClientRequest;
import io.basalt.wire.data.DataMessage;
import io.basalt.wire.data.ShardRange;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A gate as a test plays it: sends what it is told to, to the device it is told, and hears the answers.
final class TestGate {
    static final long VOLUME = 1;
    static final long PART = 7;

    private final TestCluster cluster;
    private final Reactor reactor;
    private final SimEndpoint endpoint;
    private final Map<Integer, Connection> connections = new HashMap<>();
    private final long instance;
    private long generation = 1;
    private long sequence;

    TestGate(TestCluster cluster, long instance) {
        this.cluster = cluster;
        this.instance = instance;
        reactor = new Reactor(
                ReactorConfiguration.of("gate" + instance, 0).withIdleMode(IdleMode.POLL),
                cluster.clock()::nanoTime,
                new FakeEngine(),
                () -> true,
                (at, source, fault) -> {
                    throw new AssertionError(at + ": " + source + " failed", fault);
                });
        endpoint = cluster.network()
                .open(
                        reactor,
                        "gate" + instance,
                        TestDevice.NET,
                        new ClusterKey(new byte[ClusterKey.BYTES]),
                        new PeerIdentity(PeerIdentity.Role.GATE, 0, "gate"));
    }

    /// One request, under way or answered.
    final class Request extends Call {
        private final MemorySegment memory = cluster.arena().allocate(DataMessage.DATA_BYTES_MAX, 4096);
        private final RegionTable table = new RegionTable(List.of(memory));
        private @Nullable AnswerCode answer;
        private boolean lost;

        private Request() {
            super(cluster.arena().allocate(2L * BODY_BYTES_MAX, 8), 1);
            endpoint.useMemory(table, Network.MemoryKind.OWN);
            outgoing().reset(RegionTable.EMPTY);
            incoming().reset(RegionTable.EMPTY);
        }

        private void start(int type) {
            begin(type, ClientRequest.BYTES, Long.MAX_VALUE);
        }

        @Override
        public void completed(CallStatus status, int code) {
            answer = status == CallStatus.ANSWERED ? AnswerCode.of(code) : null;
            lost = answer == null;
        }

        /// What was answered, null as long as nothing was.
        @Nullable
        AnswerCode answer() {
            return answer;
        }

        boolean isOver() {
            return answer != null || lost;
        }

        AnswerCode await() {
            cluster.await("answer to request of type " + type(), this::isOver);
            return Objects.requireNonNull(answer, "the connection was lost");
        }

        int epoch() {
            return AnswerBody.epoch(answerBody());
        }

        long value() {
            return AnswerBody.value(answerBody());
        }

        /// A byte of what was read.
        byte at(long index) {
            return memory.get(ValueLayout.JAVA_BYTE, index);
        }

        /// Whether what was read is one byte again and again.
        boolean isAll(int fill) {
            for (long at = 0; at < answerPayloadLength(); at++) {
                if (memory.get(ValueLayout.JAVA_BYTE, at) != (byte) fill) {
                    return false;
                }
            }
            return answerPayloadLength() > 0;
        }
    }

    void turn() {
        reactor.runOnce();
    }

    /// Say another attachment in what follows.
    void generation(long newGeneration) {
        generation = newGeneration;
    }

    Request write(int device, int shard, int offset, int length, int fill) {
        final Request request = new Request();
        request.memory.asSlice(0, length).fill((byte) fill);
        return send(request, DataMessage.WRITE, device, shard, offset, length, ++sequence);
    }

    Request discard(int device, int shard, int offset, int length) {
        return send(new Request(), DataMessage.DISCARD, device, shard, offset, length, ++sequence);
    }

    Request read(int device, int shard, int offset, int length) {
        return send(new Request(), DataMessage.READ, device, shard, offset, length, 0);
    }

    /// Send a change once more, under the identity it had when it was the newest.
    Request repeatWrite(int device, int shard, int offset, int length, int fill, long itsSequence) {
        final Request request = new Request();
        request.memory.asSlice(0, length).fill((byte) fill);
        return send(request, DataMessage.WRITE, device, shard, offset, length, itsSequence);
    }

    /// Number of the newest change.
    long sequence() {
        return sequence;
    }

    private Request send(Request request, int type, int device, int shard, int offset, int length, long itsSequence) {
        return send(request, type, device, shard, offset, length, itsSequence, cluster.epochOf(shard));
    }

    Request writeInEpoch(int device, int shard, int epoch) {
        return send(new Request(), DataMessage.WRITE, device, shard, 0, 4096, ++sequence, epoch);
    }

    Request readInEpoch(int device, int shard, int epoch) {
        return send(new Request(), DataMessage.READ, device, shard, 0, 4096, 0, epoch);
    }

    private Request send(
            Request request, int type, int device, int shard, int offset, int length, long itsSequence, int epoch) {
        request.start(type);
        final MemorySegment body = request.body();
        ShardRange.target(body, VOLUME, generation, PART, shard, cluster.pgOf(shard), epoch);
        ShardRange.range(body, offset, length, 0);
        final boolean isChange = DataMessage.isChange(type);
        ClientRequest.identity(
                body, isChange ? instance : 0, itsSequence, isChange ? Math.max(1, itsSequence - 50) : 0);
        if (type == DataMessage.WRITE) {
            request.outgoing().reset(request.table);
            request.outgoing().add(0, 0, length);
        } else if (type == DataMessage.READ) {
            request.incoming().reset(request.table);
            request.incoming().add(0, 0, length);
        }
        final Connection to = connection(device);
        cluster.await("credit", () -> to.send(request));
        return request;
    }

    private Connection connection(int device) {
        final Connection known = connections.get(device);
        if (known != null) {
            return known;
        }
        final boolean[] ready = new boolean[1];
        final Connection made = endpoint.connect(
                new NodeAddress(TestDevice.host(device), 7710), in -> in.refuse(), new ConnectionListener() {
                    @Override
                    public void ready(Connection connection) {
                        ready[0] = true;
                    }

                    @Override
                    public void closed(Connection connection, String reason) {
                        connections.remove(device);
                    }
                });
        connections.put(device, made);
        cluster.await("a connection to device " + device, () -> ready[0]);
        return made;
    }
}
