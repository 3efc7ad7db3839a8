package io.basalt.gate.controller;

import io.basalt.gate.handover.Absence;
import io.basalt.gate.handover.HandoverMessage;
import io.basalt.gate.rpc.ControllerSpec;
import io.basalt.gate.rpc.ControllerStatus;
import io.basalt.gate.volume.VolumeClaim;
import io.basalt.linux.socket.UnixListener;
import io.basalt.linux.socket.UnixSocket;
import io.basalt.reactor.Reactor;
import io.basalt.virtio.blk.BlkDevice;
import io.basalt.virtio.blk.BlkLimits;
import io.basalt.virtio.blk.InterruptCoalescing;
import io.basalt.virtio.memory.GuestMemory;
import io.basalt.virtio.vhostuser.RefusedException;
import io.basalt.virtio.vhostuser.SessionImage;
import io.basalt.virtio.vhostuser.SessionState;
import io.basalt.virtio.vhostuser.VhostUserSession;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// One front-end socket that serves one volume, to one front end at a time.
///
/// Concurrency: lives on the control reactor. Its queues live on data reactors; see [SessionDevice].
final class Controller {
    private static final System.Logger LOG = System.getLogger(Controller.class.getName());
    /// A front end causes notes at will: at most one line a second is written, the rest are counted.
    private static final long NOTE_INTERVAL_NS = 1_000_000_000L;
    private static final long NOT_IMAGED = Long.MIN_VALUE;

    private final ControllerSpec spec;
    private final Reactor control;
    private final VolumeClaim claim;
    private final BlkDevice device;
    private final List<VolumeShare> shares;
    private final int firstReactor;
    private final Runnable writebackChanged;
    private final Runnable gone;
    private final Endpoint endpoint;
    private final HostMemoryMapper mapper;
    private final ForeignFds foreign;
    private final List<Runnable> deletionWaiters = new ArrayList<>();

    private ControllerState state = ControllerState.IDLE;
    private @Nullable VhostUserSession session;
    private @Nullable Front front;
    private @Nullable Runnable suspendWaits;
    private boolean surrendering;
    private boolean running;
    private boolean abandoned;
    private @Nullable GuestMemory preparedMemory;
    private long imaged;
    private int sessionCount;
    private boolean announceSize;
    private long notedNs;
    private long notesHeldBack;

    /// @param control where it lives
    /// @param claim the volume; given back when the controller is gone
    /// @param reactors data reactors that its queues are spread over
    /// @param firstReactor where queue 0 lives
    /// @param mapper maps the front end's memory
    /// @param inherited a listening socket made by somebody else, owned from now on; or null
    /// @param standby whether it is made to take over from another process, and looks for nobody
    ///     before that
    /// @param writebackChanged run when the guest has changed its cache mode
    /// @param gone run once, when everything is released
    /// @throws io.basalt.linux.LinuxException if the socket cannot be made; the claim is then still
    ///     the caller's
    Controller(
            ControllerSpec spec,
            Reactor control,
            VolumeClaim claim,
            List<Reactor> reactors,
            int firstReactor,
            BlkLimits limits,
            HostMemoryMapper mapper,
            @Nullable UnixListener inherited,
            boolean standby,
            Runnable writebackChanged,
            Runnable gone) {
        this.spec = spec;
        this.control = control;
        this.claim = claim;
        this.firstReactor = firstReactor;
        this.mapper = mapper;
        this.writebackChanged = writebackChanged;
        this.gone = gone;
        this.foreign = new ForeignFds(spec.name());
        this.device = new BlkDevice(claim.volume(), spec.volume(), spec.readOnly(), spec.packedRing(), limits);
        this.shares = reactors.stream()
                .map(reactor -> new VolumeShare(claim.volume(), reactor))
                .toList();
        this.endpoint = endpoint(inherited);
        if (standby) {
            state = ControllerState.STANDBY;
        }
    }

    private Endpoint endpoint(@Nullable UnixListener inherited) {
        final Endpoint.Taker taker = new Endpoint.Taker() {
            @Override
            public boolean free() {
                return state == ControllerState.IDLE;
            }

            @Override
            public void take(int fd) {
                serve(fd);
            }
        };
        if (spec.mode() == ControllerSpec.Mode.CLIENT) {
            return new ConnectingEndpoint(control, spec.socket(), taker);
        }
        if (inherited != null) {
            return new ListeningEndpoint(control, inherited, foreign, taker);
        }
        if (UnixListener.removeStale(spec.socket())) {
            LOG.log(Level.INFO, "controller={0} removed the stale socket {1}", spec.name(), spec.socket());
        }
        return new ListeningEndpoint(
                control, UnixListener.listen(spec.socket(), 0600, ListeningEndpoint.BACKLOG), foreign, taker);
    }

    /// Begin to look for a front end.
    void open() {
        endpoint.resume();
    }

    ControllerSpec spec() {
        return spec;
    }

    private void become(ControllerState next, String reason) {
        if (!state.canBecome(next)) {
            throw new IllegalStateException("controller " + spec.name() + ": " + state + " -> " + next);
        }
        LOG.log(Level.DEBUG, "controller={0} {1} -> {2}: {3}", spec.name(), state, next, reason);
        state = next;
    }

    // ---- sessions

    private void serve(int fd) {
        become(ControllerState.SERVING, "a front end connected");
        final Front made = front(fd);
        final VhostUserSession current = new VhostUserSession(made.device, made.socket, mapper, made.fds);
        begin(made, current);
        if (announceSize) {
            current.configChanged();
            announceSize = false;
        }
        made.socket.open(current);
    }

    /// What a session needs of its controller.
    private record Front(HostFds fds, SessionSocket socket, SessionDevice device) {}

    private void begin(Front made, VhostUserSession current) {
        front = made;
        session = current;
        sessionCount++;
        LOG.log(Level.INFO, "controller={0} session={1} begins", spec.name(), sessionCount);
    }

    private Front front(int fd) {
        final HostFds fds = new HostFds(foreign);
        final SessionSocket socket =
                new SessionSocket(control, UnixSocket.adopt(fd), foreign, new SessionSocket.SocketEvents() {
                    @Override
                    public void closing(String reason) {
                        LOG.log(Level.INFO, "controller={0} session={1} ends: {2}", spec.name(), sessionCount, reason);
                    }

                    @Override
                    public void closed() {
                        fds.release();
                        sessionReleased();
                    }
                });
        final SessionDevice made = new SessionDevice(
                control, device, shares, firstReactor, claim.entry(), spec.name(), new SessionDevice.SessionEvents() {
                    @Override
                    public void noted(String note) {
                        Controller.this.noted(note);
                    }

                    @Override
                    public void writebackChanged() {
                        writebackChanged.run();
                    }

                    @Override
                    public void memoryLost() {
                        final VhostUserSession current = session;
                        if (current != null) {
                            current.close("guest memory was taken away");
                        }
                    }
                });
        return new Front(fds, socket, made);
    }

    private void sessionReleased() {
        session = null;
        front = null;
        if (state == ControllerState.DELETING) {
            finishDeletion();
            return;
        }
        if (surrendering) {
            finishSurrender();
            return;
        }
        if (state != ControllerState.SERVING) {
            // On the way to another process, which is told that there is no session any more.
            final Runnable waits = suspendWaits;
            suspendWaits = null;
            if (waits != null) {
                waits.run();
            }
            return;
        }
        // Who hands over descriptors that cannot be closed waits for their end himself before he may hand over more.
        foreign.whenClosed(() -> control.post(this::lookForNext));
    }

    private void lookForNext() {
        if (state == ControllerState.SERVING) {
            become(ControllerState.IDLE, "session released");
            endpoint.resume();
        }
    }

    private void noted(String note) {
        final long nowNs = control.nowNs();
        if (notesHeldBack >= 0 && notedNs != 0 && nowNs - notedNs < NOTE_INTERVAL_NS) {
            notesHeldBack++;
            return;
        }
        LOG.log(
                Level.WARNING,
                "controller={0} session={1} {2}{3}",
                spec.name(),
                sessionCount,
                note,
                notesHeldBack == 0 ? "" : " (and " + notesHeldBack + " notes before)");
        notedNs = nowNs;
        notesHeldBack = 0;
    }

    // ---- hand-over, in the old gate

    /// What the next process prepares itself with; its descriptors stay this controller's.
    HandoverMessage.DiskImage image() {
        final VhostUserSession current = session;
        final Front currentFront = front;
        // One that is busy with a message is told of when it is let go of.
        final boolean between = current != null && current.state() == SessionState.OPEN;
        imaged = between || current == null ? version() : NOT_IMAGED;
        return current == null || currentFront == null || !between
                ? new HandoverMessage.DiskImage(spec.name(), endpoint.fd(), -1, null)
                : new HandoverMessage.DiskImage(spec.name(), endpoint.fd(), currentFront.socket.fd(), current.image());
    }

    /// Another number whenever the front end may have said something, or is another one.
    private long version() {
        final VhostUserSession current = session;
        return ((long) sessionCount << 48) + (current == null ? -1 : current.messageCount());
    }

    /// Let go of the disk.
    ///
    /// @param suspended run when nothing is in flight and no message is read any more; not after
    ///     [#resume]
    void suspend(Runnable suspended) {
        final VhostUserSession current = session;
        if (state != ControllerState.SERVING && state != ControllerState.IDLE) {
            suspended.run();
            return;
        }
        become(ControllerState.SUSPENDED, "on its way to another process");
        if (current == null) {
            suspended.run();
        } else if (current.state() != SessionState.CLOSING) {
            suspendWaits = suspended;
            current.suspend(() -> {
                suspendWaits = null;
                suspended.run();
            });
        } else {
            // Its end is near, and will be noticed.
            suspendWaits = suspended;
        }
    }

    /// What has become of the disk since [#image()], now that it is suspended.
    HandoverMessage.DiskState suspendedState() {
        return new HandoverMessage.DiskState(spec.name(), device.writeback(), frontState());
    }

    private HandoverMessage.Front frontState() {
        final VhostUserSession current = session;
        final Front currentFront = front;
        if (current == null || currentFront == null || current.state() != SessionState.SUSPENDED) {
            return new HandoverMessage.NoFront();
        }
        final SessionImage image = current.image();
        if (version() != imaged) {
            return new HandoverMessage.OtherFront(currentFront.socket.fd(), image);
        }
        return new HandoverMessage.SameFront(image.rings().stream()
                .filter(SessionImage.RingImage::runs)
                .map(ring -> new HandoverMessage.RingBase(ring.index(), ring.base()))
                .toList());
    }

    /// Go on with the disk after all.
    ///
    /// @param absence what a process that has died may have done with it. What was in flight there
    ///     is known from the inflight region, as after any crash; a front end without one, or that
    ///     was heard there, has to connect again
    void resume(Absence absence) {
        if (state != ControllerState.SUSPENDED) {
            return;
        }
        suspendWaits = null;
        final VhostUserSession current = session;
        if (current == null) {
            become(ControllerState.IDLE, "stays, without a front end");
            endpoint.resume();
            return;
        }
        become(ControllerState.SERVING, "stays");
        if (absence.served()) {
            current.close("a process that has died may have heard its front end");
            return;
        }
        if (absence.ran() && current.image().inflight() == null) {
            current.close("the process that ran it has died, and no inflight region tells what it was doing");
            return;
        }
        current.resume(refusal -> {
            if (refusal != null) {
                noted(refusal);
            }
            current.open();
        });
    }

    /// Another process serves the disk: release everything here, without a trace for front ends.
    void surrender() {
        surrendering = true;
        final VhostUserSession current = session;
        if (current == null) {
            finishSurrender();
        } else {
            current.surrender();
        }
    }

    private void finishSurrender() {
        become(ControllerState.GONE, "another process serves it");
        endpoint.surrender();
        claim.close();
        gone.run();
        tellDeletionWaiters();
    }

    private void tellDeletionWaiters() {
        deletionWaiters.forEach(Runnable::run);
        deletionWaiters.clear();
    }

    // ---- hand-over, in the new gate

    /// Get ready to go on with a session; nothing of it runs before [#take].
    ///
    /// @param connection the front end's connection, owned from now on
    /// @param image its descriptors are this controller's from now on
    /// @param prepared told null when memory is mapped and registered, or why it cannot be
    void prepare(int connection, SessionImage image, Consumer<@Nullable String> prepared) {
        final String refusal = restore(connection, image);
        final VhostUserSession current = session;
        final Front currentFront = front;
        if (refusal != null || current == null || currentFront == null) {
            prepared.accept(refusal);
            return;
        }
        final GuestMemory memory = current.memory();
        preparedMemory = memory;
        currentFront.device.prepare(memory, () -> prepared.accept(null));
    }

    private @Nullable String restore(int connection, SessionImage image) {
        final Front made = front(connection);
        try {
            begin(made, VhostUserSession.restore(image, made.device, made.socket, mapper, made.fds));
            return null;
        } catch (RefusedException refused) {
            made.socket.surrendered();
            return "controller " + spec.name() + ": " + refused.reason();
        }
    }

    /// Run the disk from the state that the old gate left it in.
    ///
    /// @param disk its descriptors are this controller's from now on
    /// @param taken told null when it runs, or why it does not
    void take(HandoverMessage.DiskState disk, Consumer<@Nullable String> taken) {
        device.writeback(disk.writeback());
        switch (disk.front()) {
            case HandoverMessage.NoFront _ -> {
                drop(() -> taken.accept(null));
            }
            case HandoverMessage.SameFront same -> takeSame(same.bases(), taken);
            case HandoverMessage.OtherFront other -> {
                drop(() -> prepare(other.connection(), other.session(), refusal -> {
                    if (refusal == null) {
                        run(taken);
                    } else {
                        taken.accept(refusal);
                    }
                }));
            }
        }
    }

    private void takeSame(List<HandoverMessage.RingBase> bases, Consumer<@Nullable String> taken) {
        final VhostUserSession current = session;
        if (current == null) {
            taken.accept("controller " + spec.name() + ": its session was not prepared");
            return;
        }
        try {
            for (final HandoverMessage.RingBase ring : bases) {
                current.base(ring.index(), ring.base());
            }
        } catch (RefusedException refused) {
            taken.accept("controller " + spec.name() + ": " + refused.reason());
            return;
        }
        run(taken);
    }

    private void run(Consumer<@Nullable String> taken) {
        final VhostUserSession current = session;
        if (current == null) {
            taken.accept("controller " + spec.name() + ": its front end has gone");
            return;
        }
        running = true;
        current.resume(refusal -> {
            taken.accept(refusal);
            unprepare(() -> {});
        });
    }

    private void unprepare(Runnable done) {
        final GuestMemory memory = preparedMemory;
        final Front currentFront = front;
        preparedMemory = null;
        if (memory == null || currentFront == null) {
            done.run();
        } else {
            currentFront.device.unprepare(memory, done);
        }
    }

    /// Let go of a session that was prepared and does not run.
    ///
    /// @param dropped run when nothing of it is left
    private void drop(Runnable dropped) {
        final VhostUserSession current = session;
        if (current == null) {
            dropped.run();
        } else {
            suspendWaits = dropped;
            unprepare(current::surrender);
        }
    }

    /// Be the one who serves the disk.
    void beginToServe() {
        final VhostUserSession current = session;
        final Front currentFront = front;
        if (!running || current == null || currentFront == null) {
            drop(() -> {
                become(ControllerState.IDLE, "taken over");
                endpoint.resume();
            });
            return;
        }
        become(ControllerState.SERVING, "taken over");
        current.open();
        currentFront.socket.open(current);
    }

    /// Let go of everything that was prepared or taken, without a trace for front ends.
    void abandon() {
        if (!abandoned) {
            abandoned = true;
            unprepare(this::surrender);
        }
    }

    // ---- management

    /// Take no more front ends, let requests finish, release everything.
    ///
    /// @param done run once, now or later
    void delete(Runnable done) {
        if (state == ControllerState.GONE) {
            done.run();
            return;
        }
        deletionWaiters.add(done);
        if (state == ControllerState.STANDBY) {
            abandon();
            return;
        }
        if (state == ControllerState.DELETING) {
            return;
        }
        final VhostUserSession current = session;
        if (current == null && state == ControllerState.IDLE) {
            finishDeletion();
            return;
        }
        become(ControllerState.DELETING, "deleted by the operator");
        if (current == null) {
            // Only the descriptors of the last session are still being closed; that needs no controller.
            finishDeletion();
        } else {
            current.close("the controller is deleted");
        }
    }

    boolean isBeingDeleted() {
        return state == ControllerState.DELETING;
    }

    private void finishDeletion() {
        become(ControllerState.GONE, "released");
        endpoint.close();
        claim.close();
        gone.run();
        tellDeletionWaiters();
    }

    /// The volume has another size: tell the guest, now or when it is there.
    void resized(long sizeBytes) {
        device.resize(sizeBytes);
        final VhostUserSession current = session;
        if (current == null) {
            announceSize = true;
        } else {
            current.configChanged();
        }
    }

    void writeback(boolean enabled) {
        device.writeback(enabled);
    }

    void coalescing(InterruptCoalescing setting) {
        device.coalescing(setting);
    }

    ControllerStatus status(String cpumask) {
        final InterruptCoalescing setting = device.coalescing();
        return new ControllerStatus(
                spec,
                cpumask,
                device.limits().queueCount(),
                setting.delayBaseUs(),
                setting.iopsThreshold(),
                device.writeback(),
                sessions());
    }

    private List<ControllerStatus.Session> sessions() {
        final VhostUserSession current = session;
        final Front currentFront = front;
        if (current == null || currentFront == null) {
            return List.of();
        }
        final List<ControllerStatus.Queue> queues = currentFront.device.queueStatus(current);
        return List.of(new ControllerStatus.Session(
                sessionCount,
                current.state().name(),
                !queues.isEmpty(),
                current.features(),
                current.protocolFeatures(),
                queues));
    }
}
