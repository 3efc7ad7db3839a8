package io.basalt.chunk;

import io.basalt.net.ClusterKey;
import io.basalt.net.NetOptions;
import io.basalt.net.NodeAddress;
import io.basalt.net.PeerIdentity;
import io.basalt.net.sim.SimEndpoint;
import io.basalt.reactor.IdleMode;
import io.basalt.reactor.Reactor;
import io.basalt.reactor.ReactorConfiguration;
import io.basalt.store.chunk.ChunkStore;
import io.basalt.store.chunk.Durability;
import io.basalt.store.chunk.FormatListener;
import io.basalt.store.chunk.FormatOptions;
import io.basalt.store.chunk.OpenListener;
import io.basalt.store.chunk.RecoveryReport;
import io.basalt.store.chunk.StoreOptions;
import io.basalt.store.sim.SimDisk;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// One device of a [TestCluster]: a simulated disk that stays, and the process on it, which comes and goes.
final class TestDevice {
    static final int SHARD_BYTES = 32 * 4096;
    private static final int LOG_BLOCKS = 64;
    private static final long DISK_BYTES = 8L << 20;
    private static final NetOptions NET =
            new NetOptions(64, 64, 1 << 16, 24 << 16, 1 << 14, 1 << 12, 16, 300_000_000L, 100_000_000L, 400_000_000L);

    private final TestCluster cluster;
    private final int id;
    private final SimDisk disk;
    private long life;
    private @Nullable Reactor reactor;
    private @Nullable ChunkStore store;
    private @Nullable ChunkDevice device;
    private @Nullable String refusal;

    TestDevice(TestCluster cluster, int id) {
        this.cluster = cluster;
        this.id = id;
        disk = new SimDisk("disk" + id, DISK_BYTES, false, cluster::random);
        disk.latency((operation, length) -> 20_000);
    }

    void format() {
        final Reactor made = newReactor();
        final boolean[] formatted = new boolean[1];
        ChunkStore.format(
                disk,
                made,
                new FormatOptions(id, id, SHARD_BYTES, 8, LOG_BLOCKS, 2, cluster.entries()),
                new FormatListener() {
                    @Override
                    public void formatted() {
                        formatted[0] = true;
                    }

                    @Override
                    public void refused(String reason) {
                        throw new AssertionError(reason);
                    }
                });
        cluster.await("formatting device " + id, () -> formatted[0]);
        reactor = null;
    }

    static String host(int id) {
        return "host" + id;
    }

    int id() {
        return id;
    }

    SimDisk disk() {
        return disk;
    }

    boolean isRunning() {
        return reactor != null;
    }

    ChunkStore store() {
        return Objects.requireNonNull(store);
    }

    ChunkDevice device() {
        return Objects.requireNonNull(device);
    }

    boolean isOpen() {
        return device != null;
    }

    /// Have the metadata page of an entry rot on the disk: the home that was written last.
    void rotPage(int entry, long generation) {
        disk.rot((128 << 10) + 4096L * LOG_BLOCKS + (2L * entry + (generation & 1)) * 4096 + 3300, 1);
    }

    /// Why the store could not be opened, or null.
    @Nullable
    String refusal() {
        return refusal;
    }

    void turn() {
        final Reactor running = reactor;
        if (running != null) {
            running.runOnce();
        }
    }

    private Reactor newReactor() {
        final Reactor made = new Reactor(
                ReactorConfiguration.of(host(id), 0).withIdleMode(IdleMode.POLL),
                cluster.clock()::nanoTime,
                new FakeEngine(),
                () -> true,
                (at, source, fault) -> {
                    throw new AssertionError(at + ": " + source + " failed", fault);
                });
        reactor = made;
        return made;
    }

    /// Begin a process; the cluster's map and generations are told it when its store is open.
    void start() {
        life++;
        refusal = null;
        final Reactor made = newReactor();
        final SimEndpoint network = cluster.network()
                .open(
                        made,
                        host(id),
                        NET,
                        new ClusterKey(new byte[ClusterKey.BYTES]),
                        new PeerIdentity(PeerIdentity.Role.CHUNK, id, host(id)));
        ChunkStore.open(disk, made, StoreOptions.of(Durability.PLP).withCacheBytes(1 << 20), new OpenListener() {
            @Override
            public void opened(ChunkStore opened, RecoveryReport report) {
                serve(made, network, opened);
            }

            @Override
            public void refused(String reason) {
                refusal = reason;
            }
        });
    }

    private void serve(Reactor made, SimEndpoint network, ChunkStore opened) {
        store = opened;
        final ChunkDevice serving = new ChunkDevice(
                made,
                network,
                ShardStore.of(opened),
                id,
                life,
                cluster.membership(),
                ReplicationRules.STANDARD,
                cluster.settings());
        device = serving;
        network.listen(new NodeAddress(host(id), 7710), serving);
        cluster.tell(serving);
    }

    /// The process ends in good order, and its store is closed.
    void stop() {
        device().close();
        cluster.network().crash(host(id), false);
        cluster.run(20_000_000);
        final boolean[] closed = new boolean[1];
        store().close(() -> closed[0] = true);
        cluster.await("device " + id + " to close", () -> closed[0]);
        reactor = null;
        store = null;
        device = null;
    }

    /// The process is gone, at this very moment; the disk stays as it is.
    void kill() {
        cluster.network().crash(host(id), false);
        if (store != null) {
            disk.processCrash();
            store.abandon();
        }
        reactor = null;
        store = null;
        device = null;
    }
}
