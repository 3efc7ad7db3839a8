package io.basalt.chunk;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.net.NodeAddress;
import io.basalt.net.PeerIdentity;
import io.basalt.net.Service;
import io.basalt.placement.ClusterMap;
import io.basalt.placement.Device;
import io.basalt.placement.DeviceState;
import io.basalt.placement.FailureDomain;
import io.basalt.placement.Location;
import io.basalt.placement.ReplicaSet;
import io.basalt.placement.RoutingRule;
import io.basalt.reactor.IdleMode;
import io.basalt.reactor.Reactor;
import io.basalt.reactor.ReactorConfiguration;
import io.basalt.testkit.AllocationProbe;
import io.basalt.testkit.ManualClock;
import io.basalt.wire.data.AnswerCode;
import io.basalt.wire.data.ClientRequest;
import io.basalt.wire.data.DataMessage;
import io.basalt.wire.data.ReplicaRequest;
import io.basalt.wire.data.Sessions;
import io.basalt.wire.data.ShardRange;
import java.lang.foreign.Arena;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// A primary with one secondary allocates nothing per request: store and network are fakes that answer at once.
class AllocationTest {
    private static final int OPERATIONS = 100_000;
    private static final long SESSION = Sessions.of(1, 1);
    private static final PeerIdentity PRIMARY = new PeerIdentity(PeerIdentity.Role.CHUNK, 2, "primary");
    private static final PeerIdentity GATE = new PeerIdentity(PeerIdentity.Role.GATE, 0, "gate");

    private final Arena arena = Arena.ofShared();
    private final ManualClock clock = new ManualClock();
    private final FakeStore store = new FakeStore();
    private final FakeEngine engine = new FakeEngine();
    private final Reactor reactor = new Reactor(
            ReactorConfiguration.of("test", 0).withIdleMode(IdleMode.POLL),
            clock::nanoTime,
            engine,
            () -> true,
            (at, source, fault) -> {
                throw new AssertionError(fault);
            });
    private final FakeNetwork network = new FakeNetwork(reactor, arena);
    private final ChunkDevice device =
            new ChunkDevice(reactor, network, store, 1, 1, new NoMembership(), ChunkSettings.DEFAULT);
    private final FakeIncoming incoming = new FakeIncoming(arena, network);
    private final Service clients = Objects.requireNonNull(device.accept(GATE)).service();
    private final Service primaries =
            Objects.requireNonNull(device.accept(PRIMARY)).service();
    private long sequence;

    @AfterEach
    void close() {
        device.close();
        device.release();
        arena.close();
    }

    @Test
    void writeThroughTwoCopiesAllocatesNothing() {
        serve();
        assertThat(AllocationProbe.bytesAllocated(OPERATIONS, () -> operate(DataMessage.WRITE)))
                .isZero();
        assertThat(network.replicated()).isGreaterThan(OPERATIONS);
    }

    @Test
    void readAllocatesNothing() {
        serve();
        assertThat(AllocationProbe.bytesAllocated(OPERATIONS, () -> operate(DataMessage.READ)))
                .isZero();
    }

    @Test
    void writeOfAPartOfABlockAllocatesNothing() {
        serve();
        assertThat(AllocationProbe.bytesAllocated(OPERATIONS, () -> operate(DataMessage.WRITE, 4608, 1024)))
                .isZero();
    }

    @Test
    void discardOfWholeBlocksAndOfPartsAllocatesNothing() {
        serve();
        assertThat(AllocationProbe.bytesAllocated(OPERATIONS, () -> {
                    operate(DataMessage.DISCARD, 4096, 8192);
                    operate(DataMessage.WRITE_ZEROES, 512, 1024);
                }))
                .isZero();
    }

    @Test
    void applyingWhatAPrimarySendsAllocatesNothing() {
        follow();
        assertThat(AllocationProbe.bytesAllocated(OPERATIONS, () -> {
                    obey(DataMessage.REPLICATE_WRITE);
                    obey(DataMessage.REPLICATE_DISCARD);
                    obey(DataMessage.COPY_READ);
                    obey(DataMessage.SETTLED);
                }))
                .isZero();
    }

    private void operate(int type) {
        operate(type, 4096, 4096);
    }

    private void operate(int type, int offset, int length) {
        final var body = incoming.begin(type, ClientRequest.BYTES, type == DataMessage.WRITE ? length : 0);
        ShardRange.target(body, 1, 1, 1, 0, 0, 1);
        ShardRange.range(body, offset, length, 0);
        final boolean isChange = DataMessage.isChange(type);
        sequence += isChange ? 1 : 0;
        ClientRequest.identity(body, isChange ? 9 : 0, isChange ? sequence : 0, isChange ? sequence : 0);
        clients.request(incoming);
        finish();
    }

    private void obey(int type) {
        final var body = incoming.begin(type, ReplicaRequest.BYTES, type == DataMessage.REPLICATE_WRITE ? 4096 : 0);
        final boolean prepares = type == DataMessage.PREPARE;
        ShardRange.target(body, 0, 0, prepares ? 0 : 1, prepares ? 2 : 0, 0, 1);
        ShardRange.range(body, prepares ? 0 : 4096, prepares ? 0 : 4096, 0);
        sequence++;
        ReplicaRequest.order(body, SESSION, type == DataMessage.COPY_READ ? 0 : 1L << 40 | sequence);
        primaries.request(incoming);
        finish();
    }

    private void finish() {
        for (int turn = 0; turn < 4 && incoming.code() < 0; turn++) {
            turn();
        }
        if (incoming.code() != AnswerCode.OK.code()) {
            throw new AssertionError("answered " + incoming.code());
        }
    }

    private void turn() {
        store.poll();
        network.poll();
    }

    private void serve() {
        device.generationsAreKnown();
        device.mapChanged(map(ReplicaSet.of(1, 2)));
        for (int tick = 0; tick < 200 && device.state(0) != PgState.SERVING; tick++) {
            clock.advance(ChunkSettings.DEFAULT.tickNs());
            reactor.runOnce();
            turn();
        }
        assertThat(device.state(0)).isEqualTo(PgState.SERVING);
    }

    /// Follow device 2, once what an earlier life may have promised is over.
    private void follow() {
        device.generationsAreKnown();
        device.mapChanged(map(ReplicaSet.of(2, 1)));
        clock.advance(2 * ChunkSettings.DEFAULT.promiseNs());
        reactor.runOnce();
        obey(DataMessage.PREPARE);
        assertThat(device.state(0)).isEqualTo(PgState.SECONDARY);
    }

    private static ClusterMap map(ReplicaSet replicas) {
        ClusterMap map =
                ClusterMap.builder(new RoutingRule(1, 2, FailureDomain.HOST)).build();
        for (int id = 1; id <= 2; id++) {
            map = map.withDevice(new Device(
                    id,
                    id,
                    new Location("room", "rack", "host" + id),
                    Device.WEIGHT_ONE,
                    DeviceState.UP_IN,
                    new NodeAddress("127.0.0.1", 7000 + id).toString()));
        }
        return map.withPg(0, 1, replicas, 3);
    }

    private static final class NoMembership implements Membership {
        @Override
        public void removeFromInSync(int pg, int epoch, int deviceId) {}

        @Override
        public void addToInSync(int pg, int epoch, int deviceId) {}

        @Override
        public void takeBack(int pg, int epoch, int deviceId, Runnable cannot) {}
    }
}
