package io.basalt.chunk.server;

import io.basalt.chunk.ChunkCounters;
import io.basalt.chunk.ChunkCounters.Counter;
import io.basalt.chunk.ChunkDevice;
import io.basalt.chunk.Membership;
import io.basalt.chunk.ShardStore;
import io.basalt.net.NetOptions;
import io.basalt.net.Network;
import io.basalt.net.NodeAddress;
import io.basalt.net.PeerIdentity;
import io.basalt.net.tcp.TcpNetwork;
import io.basalt.placement.ClusterMap;
import io.basalt.reactor.Reactor;
import io.basalt.reactor.ReactorConfiguration;
import io.basalt.reactor.thread.ReactorThread;
import io.basalt.reactor.uring.UringEngine;
import io.basalt.store.chunk.ChunkStore;
import io.basalt.store.chunk.FormatListener;
import io.basalt.store.chunk.FormatOptions;
import io.basalt.store.chunk.OpenListener;
import io.basalt.store.chunk.RecoveryReport;
import io.basalt.store.chunk.StoreCapacity;
import io.basalt.store.chunk.StoreCounters;
import io.basalt.store.chunk.StoreOptions;
import io.basalt.store.file.FileOptions;
import io.basalt.store.file.FileVolume;
import io.basalt.wire.meta.ClientIo;
import io.basalt.wire.meta.DeviceReport;
import io.basalt.wire.meta.RepairReport;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// One device of a chunk server with all that serves it: its file, store, reactor and network. Started and
/// stopped by [ChunkServer]'s caller; otherwise everything happens in the reactor.
final class DeviceHost {
    private static final System.Logger LOG = System.getLogger(DeviceHost.class.getName());
    private static final int RING_ENTRIES = 1024;
    private static final long QUIET_CHECK_NS = 1_000_000;

    /// Between two walks of the scrub: small devices need not be read all day long.
    private static final long SCRUB_REST_NS = 3_600_000_000_000L;

    private final ChunkOptions options;
    private final DeviceOptions deviceOptions;
    private final ReactorThread thread;
    private final FileVolume volume;

    // In the reactor only.

    private @Nullable TcpNetwork network;

    private @Nullable ChunkStore store;

    private @Nullable ChunkDevice device;

    private boolean failureTold;

    private volatile @Nullable UsageWalk usageWalk;

    private DeviceHost(ChunkOptions options, DeviceOptions deviceOptions, ReactorThread thread, FileVolume volume) {
        this.options = options;
        this.deviceOptions = deviceOptions;
        this.thread = thread;
        this.volume = volume;
    }

    /// Open a device, and start to listen; peers are refused until [#serve].
    ///
    /// @throws DeviceRefusedException if what is on the device cannot be used
    /// @throws ChunkServerException if the device cannot be used: says why, and what to do
    static DeviceHost start(ChunkOptions options, int index) {
        final DeviceOptions deviceOptions = options.devices().get(index);
        final boolean isNew = create(deviceOptions);
        final ReactorThread thread = ReactorThread.start(
                ReactorConfiguration.of("chunk-" + index, index).withIdleMode(options.idleMode()),
                options.cpus().isEmpty()
                        ? ReactorThread.UNPINNED
                        : options.cpus().get(index),
                () -> UringEngine.open(RING_ENTRIES),
                (reactor, source, fault) -> LOG.log(
                        Level.ERROR, reactor + " dropped " + source.getClass().getName() + " after a fault", fault),
                ReactorThread.STOP_PROCESS);
        @Nullable FileVolume volume = null;
        try {
            volume = FileVolume.open(
                    FileOptions.of("device-" + index, deviceOptions.path()).withDirect(deviceOptions.direct()));
            final DeviceHost host = new DeviceHost(options, deviceOptions, thread, volume);
            if (isNew) {
                InReactor.await(thread.reactor(), "formatting " + deviceOptions.path(), host::format);
            }
            InReactor.await(thread.reactor(), "opening " + deviceOptions.path(), host::open);
            return host;
        } catch (RuntimeException e) {
            thread.close();
            if (volume != null) {
                volume.close();
            }
            throw e;
        }
    }

    private static boolean create(DeviceOptions options) {
        if (options.createBytes() == 0 || Files.exists(options.path())) {
            return false;
        }
        try {
            if (options.path().toAbsolutePath().getParent() != null) {
                Files.createDirectories(options.path().toAbsolutePath().getParent());
            }
            try (RandomAccessFile file = new RandomAccessFile(options.path().toFile(), "rw")) {
                file.setLength(options.createBytes());
            }
            return true;
        } catch (IOException e) {
            throw new ChunkServerException("device file " + options.path() + " cannot be made: " + e.getMessage()
                    + "; choose another folder or a smaller size");
        }
    }

    private void format(CompletableFuture<Boolean> done) {
        final UUID uuid = UUID.randomUUID();
        ChunkStore.format(
                volume,
                thread.reactor(),
                FormatOptions.of(uuid.getMostSignificantBits(), uuid.getLeastSignificantBits()),
                new FormatListener() {
                    @Override
                    public void formatted() {
                        done.complete(true);
                    }

                    @Override
                    public void refused(String reason) {
                        done.completeExceptionally(refusal(reason));
                    }
                });
    }

    private void open(CompletableFuture<Boolean> done) {
        final StoreOptions bounds = StoreOptions.of(deviceOptions.durability());
        ChunkStore.open(volume, thread.reactor(), bounds, new OpenListener() {
            @Override
            public void opened(ChunkStore newStore, RecoveryReport report) {
                store = newStore;
                LOG.log(Level.INFO, deviceOptions.path() + ": " + report);
                if (report.shardsDamaged() > 0 || report.incomplete()) {
                    LOG.log(
                            Level.WARNING,
                            deviceOptions.path() + ": metadata is corrupt: " + report.shardsDamaged() + " shards lost"
                                    + (report.incomplete() ? ", and some of which it is not known which they were" : "")
                                    + "; they are written again from other copies");
                }
                done.complete(true);
            }

            @Override
            public void refused(String reason) {
                done.completeExceptionally(refusal(reason));
            }
        });
    }

    private DeviceRefusedException refusal(String reason) {
        return new DeviceRefusedException("device " + deviceOptions.path() + ": " + reason
                + "; if other copies have its content, `basalt chunk format --again " + deviceOptions.path()
                + "` makes an empty device of the same identity, which the cluster fills");
    }

    Reactor reactor() {
        return thread.reactor();
    }

    ReactorThread thread() {
        return thread;
    }

    DeviceOptions options() {
        return deviceOptions;
    }

    /// Identity of the device, as its superblock has it. From outside of the reactor.
    UUID uuid() {
        return InReactor.await(
                reactor(),
                "asking for the identity",
                future -> future.complete(storeOf().deviceId()));
    }

    /// How full the store is. From outside of the reactor.
    StoreCapacity capacity() {
        return InReactor.await(
                reactor(),
                "asking for the capacity",
                future -> future.complete(storeOf().capacity()));
    }

    /// How the device is doing. In the reactor.
    DeviceReport report(int deviceId) {
        final ChunkStore open = storeOf();
        if (open.hasFailed() && !failureTold) {
            failureTold = true;
            LOG.log(
                    Level.ERROR,
                    deviceOptions.path() + " has failed: its log or metadata cannot be written, so it takes no more"
                            + " changes; look at the drive, then start the chunk server again");
        }
        final StoreCapacity capacity = open.capacity();
        return new DeviceReport(
                deviceId,
                capacity.usedBytes(),
                capacity.totalBytes(),
                open.hasFailed(),
                0,
                capacity.mappedBytes(),
                open.counters().value(StoreCounters.Counter.DEVICE_ERRORS),
                clientIo());
    }

    /// How far the copies are that it brings up to date, in its reactor.
    List<RepairReport.Progress> repairs(int setId) {
        final List<RepairReport.Progress> copies = new ArrayList<>();
        final ChunkDevice serving = device;
        if (serving != null && setId != 0) {
            serving.repairs((pg, deviceId, done, total, bytes) -> {
                if (copies.size() < RepairReport.COUNT_MAX) {
                    copies.add(new RepairReport.Progress(setId, pg, deviceId, done, total, bytes));
                }
            });
        }
        return copies;
    }

    private ClientIo clientIo() {
        if (device == null) {
            return ClientIo.NONE;
        }
        final ChunkCounters counters = device.counters();
        return new ClientIo(
                reactor().nowNs(),
                counters.value(Counter.READS),
                counters.value(Counter.CHANGES),
                counters.value(Counter.READ_BYTES),
                counters.value(Counter.WRITTEN_BYTES));
    }

    /// Add up, again and again, how much of each part the store holds. From outside of the reactor.
    ///
    /// @param whole told part → bytes, in the reactor
    void addUp(Consumer<NavigableMap<Long, Long>> whole) {
        final UsageWalk walk = new UsageWalk(reactor(), storeOf(), whole);
        usageWalk = walk;
        reactor().post(walk::start);
    }

    /// Begin to listen, refusing everybody until [#serve].
    ///
    /// @return where
    NodeAddress listen() {
        return InReactor.await(reactor(), "listening on " + deviceOptions.address(), future -> {
            final TcpNetwork opened = TcpNetwork.open(
                    reactor(),
                    NetOptions.DEFAULT,
                    options.key(),
                    new PeerIdentity(PeerIdentity.Role.CHUNK, 0, options.name()));
            network = opened;
            future.complete(opened.listen(deviceOptions.address(), peer -> {
                final ChunkDevice at = device;
                return at == null ? null : at.accept(peer);
            }));
        });
    }

    /// Be a device of the cluster. In the reactor.
    void serve(int deviceId, long life, Membership membership) {
        final Network over = network;
        if (device == null && over != null) {
            device = new ChunkDevice(
                    reactor(), over, ShardStore.of(storeOf()), deviceId, life, membership, options.settings());
            device.scrub().rate(options.upkeep().scrubBytesPerSecond(), SCRUB_REST_NS);
            device.scrub().listener(new ScrubLog(reactor(), deviceOptions.path()));
        }
    }

    /// The device, null until [#serve]. In the reactor.
    @Nullable
    ChunkDevice device() {
        return device;
    }

    /// There is a newer map. In the reactor.
    void mapChanged(ClusterMap map) {
        final ChunkDevice at = device;
        if (at != null) {
            at.mapChanged(map);
        }
    }

    /// The store, in the reactor.
    ChunkStore storeOf() {
        final ChunkStore open = Objects.requireNonNull(store);
        return open;
    }

    /// Stop serving, finish what is under way, and close the device. From outside of the reactor.
    void close() {
        final UsageWalk walk = usageWalk;
        if (walk != null) {
            walk.stop();
        }
        InReactor.<Boolean>await(reactor(), "closing the network of " + deviceOptions.path(), future -> {
            if (device != null) {
                device.close();
            }
            if (network != null) {
                network.close();
            }
            awaitQuiet(future);
        });
        InReactor.<Boolean>await(
                reactor(),
                "closing the store on " + deviceOptions.path(),
                future -> storeOf().close(() -> {
                    if (device != null) {
                        device.release();
                    }
                    future.complete(true);
                }));
        thread.close();
        volume.close();
    }

    /// Requests that were taken before end in their own time.
    private void awaitQuiet(CompletableFuture<Boolean> future) {
        final boolean isQuiet =
                (network == null || network.isClosed()) && storeOf().inFlight() == 0;
        if (isQuiet) {
            future.complete(true);
        } else {
            reactor().schedule(QUIET_CHECK_NS, () -> awaitQuiet(future));
        }
    }
}
