package io.basalt.chunk;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.block.Volume;
import io.basalt.net.ClusterKey;
import io.basalt.net.NetOptions;
import io.basalt.net.NodeAddress;
import io.basalt.net.PeerIdentity;
import io.basalt.net.sim.SimEndpoint;
import io.basalt.reactor.Engine;
import io.basalt.reactor.IdleMode;
import io.basalt.reactor.Reactor;
import io.basalt.reactor.ReactorConfiguration;
import io.basalt.reactor.uring.UringEngine;
import io.basalt.store.chunk.ChunkStore;
import io.basalt.store.chunk.Durability;
import io.basalt.store.chunk.FormatListener;
import io.basalt.store.chunk.FormatOptions;
import io.basalt.store.chunk.OpenListener;
import io.basalt.store.chunk.RecoveryReport;
import io.basalt.store.chunk.StoreOptions;
import io.basalt.store.file.FileOptions;
import io.basalt.store.file.FileVolume;
import io.basalt.store.sim.SimDisk;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// One device of a [TestCluster]: a simulated disk that stays, and the process on it, which comes and goes.
final class TestDevice {
    static final int SHARD_BYTES = 32 * 4096;
    private static final int LOG_BLOCKS = 64;
    private static final long DISK_BYTES = 8L << 20;
    private static final long FILE_BOUND_NS = 120_000_000_000L;

    /// Of devices and gates alike: signs of life are shorter than what the others wait for them.
    static final NetOptions NET =
            new NetOptions(64, 64, 1 << 16, 24 << 16, 1 << 14, 1 << 12, 16, 300_000_000L, 100_000_000L, 400_000_000L);

    private final TestCluster cluster;
    private final int id;
    private final CountedVolume volume;
    private final @Nullable SimDisk disk;
    private @Nullable UringEngine engine;
    private long life;
    private boolean standsStill;
    private @Nullable Reactor reactor;
    private @Nullable ChunkStore store;
    private @Nullable ChunkDevice device;
    private @Nullable String refusal;

    TestDevice(TestCluster cluster, int id) {
        this.cluster = cluster;
        this.id = id;
        final Path folder = cluster.folder();
        if (folder == null) {
            final SimDisk simulated = new SimDisk("disk" + id, DISK_BYTES, false, cluster::random);
            simulated.latency((operation, length) -> 20_000);
            disk = simulated;
            volume = new CountedVolume(simulated);
        } else {
            disk = null;
            volume = new CountedVolume(
                    FileVolume.open(FileOptions.of("disk" + id, file(folder)).withDirect(false)));
        }
    }

    void format() {
        format(new FormatOptions(id, id, SHARD_BYTES, 8, LOG_BLOCKS, 2, cluster.entries()));
    }

    /// Have an empty store in place of the one that was there.
    void formatInPlace() {
        format(new FormatOptions(life, 1000 + id, SHARD_BYTES, 8, LOG_BLOCKS, 2, cluster.entries())
                .inPlaceOf(new UUID(id, id)));
    }

    private void format(FormatOptions options) {
        final Reactor made = newReactor();
        final boolean[] formatted = new boolean[1];
        ChunkStore.format(volume, made, options, new FormatListener() {
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
        closeEngine();
        reactor = null;
    }

    static String host(int id) {
        return "host" + id;
    }

    int id() {
        return id;
    }

    SimDisk disk() {
        return Objects.requireNonNull(disk);
    }

    Volume volume() {
        return volume;
    }

    /// The device's file, made if it is not there.
    private Path file(Path folder) {
        final Path path = folder.resolve("device" + id + ".img");
        try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
            file.setLength(DISK_BYTES);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return path;
    }

    /// First byte of the slots; what is before them is superblocks, log and pages.
    static long slotsOffset() {
        final long blocks = (DISK_BYTES - (128 << 10)) / 4096 - LOG_BLOCKS;
        final long slots = (2 * blocks - 4) / (2 * (SHARD_BYTES / 4096 + 8) + 5);
        return (32 + LOG_BLOCKS + 2 * (slots + (slots + 3) / 4)) * 4096;
    }

    static long pagesOffset() {
        return (128 << 10) + 4096L * LOG_BLOCKS;
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
        disk().rot(pagesOffset() + (2L * entry + (generation & 1)) * 4096 + 3300, 1);
    }

    /// Have a block rot on the disk, of a slot whose shard was written once, in order.
    void rotBlock(int slot, int block) {
        disk().rot(slotsOffset() + (slot * (SHARD_BYTES / 4096 + 8L) + block) * 4096 + 77, 3);
    }

    /// Why the store could not be opened, or null.
    @Nullable
    String refusal() {
        return refusal;
    }

    /// Have the process stand still, or go on.
    void standStill(boolean now) {
        standsStill = now;
    }

    void turn() {
        final Reactor running = reactor;
        if (running != null && !standsStill) {
            running.runOnce();
            awaitFile(running);
        }
    }

    /// The cluster's clock stands still while the kernel works: what a real disk takes is no time.
    private void awaitFile(Reactor running) {
        final long startNs = System.nanoTime();
        while (engine != null && volume.inFlight() > 0) {
            assertThat(System.nanoTime() - startNs)
                    .as("nanoseconds until the file is written")
                    .isLessThan(FILE_BOUND_NS);
            engine.sleep(1_000_000);
            running.runOnce();
        }
    }

    private Reactor newReactor() {
        final Reactor made = new Reactor(
                ReactorConfiguration.of(host(id), 0).withIdleMode(IdleMode.POLL),
                cluster.clock()::nanoTime,
                newEngine(),
                () -> true,
                (at, source, fault) -> {
                    throw new AssertionError(at + ": " + source + " failed", fault);
                });
        reactor = made;
        return made;
    }

    private Engine newEngine() {
        if (disk != null) {
            return new FakeEngine();
        }
        final UringEngine made = UringEngine.open(64);
        engine = made;
        return made;
    }

    private void closeEngine() {
        if (engine != null) {
            engine.close();
            engine = null;
        }
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
        ChunkStore.open(volume, made, StoreOptions.of(Durability.PLP).withCacheBytes(1 << 20), new OpenListener() {
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
                cluster.asSpoken(network),
                ShardStore.of(opened),
                id,
                life,
                cluster.membership(),
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
        closeEngine();
        reactor = null;
        store = null;
        device = null;
    }

    /// The process is gone, at this very moment; the disk stays as it is.
    void kill() {
        end(false);
    }

    /// The process is gone, and nobody is told so: connections to it stay, and are not answered.
    void goSilently() {
        end(true);
    }

    private void end(boolean silent) {
        cluster.network().crash(host(id), silent);
        if (store != null) {
            if (disk != null) {
                disk.processCrash();
            }
            store.abandon();
        }
        for (int pass = 0; engine != null && pass < 1000; pass++) {
            turn();
        }
        closeEngine();
        reactor = null;
        store = null;
        device = null;
    }
}
