package io.basalt.gate.cluster;

import io.basalt.block.RegionTable;
import io.basalt.net.ClusterKey;
import io.basalt.net.Connection;
import io.basalt.net.ConnectionListener;
import io.basalt.net.NetOptions;
import io.basalt.net.Network;
import io.basalt.net.NodeAddress;
import io.basalt.net.PeerIdentity;
import io.basalt.net.sim.SimEndpoint;
import io.basalt.net.sim.SimNetwork;
import io.basalt.placement.ClusterMap;
import io.basalt.reactor.Reactor;
import io.basalt.reactor.ReactorConfiguration;
import io.basalt.testkit.ManualClock;
import io.basalt.wire.meta.VolumeRecord;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.random.RandomGenerator;

/// A gate with one volume and three [FakeChunk]s on a simulated network.
final class SimCluster implements AutoCloseable {
    static final String GATE = "gate";
    private static final long STEP_NS = 100_000;
    private static final long BOUND_NS = 600_000_000_000L;
    private static final NetOptions OPTIONS = NetOptions.DEFAULT.withBuffers(64 << 10, 8 << 20, 64 << 10, 16 << 10);
    private static final ConnectionListener NOBODY = new ConnectionListener() {
        @Override
        public void ready(Connection connection) {}

        @Override
        public void closed(Connection connection, String reason) {}
    };

    final ManualClock clock = new ManualClock(1_000_000_000L);
    final Arena arena = Arena.ofShared();
    final Reactor reactor = new Reactor(
            ReactorConfiguration.of("test", 0), clock::nanoTime, new NoEngine(), () -> true, (where, source, fault) -> {
                throw new AssertionError(source + " failed", fault);
            });
    final SimNetwork world;
    final SimEndpoint gate;
    final FakeChunk.Shared shared;
    final List<FakeChunk> chunks = new ArrayList<>();
    final ClusterPort port;
    final ClusterVolume volume;
    final ClusterChannel channel;
    final RegionTable table;

    SimCluster(RandomGenerator random, VolumeRecord record, int memoryBytes, boolean sealed, int credits) {
        world = new SimNetwork(clock::nanoTime, random::nextLong, arena);
        final ClusterMap map = TestMaps.map(32);
        shared = new FakeChunk.Shared(map, record.shardBytes());
        for (int device = 1; device <= TestMaps.DEVICES; device++) {
            final String host = TestMaps.host(device);
            final SimEndpoint endpoint = world.open(
                    reactor,
                    host,
                    OPTIONS.withCredits(credits, 512),
                    new ClusterKey(new byte[ClusterKey.BYTES]),
                    new PeerIdentity(PeerIdentity.Role.CHUNK, device, host));
            final FakeChunk chunk = new FakeChunk(shared, device);
            chunks.add(chunk);
            endpoint.listen(new NodeAddress(host, 7100 + device), _ -> new Network.Acceptance(chunk, NOBODY));
        }
        gate = world.open(
                reactor,
                GATE,
                OPTIONS,
                new ClusterKey(new byte[ClusterKey.BYTES]),
                new PeerIdentity(PeerIdentity.Role.GATE, 9, GATE));
        port = new ClusterPort(reactor, gate, ClusterTimes.DEFAULT, 0x77);
        volume = new ClusterVolume("disk", "vol", record.blockBytes(), record.sizeBytes(), 0, reactor, List.of(port));
        channel = (ClusterChannel) volume.openChannel(reactor);
        // Two regions, so that data is spread over both.
        table = new RegionTable(List.of(arena.allocate(memoryBytes, 4096), arena.allocate(memoryBytes, 4096)), sealed);
        channel.useMemory(table);
        volume.attached(record);
        port.mapChanged(TestMaps.SET, map);
        turn();
    }

    /// The chunk servers and, a little later, the gate hear of a newer map.
    void publish(ClusterMap newer, long laterNs) {
        shared.map = newer;
        reactor.schedule(laterNs, () -> port.mapChanged(TestMaps.SET, newer));
    }

    void turn() {
        if (reactor.runOnce() == 0) {
            final long untilNs = world.nextEventNs() - clock.nanoTime();
            clock.advance(Math.min(STEP_NS, Math.max(1, untilNs)));
        }
    }

    void until(String what, BooleanSupplier condition) {
        final long endNs = clock.nanoTime() + BOUND_NS;
        while (!condition.getAsBoolean()) {
            if (clock.nanoTime() > endNs) {
                throw new AssertionError("still not so: " + what + "; " + volume.connections());
            }
            turn();
        }
    }

    @Override
    public void close() {
        channel.releaseMemory(table);
        channel.close();
        port.close();
        gate.close();
        until("the gate's network is closed", gate::isClosed);
        arena.close();
    }
}
