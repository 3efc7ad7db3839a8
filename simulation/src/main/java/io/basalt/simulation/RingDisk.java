package io.basalt.simulation;

import io.basalt.block.RegionTable;
import io.basalt.gate.cluster.ClusterVolume;
import io.basalt.gate.handover.Absence;
import io.basalt.gate.handover.HandoverMessage.DiskImage;
import io.basalt.gate.handover.HandoverMessage.DiskState;
import io.basalt.gate.handover.HandoverMessage.Front;
import io.basalt.gate.handover.HandoverMessage.NoFront;
import io.basalt.gate.handover.HandoverMessage.OtherFront;
import io.basalt.gate.handover.HandoverMessage.RingBase;
import io.basalt.gate.handover.HandoverMessage.SameFront;
import io.basalt.virtio.vhostuser.SessionImage;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A disk in one process of a gate: the volume, what the process knows of the front end's session, and its
/// servers of the rings. What a gate's controller is, without vhost-user.
///
/// A session is the number of messages that were read: whoever goes on with it must know of every one.
final class RingDisk implements ServingGate.Disk {
    private final World world;
    private final RingGate gate;
    private final HandOvers owner;
    private final Machine machine;
    private final List<RingServer> servers = new ArrayList<>();
    private final int[] bases;

    private @Nullable ClusterVolume volume;
    private @Nullable RegionTable memory;
    private Machine.@Nullable Connection connection;
    private int fd = -1;
    private int known;
    private boolean reads;
    private boolean isSuspended;
    private boolean rested;
    private boolean resumes;
    private int draining;
    private @Nullable Runnable suspendWaits;
    private long tenure;
    private int generation;
    private boolean inherits;
    private Machine.@Nullable Connection imagedConnection;
    private int imagedKnown;

    RingDisk(World world, RingGate gate, HandOvers owner, Machine machine) {
        this.world = world;
        this.gate = gate;
        this.owner = owner;
        this.machine = machine;
        bases = new int[machine.rings().size()];
    }

    Machine machine() {
        return machine;
    }

    @Nullable
    ClusterVolume volume() {
        return volume;
    }

    ClusterVolume openVolume() {
        return Objects.requireNonNull(volume, "opened before");
    }

    void opened(ClusterVolume opened) {
        volume = opened;
    }

    @Override
    public DiskHistory disk() {
        return machine.disk();
    }

    @Override
    public Guest guest() {
        return machine.guest();
    }

    @Override
    public boolean isAttached() {
        return RingGate.isAttached(volume);
    }

    @Override
    public boolean isLost() {
        return volume != null && volume.state().fails();
    }

    /// The volume is about to be attached anew for this process.
    void newTenure() {
        tenure = owner.newTenure(machine);
    }

    /// Whether the process before leaves its attachment, every change of which has had its answer.
    void inherits(boolean does) {
        inherits = does;
    }

    /// Nothing was taken or opened before: the volume will be attached for this process as it is.
    boolean hasTenure() {
        return tenure != 0;
    }

    void look() {
        final int now = RingGate.generation(volume);
        if (now != 0 && now != generation) {
            generation = now;
            owner.attached(gate, machine, tenure, now);
        }
    }

    // The front end.

    /// Whether a front end that connects now is taken.
    boolean accepts() {
        return gate.isTheGate() && !isSuspended && connection == null;
    }

    /// Whether it reads what the front end says.
    boolean readsFront() {
        return reads && !gate.isGone();
    }

    void accept(Machine.Connection made) {
        fd = owner.descriptors().open(gate.process().process(), made);
        connection = made;
        known = 0;
        gate.post(() -> {
            if (!made.equals(connection)) {
                return;
            }
            if (isSuspended) {
                // Found in the queue of the listening socket by nobody: whoever is the gate next hangs up.
                made.hangUp();
                drop();
                return;
            }
            reads = true;
            read();
            runServers();
            servers.forEach(RingServer::recover);
        });
    }

    /// Read what the front end has said.
    void read() {
        final Machine.Connection open = connection;
        if (!reads || open == null) {
            return;
        }
        if (known != open.heard()) {
            throw new SimulationFailure("H6: " + gate + " goes on with the session of " + disk().volumeName()
                    + " as it was after " + known + " messages; " + open.heard() + " were read");
        }
        known += open.unread();
        open.read();
    }

    /// Forget the front end, without hanging up.
    void drop() {
        reads = false;
        if (fd >= 0) {
            final int last = fd;
            fd = -1;
            connection = null;
            owner.descriptors().close(last);
        }
    }

    private void hangUp() {
        final Machine.Connection open = connection;
        if (open != null) {
            open.hangUp();
        }
        drop();
    }

    private void runServers() {
        if (memory == null) {
            memory = machine.mapped();
        }
        servers.clear();
        for (int index = 0; index < bases.length; index++) {
            servers.add(new RingServer(
                    gate.host(),
                    gate.process().process(),
                    gate.process().data().get(index),
                    openVolume(),
                    machine.rings().get(index),
                    memory,
                    tenure,
                    by -> owner.answered(gate, machine, by.tenure(), RingGate.generation(volume), inherits)));
        }
    }

    // In the old process.

    DiskImage image() {
        // One that is busy is told of when it is let go of.
        final Machine.Connection open = reads ? connection : null;
        imagedConnection = open;
        imagedKnown = known;
        return open == null
                ? new DiskImage(disk().volumeName(), -1, -1, null)
                : new DiskImage(disk().volumeName(), -1, fd, session());
    }

    private SessionImage session() {
        final List<SessionImage.RingImage> rings = new ArrayList<>();
        for (int index = 0; index < bases.length; index++) {
            rings.add(new SessionImage.RingImage(
                    index, 1, true, 0, 0, 0, -1, bases[index], true, !servers.isEmpty(), -1, -1, -1));
        }
        return new SessionImage(known, 0, 0, true, false, true, -1, List.of(), null, null, rings);
    }

    /// Let go of the disk.
    ///
    /// @param suspended run when nothing is in flight; not after [#resume]
    void suspend(Runnable suspended) {
        isSuspended = true;
        if (draining > 0) {
            // The hand-over before was broken off, and its requests are not finished yet.
            suspendWaits = suspended;
            return;
        }
        rested = false;
        resumes = false;
        reads = false;
        draining = servers.size();
        if (draining == 0) {
            rested = true;
            suspended.run();
        }
        for (int index = 0; index < servers.size(); index++) {
            final int ring = index;
            servers.get(index)
                    .stop(base -> gate.post(() -> {
                        bases[ring] = base;
                        draining--;
                        if (draining == 0) {
                            stopped(suspended);
                        }
                    }));
        }
    }

    private void stopped(Runnable suspended) {
        if (resumes) {
            go(Absence.NOTHING);
            final Runnable waits = suspendWaits;
            suspendWaits = null;
            if (waits != null) {
                suspend(waits);
            }
        } else {
            rested = true;
            suspended.run();
        }
    }

    boolean isDraining() {
        return draining > 0;
    }

    DiskState state() {
        return new DiskState(disk().volumeName(), true, front());
    }

    private Front front() {
        final Machine.Connection open = connection;
        if (open == null || servers.isEmpty()) {
            return new NoFront();
        }
        if (known != imagedKnown || !open.equals(imagedConnection)) {
            return new OtherFront(fd, session());
        }
        final List<RingBase> positions = new ArrayList<>();
        for (int index = 0; index < bases.length; index++) {
            positions.add(new RingBase(index, bases[index]));
        }
        return new SameFront(positions);
    }

    /// Go on with the disk after all.
    ///
    /// @param absence what a process that has died may have done with it
    void resume(Absence absence) {
        if (!isSuspended) {
            // It was about to be.
            return;
        }
        isSuspended = false;
        suspendWaits = null;
        if (draining > 0) {
            resumes = true;
            return;
        }
        if (rested) {
            newTenure();
        }
        go(absence);
    }

    private void go(Absence absence) {
        if (connection == null) {
            return;
        }
        if (absence.served() || (absence.ran() && !machine.hasInflight())) {
            world.note(gate + " hangs up on " + disk().volumeName() + ": " + absence);
            servers.clear();
            hangUp();
            return;
        }
        reads = true;
        read();
        runServers();
        for (int index = 0; index < bases.length; index++) {
            if (absence.ran()) {
                servers.get(index).recover();
            } else {
                servers.get(index).start(bases[index]);
            }
        }
    }

    // In the new process.

    /// Get ready to go on with a session.
    void prepare(DiskImage image) {
        final SessionImage session = image.session();
        if (session != null) {
            adopt(image.connection(), session);
        }
    }

    private void adopt(int connectionFd, SessionImage session) {
        fd = connectionFd;
        connection = (Machine.Connection) owner.descriptors().file(connectionFd);
        known = (int) session.features();
        session.rings().forEach(ring -> bases[ring.index()] = ring.base());
    }

    /// Run the disk from where the old process has left it.
    void take(Front front) {
        switch (front) {
            case NoFront _ -> {
                drop();
                return;
            }
            case SameFront same -> same.bases().forEach(ring -> bases[ring.index()] = ring.base());
            case OtherFront other -> {
                drop();
                adopt(other.connection(), other.session());
            }
        }
        runServers();
        for (int index = 0; index < bases.length; index++) {
            servers.get(index).start(bases[index]);
        }
    }

    /// Be the one who serves the disk.
    void beginToServe() {
        if (servers.isEmpty()) {
            drop();
            if (!hasTenure()) {
                newTenure();
            }
        } else {
            reads = true;
            read();
        }
    }

    /// Take nothing more.
    void abandon() {
        servers.forEach(server -> server.stop(_ -> {}));
        drop();
    }
}
