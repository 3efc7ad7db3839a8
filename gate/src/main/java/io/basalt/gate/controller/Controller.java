package io.basalt.gate.controller;

import io.basalt.gate.rpc.ControllerSpec;
import io.basalt.gate.rpc.ControllerStatus;
import io.basalt.gate.volume.VolumeClaim;
import io.basalt.linux.socket.UnixListener;
import io.basalt.linux.socket.UnixSocket;
import io.basalt.reactor.Reactor;
import io.basalt.virtio.blk.BlkDevice;
import io.basalt.virtio.blk.BlkLimits;
import io.basalt.virtio.blk.InterruptCoalescing;
import io.basalt.virtio.vhostuser.VhostUserSession;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// One front-end socket that serves one volume, to one front end at a time.
///
/// Concurrency: lives on the control reactor. Its queues live on data reactors; see [SessionDevice].
final class Controller {
    private static final System.Logger LOG = System.getLogger(Controller.class.getName());
    /// A front end causes notes at will: at most one line a second is written, the rest are counted.
    private static final long NOTE_INTERVAL_NS = 1_000_000_000L;

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
    private @Nullable SessionDevice sessionDevice;
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
    /// @param writebackChanged run when the guest has changed its cache mode
    /// @param gone run once, when everything is released
    /// @throws io.basalt.linux.LinuxException if the socket cannot be made; the claim is then still the caller's
    Controller(
            ControllerSpec spec,
            Reactor control,
            VolumeClaim claim,
            List<Reactor> reactors,
            int firstReactor,
            BlkLimits limits,
            HostMemoryMapper mapper,
            @Nullable UnixListener inherited,
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
        sessionCount++;
        sessionDevice = made;
        final VhostUserSession current = new VhostUserSession(made, socket, mapper, fds);
        session = current;
        LOG.log(Level.INFO, "controller={0} session={1} begins", spec.name(), sessionCount);
        if (announceSize) {
            current.configChanged();
            announceSize = false;
        }
        socket.open(current);
    }

    private void sessionReleased() {
        session = null;
        sessionDevice = null;
        if (state == ControllerState.DELETING) {
            finishDeletion();
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

    private void finishDeletion() {
        become(ControllerState.GONE, "released");
        endpoint.close();
        claim.close();
        gone.run();
        deletionWaiters.forEach(Runnable::run);
        deletionWaiters.clear();
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
        final SessionDevice currentDevice = sessionDevice;
        if (current == null || currentDevice == null) {
            return List.of();
        }
        final List<ControllerStatus.Queue> queues = currentDevice.queueStatus(current);
        return List.of(new ControllerStatus.Session(
                sessionCount,
                current.state().name(),
                !queues.isEmpty(),
                current.features(),
                current.protocolFeatures(),
                queues));
    }
}
