package io.basalt.simulation;

import io.basalt.gate.cluster.ClusterClient;
import io.basalt.gate.cluster.ClusterCounters;
import io.basalt.gate.cluster.ClusterVolume;
import io.basalt.gate.cluster.VolumeLayout;
import io.basalt.gate.cluster.VolumeState;
import io.basalt.net.CallStatus;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// One life of a gate that serves [Machine]s over rings, and can be handed over to the next: begins as the
/// gate, or as the successor of another process on the same host. What it gives is a [RingGiver], what it
/// takes a [RingTaker].
final class RingGate implements ServingGate {
    private final World world;
    private final Scenario scenario;
    private final HandOvers owner;
    private final GateProcess process;
    private final String name;
    private final UUID uuid;
    private final List<RingDisk> disks = new ArrayList<>();
    private final Map<String, RingDisk> byName = new LinkedHashMap<>();
    private int lockFd = -1;
    private int listenerFd = -1;
    private boolean isTheGate;

    /// A process that does nothing yet.
    ///
    /// @param number of the process, 1 and up
    RingGate(
            World world,
            SimRandom random,
            Scenario scenario,
            HandOvers owner,
            long number,
            String host,
            UUID uuid,
            List<Machine> machines) {
        this.world = world;
        this.scenario = scenario;
        this.owner = owner;
        this.uuid = uuid;
        name = host + "-" + number;
        process = new GateProcess(world, random, scenario, host, name, uuid);
        for (final Machine machine : machines) {
            final RingDisk disk = new RingDisk(world, this, owner, machine);
            disks.add(disk);
            byName.put(machine.disk().volumeName(), disk);
        }
    }

    GateProcess process() {
        return process;
    }

    ClusterClient client() {
        return process.client();
    }

    List<RingDisk> disks() {
        return disks;
    }

    RingDisk disk(String volumeName) {
        final RingDisk found = byName.get(volumeName);
        if (found == null) {
            throw new SimulationFailure(name + " knows no disk " + volumeName);
        }
        return found;
    }

    /// Run something in the control reactor.
    void post(Runnable what) {
        process.control().reactor().post(what);
    }

    // Being the gate.

    /// Be the gate from the start: nobody else is.
    void begin() {
        world.note(name + " starts as the gate");
        lockFd = owner.descriptors().open(process.process(), owner.lock());
        listenerFd = owner.descriptors().open(process.process(), owner.rpcListener());
        post(() -> {
            client().start();
            openVolumes();
            disks.forEach(disk -> disk.newTenure());
            isTheGate = true;
        });
    }

    /// Open all volumes, attached as the cluster client sees fit.
    void openVolumes() {
        for (final RingDisk disk : disks) {
            final DiskHistory of = disk.disk();
            disk.opened(client().open(
                            of.volumeName(), of.volumeName(), scenario.load().blockBytes(), of.sizeBytes(), 0));
        }
    }

    /// Whether front ends find it listening.
    boolean isTheGate() {
        return isTheGate && !isGone();
    }

    void isTheGate(boolean is) {
        isTheGate = is;
    }

    int lockFd() {
        return lockFd;
    }

    int listenerFd() {
        return listenerFd;
    }

    /// Descriptors that another process has handed over.
    void adopt(int newLockFd, int newListenerFd) {
        lockFd = newLockFd;
        listenerFd = newListenerFd;
    }

    /// Another process is the gate.
    void surrender() {
        isTheGate = false;
        disks.forEach(RingDisk::drop);
        owner.descriptors().close(lockFd);
        owner.descriptors().close(listenerFd);
    }

    /// The front end of a machine connects.
    void accept(Machine machine, Machine.Connection connection) {
        disk(machine.disk().volumeName()).accept(connection);
    }

    /// A front end has said something.
    void readable(Machine machine) {
        post(() -> disk(machine.disk().volumeName()).read());
    }

    /// Look after every turn whether a volume was attached.
    void look() {
        for (final RingDisk disk : disks) {
            if (!isGone()) {
                disk.look();
            }
        }
    }

    // A gate like others.

    @Override
    public String host() {
        return name;
    }

    @Override
    public UUID uuid() {
        return uuid;
    }

    @Override
    public List<RingDisk> served() {
        return disks;
    }

    @Override
    public boolean isGone() {
        return process.hasEnded();
    }

    @Override
    public void observe() {
        for (final RingDisk disk : disks) {
            final ClusterVolume volume = disk.volume();
            if (volume != null) {
                final ClusterCounters counters = volume.counters();
                world.coverage().saw(Sighting.RETRY_IN_ORDER, counters.of(ClusterCounters.Event.ORDER_WAITS));
                world.coverage().saw(Sighting.SILENT_CONNECTION, counters.of(CallStatus.TIMED_OUT));
            }
        }
    }

    @Override
    public void crash(boolean silent) {
        if (!process.hasEnded()) {
            world.note(name + " ends");
            process.end(silent);
            owner.ended(this);
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

    @Override
    public String toString() {
        return name;
    }

    /// How it stands, for people.
    String describe() {
        final StringBuilder text = new StringBuilder(name).append(isTheGate ? " is the gate" : " is not the gate");
        for (final RingDisk disk : disks) {
            final ClusterVolume volume = disk.volume();
            text.append("; ").append(disk.disk().volumeName()).append(' ');
            text.append(volume == null ? "not open" : volume.state() + " (" + volume.reason() + ")");
        }
        return text.toString();
    }

    /// Whether a volume that may have been asked for is this gate's.
    static boolean isAttached(@Nullable ClusterVolume volume) {
        return volume != null && volume.state() == VolumeState.ATTACHED;
    }

    /// Number of the attachment; 0 if there is none.
    static int generation(@Nullable ClusterVolume volume) {
        final VolumeLayout layout = volume == null ? null : volume.layout();
        return layout == null ? 0 : layout.generation();
    }
}
