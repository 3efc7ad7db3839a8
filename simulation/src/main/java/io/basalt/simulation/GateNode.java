package io.basalt.simulation;

import io.basalt.gate.cluster.ClusterClient;
import io.basalt.gate.cluster.ClusterCounters;
import io.basalt.gate.cluster.ClusterVolume;
import io.basalt.gate.cluster.VolumeState;
import io.basalt.net.CallStatus;
import io.basalt.net.meta.MetaReply;
import io.basalt.wire.meta.MetaCode;
import io.basalt.wire.meta.VolumeRecord;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// One life of a gate: a control reactor with the production [ClusterClient], and data reactors with a
/// [ClusterPort] each, over which the volumes are served to [Guest]s.
final class GateNode implements ServingGate {
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
    private final GateProcess process;
    private final SimReactor control;
    private final List<Served> served = new ArrayList<>();

    /// A volume that the gate serves, or tries to.
    static final class Served implements Disk {
        private final DiskHistory disk;

        private @Nullable ClusterVolume volume;

        private @Nullable Guest guest;

        private int generation;

        Served(DiskHistory disk) {
            this.disk = disk;
        }

        @Override
        public DiskHistory disk() {
            return disk;
        }

        @Override
        public @Nullable Guest guest() {
            return guest;
        }

        /// Number of the attachment; 0 before there is one.
        int generation() {
            return generation;
        }

        @Override
        public boolean isAttached() {
            return guest != null && volume != null && volume.state() == VolumeState.ATTACHED;
        }

        @Override
        public boolean isLost() {
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
        process = new GateProcess(world, random, scenario, host, host, uuid);
        control = process.control();
        world.note(host + " starts as process " + number + (takesOver ? ", takes over" : ""));
        disks.forEach(disk -> served.add(new Served(disk)));
        start(takesOver);
    }

    @Override
    public String host() {
        return host;
    }

    /// Of the process.
    long number() {
        return number;
    }

    @Override
    public UUID uuid() {
        return uuid;
    }

    @Override
    public List<Served> served() {
        return served;
    }

    @Override
    public boolean isGone() {
        return process.hasEnded();
    }

    private void start(boolean takesOver) {
        control.reactor().post(() -> {
            client().start();
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
        return process.client();
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
                    host + "/" + number + " generation " + each.generation,
                    number,
                    scenario.load(),
                    plan,
                    memory -> new ChannelPath(volume, number, process.data(), memory));
            world.note(host + ": " + volume.volumeName() + " is attached, generation " + each.generation);
            listener.attached(this, each);
        } else {
            world.note(host + ": " + volume.volumeName() + " is lost: " + volume.reason());
        }
    }

    @Override
    public void observe() {
        for (final Served each : served) {
            if (each.volume != null) {
                final ClusterCounters counters = each.volume.counters();
                world.coverage().saw(Sighting.RETRY_IN_ORDER, counters.of(ClusterCounters.Event.ORDER_WAITS));
                world.coverage().saw(Sighting.SILENT_CONNECTION, counters.of(CallStatus.TIMED_OUT));
            }
        }
    }

    @Override
    public void crash(boolean silent) {
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

    @Override
    public void pause(long untilNs) {
        process.pause(untilNs);
    }

    @Override
    public void pauseReactor(int index, long untilNs) {
        process.pauseReactor(index, untilNs);
    }
}
