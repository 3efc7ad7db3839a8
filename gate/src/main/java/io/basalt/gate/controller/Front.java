package io.basalt.gate.controller;

import io.basalt.gate.rpc.ControllerStatus;
import io.basalt.linux.socket.UnixSocket;
import io.basalt.reactor.Reactor;
import io.basalt.virtio.memory.GuestMemory;
import io.basalt.virtio.vhostuser.RefusedException;
import io.basalt.virtio.vhostuser.SessionImage;
import io.basalt.virtio.vhostuser.SessionState;
import io.basalt.virtio.vhostuser.VhostUserSession;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// One front end as its controller sees it: connection, descriptors, session, and the disk that the
/// session drives.
///
/// Concurrency: lives on the control reactor.
final class Front {
    private final int number;
    private final HostFds fds;
    private final SessionSocket socket;
    private final SessionDevice device;
    private @Nullable VhostUserSession session;
    private @Nullable GuestMemory preparedMemory;

    /// What a front tells its controller. On the control reactor.
    interface Events {
        /// Bytes are about to be taken from the front end.
        void hears(Front front);

        /// There were none, and no message is under way.
        void heardNothing(Front front);

        /// A message has been handled.
        ///
        /// @param kept run when the session is made known as it is now, at once or later; nothing is
        ///     read before
        void keep(Front front, Runnable kept);

        /// The session ends.
        void closing(Front front, String reason);

        /// Everything of it is released.
        void released(Front front);

        /// Its rings are about to run.
        void ringsRun(Front front);

        /// Something for the log, at a limited rate.
        void noted(Front front, String note);

        /// The guest has changed its cache mode, which must be remembered before it hears that it has.
        void writebackChanged();
    }

    /// A front whose session does not exist yet.
    ///
    /// @param number that is unique in the controller's life
    /// @param connection its socket, owned from now on
    /// @param foreign closes what came from the front end
    /// @param deviceOf makes the disk, given who hears of it
    Front(
            int number,
            Reactor control,
            int connection,
            ForeignFds foreign,
            Function<SessionDevice.SessionEvents, SessionDevice> deviceOf,
            Events events) {
        this.number = number;
        this.fds = new HostFds(foreign);
        this.socket =
                new SessionSocket(control, UnixSocket.adopt(connection), foreign, new SessionSocket.SocketEvents() {
                    @Override
                    public void hears() {
                        events.hears(Front.this);
                    }

                    @Override
                    public void heardNothing() {
                        events.heardNothing(Front.this);
                    }

                    @Override
                    public void keep(Runnable kept) {
                        events.keep(Front.this, kept);
                    }

                    @Override
                    public void closing(String reason) {
                        events.closing(Front.this, reason);
                        device().frontEndGone();
                    }

                    @Override
                    public void closed() {
                        fds.release();
                        device().released();
                        events.released(Front.this);
                    }
                });
        this.device = deviceOf.apply(new SessionDevice.SessionEvents() {
            @Override
            public void noted(String note) {
                events.noted(Front.this, note);
            }

            @Override
            public void ringsRun() {
                events.ringsRun(Front.this);
            }

            @Override
            public void writebackChanged() {
                events.writebackChanged();
            }

            @Override
            public void memoryLost() {
                session().close("guest memory was taken away");
            }
        });
    }

    /// Begin a session with a front end that has just connected.
    void begin(HostMemoryMapper mapper) {
        session = new VhostUserSession(device, socket, mapper, fds);
    }

    /// Begin with a session that another process has suspended.
    ///
    /// @param image its descriptors are this front's from now on
    /// @throws RefusedException if it cannot be taken over; nothing is left then
    void begin(HostMemoryMapper mapper, SessionImage image) throws RefusedException {
        session = VhostUserSession.restore(image, device, socket, mapper, fds);
    }

    /// Read what the front end says.
    void listen() {
        socket.open(session());
    }

    /// Let go of the connection, without a trace for the front end; the session did not begin.
    void surrenderConnection() {
        socket.surrendered();
    }

    /// Register the guest's memory with the volume on every reactor, for rings that are to start soon.
    ///
    /// @param done run when that is so
    void prepare(Runnable done) {
        final GuestMemory memory = session().memory();
        preparedMemory = memory;
        device.prepare(memory, done);
    }

    /// Undo [#prepare], if it was done.
    ///
    /// @param done run when that is so
    void unprepare(Runnable done) {
        final GuestMemory memory = preparedMemory;
        preparedMemory = null;
        if (memory == null) {
            done.run();
        } else {
            device.unprepare(memory, done);
        }
    }

    int number() {
        return number;
    }

    /// The connection's descriptor.
    int connection() {
        return socket.fd();
    }

    SessionDevice device() {
        return device;
    }

    /// The session, which has begun.
    VhostUserSession session() {
        return Objects.requireNonNull(session, "the session has begun");
    }

    /// Whether the session is on its way out.
    boolean isEnding() {
        final SessionState state = session().state();
        return state == SessionState.CLOSING || state == SessionState.CLOSED;
    }

    ControllerStatus.Session status() {
        final VhostUserSession current = session();
        final List<ControllerStatus.Queue> queues = device.queueStatus(current);
        return new ControllerStatus.Session(
                number,
                current.state().name(),
                !queues.isEmpty(),
                current.features(),
                current.protocolFeatures(),
                queues);
    }
}
