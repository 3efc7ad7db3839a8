package io.basalt.gate.controller;

import io.basalt.gate.handover.Absence;
import io.basalt.gate.handover.HandoverMessage;
import io.basalt.gate.rpc.ControllerSpec;
import io.basalt.gate.rpc.ControllerStatus;
import io.basalt.linux.socket.UnixListener;
import io.basalt.reactor.Reactor;
import io.basalt.virtio.vhostuser.RefusedException;
import io.basalt.virtio.vhostuser.SessionImage;
import io.basalt.virtio.vhostuser.VhostUserSession;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// One front-end socket that serves one volume, to one guest at a time: a second front end may connect
/// and get ready, as a new QEMU does that is to take the guest over from the one before on the same
/// host. Its rings run when the other's have stopped ([RingTurn]).
///
/// Concurrency: lives on the control reactor. Its queues live on data reactors; see [SessionDevice].
final class Controller {
    private static final System.Logger LOG = System.getLogger(Controller.class.getName());

    private final ControllerSpec spec;
    private final Reactor control;
    private final Backend backend;
    private final int firstReactor;
    private final KeptFront kept;
    private final Runnable writebackChanged;
    private final Runnable gone;
    private final Endpoint endpoint;
    private final HostMemoryMapper mapper;
    private final RingTurn turn = new RingTurn();
    private final ForeignFds foreign;
    private final NoteLimit notes;
    private final Fronts fronts = new Fronts();
    private final HandedImage handed = new HandedImage(fronts);
    private final List<Runnable> deletionWaiters = new ArrayList<>();

    private ControllerState state = ControllerState.IDLE;

    /// Fronts that are released but for descriptors that are still being closed.
    private int closing;

    private @Nullable Runnable suspendWaits;
    private boolean letGo;
    private boolean surrendering;
    private boolean running;
    private boolean abandoned;
    private int sessionCount;
    private boolean announceConfig;

    /// @param control where it lives
    /// @param backend what it shows; closed when the controller is gone
    /// @param firstReactor where queue 0 lives
    /// @param mapper maps the front end's memory
    /// @param inherited a listening socket made by somebody else, owned from now on; or null
    /// @param standby whether it is made to take over from another process, and looks for nobody
    ///     before that
    /// @param keeper what its sessions are made known to
    /// @param writebackChanged run when the guest has changed its cache mode
    /// @param gone run once, when everything is released
    /// @throws io.basalt.linux.LinuxException if the socket cannot be made; the backend is then still
    ///     the caller's
    Controller(
            ControllerSpec spec,
            Reactor control,
            Backend backend,
            int firstReactor,
            HostMemoryMapper mapper,
            @Nullable UnixListener inherited,
            boolean standby,
            SessionKeeper keeper,
            Runnable writebackChanged,
            Runnable gone) {
        this.spec = spec;
        this.control = control;
        this.backend = backend;
        this.firstReactor = firstReactor;
        this.mapper = mapper;
        this.writebackChanged = writebackChanged;
        this.gone = gone;
        this.foreign = new ForeignFds(spec.name());
        this.notes = new NoteLimit(control, spec.name());
        this.kept = new KeptFront(keeper, backend, fronts);
        this.endpoint = endpoint(inherited);
        if (standby) {
            state = ControllerState.STANDBY;
        }
    }

    private Endpoint endpoint(@Nullable UnixListener inherited) {
        final Endpoint.Taker taker = new Endpoint.Taker() {
            @Override
            public boolean free() {
                return hasRoom();
            }

            @Override
            public boolean full() {
                return state == ControllerState.SERVING && fronts.isFull();
            }

            @Override
            public void refused() {
                notes.note(0, "a third front end was hung up on: two are connected, and one of them has to go first");
            }

            @Override
            public void take(int fd) {
                serve(fd);
            }
        };
        return Endpoint.of(spec, control, inherited, foreign, taker);
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

    private boolean hasRoom() {
        if (state == ControllerState.IDLE) {
            return true;
        }
        // A front end that listens is connected to once. Who sends descriptors that cannot be closed has to wait.
        return spec.mode() == ControllerSpec.Mode.SERVER
                && state == ControllerState.SERVING
                && fronts.all().size() == 1
                && closing == 0;
    }

    private void serve(int fd) {
        final Front made = front(fd);
        made.begin(mapper);
        if (state == ControllerState.IDLE) {
            become(ControllerState.SERVING, "a front end connected");
        }
        admit(made);
        if (announceConfig) {
            made.session().configChanged();
            announceConfig = false;
        }
        made.listen();
    }

    private void admit(Front made) {
        fronts.add(made);
        LOG.log(Level.INFO, "controller={0} session={1} begins", spec.name(), made.number());
    }

    private Front front(int fd) {
        sessionCount++;
        return new Front(
                sessionCount,
                control,
                fd,
                foreign,
                events -> new SessionDevice(control, backend, firstReactor, spec.name(), turn, events),
                new FrontEvents());
    }

    private final class FrontEvents implements Front.Events {
        @Override
        public void hears(Front which) {
            kept.hears(which);
        }

        @Override
        public void heardNothing(Front which) {
            kept.heardNothing(which);
        }

        @Override
        public void keep(Front which, Runnable done) {
            kept.handled(which, done);
        }

        @Override
        public void closing(Front which, String reason) {
            hears(which);
            LOG.log(Level.INFO, "controller={0} session={1} ends: {2}", spec.name(), which.number(), reason);
        }

        @Override
        public void released(Front which) {
            Controller.this.released(which);
        }

        @Override
        public void ringsRun(Front which) {
            kept.runs(which);
        }

        @Override
        public void noted(Front which, String note) {
            notes.note(which.number(), note);
        }

        @Override
        public void writebackChanged() {
            writebackChanged.run();
        }
    }

    /// Make known the session whose rings run; see [SessionKeeper].
    void keep() {
        kept.keep();
    }

    private void released(Front gone) {
        final boolean known = gone.equals(fronts.first());
        fronts.remove(gone);
        if (known && state != ControllerState.STANDBY) {
            kept.forget();
        }
        if (state == ControllerState.DELETING) {
            if (fronts.isEmpty()) {
                finishDeletion();
            }
            return;
        }
        if (surrendering) {
            finishSurrender();
            return;
        }
        if (state != ControllerState.SERVING) {
            // On the way to another process, which is told that there is no session any more.
            tellIfLetGo();
            return;
        }
        // Who hands over descriptors that cannot be closed waits for their end himself before he may hand over more.
        closing++;
        foreign.whenClosed(() -> control.post(this::lookForNext));
    }

    private void lookForNext() {
        closing--;
        if (state == ControllerState.SERVING) {
            if (fronts.isEmpty()) {
                become(ControllerState.IDLE, "session released");
            }
            endpoint.resume();
        }
    }

    // ---- hand-over, in the old gate

    /// What the next process prepares itself with; its descriptors stay this controller's.
    HandoverMessage.DiskImage image() {
        return handed.take(spec.name(), endpoint.fd());
    }

    /// Let go of the disk. A second front end is hung up on: one goes along.
    ///
    /// @param suspended run when nothing is in flight and no message is read any more; not after
    ///     [#resume]
    void suspend(Runnable suspended) {
        final Front current = fronts.first();
        final Front other = fronts.second();
        if (state != ControllerState.SERVING && state != ControllerState.IDLE) {
            suspended.run();
            return;
        }
        become(ControllerState.SUSPENDED, "on its way to another process");
        suspendWaits = suspended;
        letGo = false;
        if (other != null) {
            other.session().close("the gate is being handed over to a new process, with one front end only");
        }
        if (current != null && !current.isEnding()) {
            current.session().suspend(() -> {
                letGo = true;
                tellIfLetGo();
            });
        } else {
            // The end of one that is ending is near, and will be noticed.
            tellIfLetGo();
        }
    }

    private void tellIfLetGo() {
        final Runnable waits = suspendWaits;
        if (waits != null && fronts.second() == null && (fronts.isEmpty() || letGo)) {
            suspendWaits = null;
            waits.run();
        }
    }

    /// What has become of the disk since [#image()], now that it is suspended.
    HandoverMessage.DiskState suspendedState() {
        return new HandoverMessage.DiskState(spec.name(), backend.writeback(), handed.change());
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
        final Front stays = fronts.first();
        if (stays == null) {
            become(ControllerState.IDLE, "stays, without a front end");
            endpoint.resume();
            return;
        }
        final VhostUserSession current = stays.session();
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
                notes.note(stays.number(), refusal);
            }
            current.open();
        });
        endpoint.resume();
    }

    /// Another process serves the disk: release everything here, without a trace for front ends.
    void surrender() {
        surrendering = true;
        final Front current = fronts.first();
        if (current == null) {
            finishSurrender();
        } else {
            current.session().surrender();
        }
    }

    private void finishSurrender() {
        become(ControllerState.GONE, "another process serves it");
        endpoint.surrender();
        backend.close();
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
        final Front current = fronts.first();
        if (refusal != null || current == null) {
            prepared.accept(refusal);
            return;
        }
        current.prepare(() -> prepared.accept(null));
    }

    /// Get ready to go on with another session than was prepared before.
    ///
    /// @param image null if there is none
    /// @param replaced told null, or why that cannot be
    void replace(int connection, @Nullable SessionImage image, Consumer<@Nullable String> replaced) {
        drop(() -> {
            if (image == null) {
                replaced.accept(null);
            } else {
                prepare(connection, image, replaced);
            }
        });
    }

    private @Nullable String restore(int connection, SessionImage image) {
        final Front made = front(connection);
        try {
            made.begin(mapper, image);
            admit(made);
            return null;
        } catch (RefusedException refused) {
            made.surrenderConnection();
            return "controller " + spec.name() + ": " + refused.reason();
        }
    }

    /// Run the disk from the state that the old gate left it in.
    ///
    /// @param disk its descriptors are this controller's from now on
    /// @param taken told null when it runs, or why it does not
    void take(HandoverMessage.DiskState disk, Consumer<@Nullable String> taken) {
        backend.writeback(disk.writeback());
        backend.taken();
        switch (disk.front()) {
            case HandoverMessage.NoFront _ -> drop(() -> taken.accept(null));
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
        final Front current = fronts.first();
        if (current == null) {
            taken.accept("controller " + spec.name() + ": its session was not prepared");
            return;
        }
        try {
            for (final HandoverMessage.RingBase ring : bases) {
                current.session().base(ring.index(), ring.base());
            }
        } catch (RefusedException refused) {
            taken.accept("controller " + spec.name() + ": " + refused.reason());
            return;
        }
        run(taken);
    }

    private void run(Consumer<@Nullable String> taken) {
        final Front current = fronts.first();
        if (current == null) {
            taken.accept("controller " + spec.name() + ": its front end has gone");
            return;
        }
        running = true;
        current.session().resume(refusal -> {
            taken.accept(refusal);
            unprepare(() -> {});
        });
    }

    private void unprepare(Runnable done) {
        final Front current = fronts.first();
        if (current == null) {
            done.run();
        } else {
            current.unprepare(done);
        }
    }

    /// Let go of a session that was prepared and does not run.
    ///
    /// @param dropped run when nothing of it is left
    private void drop(Runnable dropped) {
        final Front current = fronts.first();
        if (current == null) {
            dropped.run();
        } else {
            suspendWaits = dropped;
            unprepare(() -> current.session().surrender());
        }
    }

    /// Be the one who serves the disk.
    void beginToServe() {
        final Front current = fronts.first();
        if (!running || current == null) {
            drop(() -> {
                become(ControllerState.IDLE, "taken over");
                endpoint.resume();
            });
            return;
        }
        become(ControllerState.SERVING, "taken over");
        current.session().open();
        current.listen();
        endpoint.resume();
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
        if (state != ControllerState.IDLE) {
            become(ControllerState.DELETING, "deleted by the operator");
        }
        if (fronts.isEmpty()) {
            // The descriptors of the last session may still be being closed; that needs no controller.
            finishDeletion();
        }
        // Those whose rings wait go first: the end of the others is not to start them.
        fronts.all().reversed().forEach(each -> each.session().close("the controller is deleted"));
    }

    boolean isBeingDeleted() {
        return state == ControllerState.DELETING;
    }

    private void finishDeletion() {
        become(ControllerState.GONE, "released");
        endpoint.close();
        backend.close();
        gone.run();
        tellDeletionWaiters();
    }

    /// The configuration space has changed: tell the guest, now or when it is there.
    void configChanged() {
        if (fronts.isEmpty()) {
            announceConfig = true;
        } else {
            fronts.all().forEach(each -> each.session().configChanged());
        }
    }

    Backend backend() {
        return backend;
    }

    /// What the front end drives whose rings run; null if there is none.
    @Nullable
    SessionDevice driven() {
        final Front current = fronts.first();
        return current == null ? null : current.device();
    }

    ControllerStatus status(String cpumask) {
        return new ControllerStatus(
                spec,
                cpumask,
                backend.queueCount(),
                backend.delayBaseUs(),
                backend.iopsThreshold(),
                backend.writeback(),
                fronts.all().stream().map(Front::status).toList(),
                backend.targets());
    }
}
