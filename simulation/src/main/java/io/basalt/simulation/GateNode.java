package io.basalt.simulation;

import io.basalt.gate.cluster.ClusterClient;
import io.basalt.gate.cluster.ClusterCounters;
import io.basalt.gate.cluster.ClusterPort;
import io.basalt.gate.cluster.ClusterVolume;
import io.basalt.gate.cluster.VolumeState;
import io.basalt.net.CallStatus;
import io.basalt.net.PeerIdentity;
import io.basalt.net.meta.MetaReply;
import io.basalt.net.sim.SimEndpoint;
import io.basalt.wire.meta.MetaCode;
import io.basalt.wire.meta.NodeRegistration;
import io.basalt.wire.meta.NodeRole;
import io.basalt.wire.meta.VolumeRecord;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// One life of a gate: a control reactor with the production [ClusterClient], and data reactors with a
/// [ClusterPort] each, over which the volumes are served to [Guest]s.
final class GateNode {
    private static final int DATA_REACTORS = 2;
    private static final long LOOK_NS = 1_000_000;
    private static final long ATTACH_AGAIN_NS = 50_000_000;

    /// Hears of attachments.
    interface AttachListener {
        /// A volume is this gate's. From the control reactor, before any guest has used it.
        void attached(GateNode gate, Served served);
    }

    private final World world;
    private final SimRandom random;
    private final Scenario scenario;
    private final Plan plan;
    private final String host;
    private final UUID uuid;
    private final long number;
    private final AttachListener listener;
    private final SimProcess process;
    private final SimReactor control;
    private final List<SimReactor> data = new ArrayList<>();
    private final List<Served> served = new ArrayList<>();

    private @Nullable ClusterClient client;

    /// A volume that the gate serves, or tries to.
    static final class Served {
        private final DiskHistory disk;

        private @Nullable ClusterVolume volume;

        private @Nullable Guest guest;

        private int generation;

        Served(DiskHistory disk) {
            this.disk = disk;
        }

        DiskHistory disk() {
            return disk;
        }

        /// The virtual machine; null before the volume is attached.
        @Nullable
        Guest guest() {
            return guest;
        }

        /// Number of the attachment; 0 before there is one.
        int generation() {
            return generation;
        }

        /// Whether the volume is attached, as far as the gate knows.
        boolean isAttached() {
            return guest != null && volume != null && volume.state() == VolumeState.ATTACHED;
        }

        /// Whether another attachment has taken the volume away.
        boolean isLost() {
            return volume != null && volume.state().fails();
        }
    }

    /// Begin a process. It attaches its volumes by itself.
    ///
    /// @param number of the process, 1 and up
    /// @param host that it runs on
    /// @param uuid of the node; that of an earlier process is the same gate once more
    /// @param takesOver whether the volumes are taken from whatever gate has them; otherwise they must be this
    ///     node's
    GateNode(
            World world,
            SimRandom random,
            Scenario scenario,
            Plan plan,
            long number,
            String host,
            UUID uuid,
            boolean takesOver,
            List<DiskHistory> disks,
            AttachListener listener) {
        this.world = world;
        this.random = random;
        this.scenario = scenario;
        this.plan = plan;
        this.number = number;
        this.host = host;
        this.uuid = uuid;
        this.listener = listener;
        process = new SimProcess(world, host);
        control = process.reactor("control");
        world.note(host + " starts as process " + number + (takesOver ? ", takes over" : ""));
        disks.forEach(disk -> served.add(new Served(disk)));
        start(takesOver);
    }

    String host() {
        return host;
    }

    UUID uuid() {
        return uuid;
    }

    List<Served> served() {
        return served;
    }

    boolean isGone() {
        return process.hasEnded();
    }

    private void start(boolean takesOver) {
        final List<ClusterPort> ports = new ArrayList<>();
        for (int index = 0; index < DATA_REACTORS; index++) {
            final SimReactor reactor = process.reactor("data" + index);
            final SimEndpoint network = process.dataNetwork(reactor, PeerIdentity.Role.GATE);
            data.add(reactor);
            ports.add(new ClusterPort(
                    reactor.reactor(), network, scenario.cluster().gate(), random.nextLong() | 1));
        }
        final SimEndpoint network = process.controlNetwork(control, PeerIdentity.Role.GATE);
        final NodeRegistration registration = new NodeRegistration(
                uuid, host, NodeRole.GATE, "simulation", "room", "rack", host, Simulation.SET, List.of());
        final ClusterClient made = new ClusterClient(
                control.reactor(),
                network,
                scenario.cluster().control().clientOptions(registration, random.nextLong() | 1),
                ports);
        client = made;
        control.reactor().post(() -> {
            made.start();
            served.forEach(each -> {
                if (takesOver) {
                    takeOver(each);
                } else {
                    open(each);
                }
            });
        });
    }

    private ClusterClient client() {
        return Objects.requireNonNull(client);
    }

    private void takeOver(Served each) {
        client().attach(each.disk.volumeName(), true, new MetaReply<>() {
            @Override
            public void done(VolumeRecord record) {
                open(each);
            }

            @Override
            public void refused(MetaCode code, String reason) {
                world.note(host + ": " + each.disk.volumeName() + " is not attached: " + code);
                control.reactor().schedule(ATTACH_AGAIN_NS, () -> takeOver(each));
            }
        });
    }

    private void open(Served each) {
        each.volume = client().open(
                        each.disk.volumeName(),
                        each.disk.volumeName(),
                        scenario.load().blockBytes(),
                        each.disk.sizeBytes(),
                        0);
        look(each, each.volume);
    }

    private void look(Served each, ClusterVolume volume) {
        if (volume.state() == VolumeState.ATTACHING) {
            control.reactor().schedule(LOOK_NS, () -> look(each, volume));
        } else if (volume.state() == VolumeState.ATTACHED) {
            each.generation = Objects.requireNonNull(volume.layout()).generation();
            each.guest = new Guest(
                    world,
                    random.fork("guest" + each.disk.number()),
                    each.disk,
                    volume,
                    host + "/" + number + " generation " + each.generation,
                    number,
                    scenario.load(),
                    plan,
                    data);
            world.note(host + ": " + volume.volumeName() + " is attached, generation " + each.generation);
            listener.attached(this, each);
        } else {
            world.note(host + ": " + volume.volumeName() + " is lost: " + volume.reason());
        }
    }

    /// Note what the volumes have counted.
    void observe() {
        for (final Served each : served) {
            if (each.volume != null) {
                final ClusterCounters counters = each.volume.counters();
                world.coverage().saw(Sighting.RETRY_IN_ORDER, counters.of(ClusterCounters.Event.ORDER_WAITS));
                world.coverage().saw(Sighting.SILENT_CONNECTION, counters.of(CallStatus.TIMED_OUT));
            }
        }
    }

    /// End the process, at this very moment.
    void crash(boolean silent) {
        if (process.hasEnded()) {
            return;
        }
        world.note(host + (silent ? " loses power" : " is killed"));
        process.end(silent);
        for (final Served each : served) {
            if (each.guest != null) {
                each.guest.crash();
            }
        }
    }

    /// Let the process not run for a while.
    void pause(long untilNs) {
        process.pause(untilNs);
    }

    /// Let one of the data reactors not run for a while: what it has heard last grows old.
    void pauseReactor(int index, long untilNs) {
        data.get(index % DATA_REACTORS).pause(untilNs);
    }
}
