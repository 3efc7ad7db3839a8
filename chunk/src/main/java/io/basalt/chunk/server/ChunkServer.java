package io.basalt.chunk.server;

import io.basalt.chunk.ChunkDevice;
import io.basalt.chunk.Membership;
import io.basalt.chunk.Pulse;
import io.basalt.net.NetOptions;
import io.basalt.net.NodeAddress;
import io.basalt.net.PeerIdentity;
import io.basalt.net.meta.ContactLog;
import io.basalt.net.meta.MetaClient;
import io.basalt.net.meta.MetaClientOptions;
import io.basalt.net.meta.MetaListener;
import io.basalt.net.meta.MetaReply;
import io.basalt.net.meta.PgChangeResult;
import io.basalt.net.tcp.TcpNetwork;
import io.basalt.placement.ClusterMap;
import io.basalt.reactor.IdleMode;
import io.basalt.reactor.Reactor;
import io.basalt.reactor.ReactorConfiguration;
import io.basalt.reactor.thread.ReactorThread;
import io.basalt.reactor.uring.UringEngine;
import io.basalt.wire.meta.DeviceRegistration;
import io.basalt.wire.meta.DeviceReport;
import io.basalt.wire.meta.GenerationBatch;
import io.basalt.wire.meta.MetaCode;
import io.basalt.wire.meta.NodeRegistration;
import io.basalt.wire.meta.NodeRole;
import io.basalt.wire.meta.PartList;
import io.basalt.wire.meta.PgChange;
import io.basalt.wire.meta.Registered;
import io.basalt.wire.meta.RepairReport;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// A running chunk server: a reactor per device, and a control reactor that talks to the metaserver.
///
/// ```
///  metaserver ◀──── MetaClient (control reactor) ──── maps, generations ───▶ ChunkDevice (device reactor) ◀──▶ peers
///                        ▲                                                       │
///                        └───────────────── wishes for placement groups ─────────┘
/// ```
///
/// The control reactor also sends the node's heartbeats, on a connection that carries no data, as long as the
/// devices' reactors move ([Pulse]).
///
/// A device serves once the metaserver has given it a number, its newest map and all attach generations. While no
/// metaserver can be reached, it goes on with what it knows.
public final class ChunkServer implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(ChunkServer.class.getName());
    private static final String NODE_FILE = "node.uuid";
    private static final int RING_ENTRIES = 256;
    private static final int PAYLOAD_BYTES = 64 << 10;
    private static final int POOL_BYTES = 4 << 20;
    private static final int RECEIVE_BYTES = 64 << 10;
    private static final int DIRECT_BYTES_MIN = 16 << 10;
    private static final long REPORT_NS = 1_000_000_000L;
    private static final long HAND_OVER_NS = 2_000_000_000L;

    private final ChunkOptions options;
    private final List<DeviceHost> hosts;
    private final List<NodeAddress> addresses = new ArrayList<>();
    private final ReactorThread control;
    private @Nullable ChunkMetrics metrics;
    private final long life = System.currentTimeMillis();

    // In the control reactor only.

    private @Nullable TcpNetwork network;

    private @Nullable MetaClient client;

    private volatile boolean closed;

    private ChunkServer(ChunkOptions options, List<DeviceHost> hosts, ReactorThread control) {
        this.options = options;
        this.hosts = hosts;
        this.control = control;
    }

    /// Start a chunk server, and return when its devices are open and listened for. Registration goes on by itself.
    ///
    /// @throws ChunkServerException if a device cannot be opened; if it is because of what is on it, and the
    ///     node has been started before, the server goes on with the others
    /// @throws io.basalt.net.NetException if an address cannot be listened on
    public static ChunkServer start(ChunkOptions options) {
        final List<DeviceHost> hosts = new ArrayList<>();
        final ReactorThread control = ReactorThread.start(
                ReactorConfiguration.of("chunk-control", options.devices().size())
                        .withIdleMode(IdleMode.INTERRUPT),
                () -> UringEngine.open(RING_ENTRIES),
                (reactor, source, fault) -> LOG.log(
                        Level.ERROR, reactor + " dropped " + source.getClass().getName() + " after a fault", fault));
        final ChunkServer server = new ChunkServer(options, hosts, control);
        try {
            server.openDevices();
            for (final DeviceHost host : hosts) {
                server.addresses.add(host.listen());
            }
            server.startMetrics();
            server.register();
            return server;
        } catch (RuntimeException e) {
            server.close();
            throw e;
        }
    }

    /// A device whose store cannot be opened does not keep the others of a node from serving that is known to
    /// the cluster: the node registers without it, and the metaserver takes it for failed. A node that was
    /// never registered begins with all of its devices or not at all.
    private void openDevices() {
        final boolean isKnown = Files.exists(options.data().resolve(NODE_FILE));
        for (int index = 0; index < options.devices().size(); index++) {
            try {
                hosts.add(DeviceHost.start(options, index));
            } catch (DeviceRefusedException e) {
                if (!isKnown) {
                    throw e;
                }
                LOG.log(Level.ERROR, options.name() + " goes on without a device: " + e.getMessage());
            }
        }
    }

    /// Where each device that could be opened is listened for, in the order of the options.
    public List<NodeAddress> addresses() {
        return List.copyOf(addresses);
    }

    private void startMetrics() {
        final InetSocketAddress wanted = options.upkeep().metrics();
        if (wanted != null) {
            final ChunkMetrics started = new ChunkMetrics(wanted, options.software(), hosts);
            metrics = started;
            LOG.log(Level.INFO, options.name() + " tells metrics at http:/" + started.address() + "/metrics");
        }
    }

    /// Where metrics are told; null if they are not.
    public @Nullable InetSocketAddress metricsAddress() {
        return metrics == null ? null : metrics.address();
    }

    /// Whether the metaserver knows this node, and can be reached. From any thread but the server's own.
    public boolean isRegistered() {
        return InReactor.await(control.reactor(), "asking the control reactor", future -> {
            final MetaClient at = client;
            future.complete(at != null && at.ready());
        });
    }

    /// Processor time of the devices' reactors so far, in nanoseconds.
    public long dataCpuNs() {
        long sum = 0;
        for (final DeviceHost host : hosts) {
            sum += host.thread().cpuClock().nowNs();
        }
        return sum;
    }

    /// What the devices do and wait for, for people.
    public String describe() {
        final StringBuilder text = new StringBuilder();
        for (final DeviceHost host : hosts) {
            final String device = InReactor.await(
                    host.reactor(),
                    "asking a device",
                    future -> future.complete(
                            host.device() == null
                                    ? "not registered"
                                    : host.device().describe()));
            text.append(device).append(System.lineSeparator());
        }
        return text.toString();
    }

    /// Stop: what others can serve is handed over to them, no new requests are taken, those under way end, devices are
    /// closed cleanly.
    @Override
    public void close() {
        InReactor.<Boolean>await(control.reactor(), "handing over", future -> {
            final MetaClient at = client;
            if (at == null || !at.ready()) {
                future.complete(false);
            } else {
                HandOver.begin(control.reactor(), at, hosts, HAND_OVER_NS, () -> future.complete(true));
            }
        });
        closed = true;
        InReactor.<Boolean>await(control.reactor(), "closing the control reactor", future -> {
            if (client != null) {
                client.close();
            }
            if (network != null) {
                network.close();
            }
            future.complete(true);
        });
        if (metrics != null) {
            metrics.close();
        }
        hosts.forEach(DeviceHost::close);
        control.close();
    }

    private void register() {
        final List<DeviceRegistration> devices = new ArrayList<>();
        for (int index = 0; index < hosts.size(); index++) {
            final DeviceHost host = hosts.get(index);
            final NodeAddress advertised = host.options().advertised();
            final NodeAddress address = advertised == null ? addresses.get(index) : advertised;
            devices.add(new DeviceRegistration(
                    host.uuid(),
                    host.capacity().totalBytes(),
                    host.options().deviceClass(),
                    address.host(),
                    address.port()));
        }
        final NodeRegistration registration = new NodeRegistration(
                IdentityFile.readOrCreate(options.data().resolve(NODE_FILE)),
                options.name(),
                NodeRole.CHUNK,
                options.software(),
                options.room(),
                options.rack(),
                options.host(),
                options.setName(),
                devices);
        InReactor.<Boolean>await(control.reactor(), "starting the metaserver's client", future -> {
            final TcpNetwork opened = TcpNetwork.open(
                    control.reactor(),
                    NetOptions.DEFAULT.withBuffers(PAYLOAD_BYTES, POOL_BYTES, RECEIVE_BYTES, DIRECT_BYTES_MIN),
                    options.key(),
                    new PeerIdentity(PeerIdentity.Role.CHUNK, 0, options.name()));
            network = opened;
            final MetaClient made = new MetaClient(
                    control.reactor(),
                    opened,
                    MetaClientOptions.of(options.metaservers(), registration, new SecureRandom().nextLong() | 1),
                    new Listener());
            client = made;
            made.start();
            future.complete(true);
        });
    }

    /// What the metaserver says, in the control reactor.
    private final class Listener implements MetaListener {
        private final Map<Integer, UsageReports> usage = new TreeMap<>();
        private final WishLog wishes = new WishLog(control.reactor(), options.name());
        private final ContactLog contact = new ContactLog(
                control.reactor().clock(),
                line -> LOG.log(Level.WARNING, options.name() + ": " + line),
                line -> LOG.log(Level.INFO, options.name() + ": " + line));
        private boolean reports;
        private int setId;
        private @Nullable Pulse pulse;
        private boolean isStuck;

        @Override
        public void registered(Registered registered) {
            if (pulse == null) {
                final List<Reactor> reactors =
                        hosts.stream().map(DeviceHost::reactor).toList();
                pulse = new Pulse(control.reactor().clock(), reactors, registered.timeoutNs());
            }
            LOG.log(
                    Level.INFO,
                    options.name() + " is node " + registered.nodeId() + ", devices " + registered.deviceIds());
            contact.back();
            for (int index = 0; index < hosts.size(); index++) {
                final DeviceHost host = hosts.get(index);
                final int deviceId = registered.deviceIds().get(index);
                host.reactor().post(() -> host.serve(deviceId, life, membership(host)));
            }
            usage.values().forEach(UsageReports::forget);
            if (!reports) {
                reports = true;
                report(registered.deviceIds());
                addUp(registered.deviceIds());
            }
        }

        @Override
        public boolean isAlive() {
            final Reactor stuck = pulse == null ? null : pulse.stuck();
            if (stuck != null && !isStuck) {
                LOG.log(
                        Level.ERROR,
                        options.name() + ": " + stuck + " makes no passes any more: the metaserver is given no sign of"
                                + " life until it does; look at its thread and its drive");
            } else if (stuck == null && isStuck) {
                LOG.log(Level.WARNING, options.name() + ": the devices' reactors make passes again");
            }
            isStuck = stuck != null;
            return stuck == null;
        }

        @Override
        public void mapChanged(int newSetId, ClusterMap map) {
            setId = newSetId;
            for (final DeviceHost host : hosts) {
                host.reactor().post(() -> host.mapChanged(map));
            }
        }

        @Override
        public void generationsRaised(GenerationBatch batch, Runnable acknowledge) {
            if (hosts.isEmpty()) {
                acknowledge.run();
                return;
            }
            final AtomicInteger missing = new AtomicInteger(hosts.size());
            for (final DeviceHost host : hosts) {
                host.reactor().post(() -> {
                    raise(host, batch);
                    if (missing.decrementAndGet() == 0) {
                        control.reactor().post(acknowledge);
                    }
                });
            }
        }

        @Override
        public void disconnected(String reason) {
            contact.lost(reason);
        }

        private static void raise(DeviceHost host, GenerationBatch batch) {
            final var device = host.device();
            if (device == null) {
                return;
            }
            for (int index = 0; index < batch.count(); index++) {
                if (batch.generations()[index] > 0) {
                    device.generationRaised(batch.volumeIds()[index], batch.generations()[index]);
                }
                if (batch.generations()[index] == GenerationBatch.DELETED) {
                    device.sweepSoon();
                }
            }
            if (batch.last()) {
                device.generationsAreKnown();
            }
        }

        private Membership membership(DeviceHost host) {
            return new Membership() {
                @Override
                public void removeFromInSync(int pg, int epoch, int deviceId) {
                    wish(pg, epoch, PgChange.Kind.REMOVE_FROM_IN_SYNC, deviceId, wishes::wish);
                }

                @Override
                public void takeBack(int pg, int epoch, int deviceId, Runnable cannot) {
                    final Runnable answered = () -> host.reactor().post(cannot);
                    wish(pg, epoch, PgChange.Kind.REMOVE_FROM_IN_SYNC, deviceId, c -> wishes.takeBack(c, answered));
                }

                @Override
                public void addToInSync(int pg, int epoch, int deviceId) {
                    wish(pg, epoch, PgChange.Kind.ADD_TO_IN_SYNC, deviceId, wishes::wish);
                }

                @Override
                public void partsHeld(int deviceId, long[] partIds) {
                    control.reactor().post(() -> askForDeleted(host, partIds));
                }
            };
        }

        private void askForDeleted(DeviceHost host, long[] partIds) {
            final MetaClient at = client;
            for (int from = 0; from < partIds.length && at != null && at.ready() && !closed; ) {
                final int end = Math.min(partIds.length, from + PartList.COUNT_MAX);
                final List<Long> some =
                        Arrays.stream(partIds, from, end).boxed().toList();
                at.deletedParts(new PartList(some), new Deleted(host));
                from = end;
            }
        }

        /// From a device's reactor.
        private void wish(int pg, int epoch, PgChange.Kind kind, int deviceId, Heard heard) {
            control.reactor().post(() -> {
                final MetaClient at = client;
                if (at != null && at.ready() && setId != 0) {
                    final PgChange change = new PgChange(setId, pg, epoch, kind, deviceId);
                    at.change(change, heard.of(change));
                }
            });
        }

        /// Who hears the answer to a wish.
        private interface Heard {
            MetaReply<PgChangeResult> of(PgChange change);
        }

        private void report(List<Integer> deviceIds) {
            for (int index = 0; index < hosts.size() && !closed; index++) {
                final DeviceHost host = hosts.get(index);
                final int deviceId = deviceIds.get(index);
                final int inSet = setId;
                host.reactor().post(() -> {
                    if (closed) {
                        return;
                    }
                    final DeviceReport report = host.report(deviceId);
                    final List<RepairReport.Progress> copies = host.repairs(inSet);
                    control.reactor().post(() -> {
                        final MetaClient at = client;
                        if (at != null && !closed) {
                            at.report(report);
                            if (!copies.isEmpty()) {
                                at.report(new RepairReport(at.nodeId(), copies));
                            }
                        }
                    });
                });
            }
            if (!closed) {
                control.reactor().schedule(REPORT_NS, () -> report(deviceIds));
            }
        }

        /// Have each device add up how much of which volumes it holds, and tell the metaserver.
        private void addUp(List<Integer> deviceIds) {
            for (int index = 0; index < hosts.size(); index++) {
                final DeviceHost host = hosts.get(index);
                final int deviceId = deviceIds.get(index);
                final UsageReports reported = new UsageReports();
                usage.put(deviceId, reported);
                host.addUp(sums -> control.reactor().post(() -> {
                    final MetaClient at = client;
                    if (at != null && at.ready() && !closed) {
                        reported.tell(at, deviceId, sums);
                    }
                }));
            }
        }
    }

    /// The parts that a device may free; asked again after its next walk if nobody says.
    private record Deleted(DeviceHost host) implements MetaReply<PartList> {
        @Override
        public void done(PartList deleted) {
            final long[] partIds =
                    deleted.partIds().stream().mapToLong(Long::longValue).toArray();
            host.reactor().post(() -> {
                final ChunkDevice device = host.device();
                if (device != null && partIds.length > 0) {
                    LOG.log(Level.INFO, "device " + device.deviceId() + " frees parts " + deleted.partIds());
                    device.partsDeleted(partIds);
                }
            });
        }

        @Override
        public void refused(MetaCode code, String reason) {
            LOG.log(Level.DEBUG, "which parts were deleted is not known, " + code + ": " + reason);
        }
    }
}
