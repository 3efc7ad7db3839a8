package io.basalt.gate.cluster;

import io.basalt.block.BlockOperation;
import io.basalt.block.RegionTable;
import io.basalt.placement.ClusterMap;
import io.basalt.reactor.Reactor;
import io.basalt.reactor.ReactorConfiguration;
import io.basalt.testkit.ManualClock;
import io.basalt.wire.meta.VolumeRecord;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/// One volume on one reactor, over a [HandNetwork], with a clock that the test moves.
final class HandWorld {
    static final int SHARD = 64 << 10;
    static final int PGS = 16;
    static final long MS = 1_000_000L;
    static final long VOLUME_BYTES = 64L << 20;
    static final ClusterTimes TIMES = new ClusterTimes(5_000 * MS, 100 * MS, MS, 50 * MS, 10 * MS, 1_000 * MS, 2 * MS);

    final ManualClock clock = new ManualClock(1_000_000_000L);
    final Reactor reactor = new Reactor(
            ReactorConfiguration.of("test", 0), clock::nanoTime, new NoEngine(), () -> true, (where, source, fault) -> {
                throw new AssertionError(source + " failed", fault);
            });
    final HandNetwork network = new HandNetwork(reactor);
    final ClusterPort port = new ClusterPort(reactor, network, TIMES, 0x1234);
    final ClusterVolume volume;
    final ClusterChannel channel;
    final MemorySegment memory = Arena.ofAuto().allocate(4 << 20, 4096);
    final RegionTable table = new RegionTable(List.of(memory), true);
    ClusterMap map = TestMaps.map(PGS);

    HandWorld() {
        this(0);
    }

    /// A world in which the volume is attached and the map known.
    HandWorld(long ioTimeoutNs) {
        this(ioTimeoutNs, TestMaps.record(VOLUME_BYTES, SHARD));
        volume.attached(TestMaps.record(VOLUME_BYTES, SHARD));
        port.mapChanged(TestMaps.SET, map);
        settle();
    }

    /// A world in which nothing is known yet.
    HandWorld(long ioTimeoutNs, VolumeRecord record) {
        volume = new ClusterVolume(
                "disk", "vol", record.blockBytes(), record.sizeBytes(), ioTimeoutNs, reactor, List.of(port));
        channel = (ClusterChannel) volume.openChannel(reactor);
        channel.useMemory(table);
    }

    /// Let the reactor do everything that is due.
    void settle() {
        reactor.runOnce();
        while (reactor.runOnce() > 0) {
            // Until nothing is left.
        }
    }

    /// Let time pass.
    void pass(long ns) {
        clock.advance(ns);
        settle();
    }

    /// Publish a newer map.
    void publish(ClusterMap newer) {
        map = newer;
        port.mapChanged(TestMaps.SET, newer);
        settle();
    }

    TestRequest submit(BlockOperation operation, long offset, int length) {
        final TestRequest request =
                new TestRequest().of(operation, offset, length, table, 0).submitTo(channel);
        settle();
        return request;
    }

    /// The placement group of a shard of the volume.
    int pg(long shard) {
        return map.pgOf(9, (int) shard);
    }

    /// The device that serves a shard now.
    int primary(long shard) {
        return map.primaryDevice(pg(shard));
    }

    /// The connection to the primary of the volume's first shard.
    HandNetwork.HandConnection first() {
        return network.to(primary(0));
    }
}
