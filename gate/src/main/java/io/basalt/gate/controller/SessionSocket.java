package io.basalt.gate.controller;

import io.basalt.linux.Errno;
import io.basalt.linux.file.FileDescriptor;
import io.basalt.linux.socket.UnixSocket;
import io.basalt.linux.uring.UringSpec;
import io.basalt.reactor.Reactor;
import io.basalt.reactor.Timer;
import io.basalt.virtio.vhostuser.FrontEndConnection;
import io.basalt.virtio.vhostuser.MessageAssembler;
import io.basalt.virtio.vhostuser.SessionState;
import io.basalt.virtio.vhostuser.VhostUserSession;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// The socket of one session: reads what the session wants, sends what it answers, keeps its message deadline.
///
/// Concurrency: lives on the control reactor. The session is never called from inside a call of its own: a wish for
/// input is served by a posted command.
final class SessionSocket implements FrontEndConnection {
    /// Messages read in one go before other sockets get their turn.
    private static final int READS_MAX = 64;

    private static final int[] NO_FDS = {};

    private final Reactor control;
    private final UnixSocket socket;
    private final ForeignFds foreign;
    private final SocketEvents events;
    private final int[] fds = new int[UnixSocket.FDS_MAX];
    private final int[] fdOut = new int[1];
    private int watch = -1;
    private @Nullable VhostUserSession session;
    private @Nullable Timer deadline;
    private long keptMessages;
    private boolean keeping;

    /// What the socket tells the controller it belongs to. On the control reactor.
    interface SocketEvents {
        /// Bytes are about to be taken from the front end.
        void hears();

        /// There were none, and no message is under way.
        void heardNothing();

        /// A message has been handled.
        ///
        /// @param kept run when the session is made known as it is now, at once or later; nothing is
        ///     read before
        void keep(Runnable kept);

        /// The session ends.
        void closing(String reason);

        /// The session has ended and released everything.
        void closed();
    }

    /// @param socket connected; owned from now on
    /// @param foreign closes it, with the descriptors that may be in it unread
    SessionSocket(Reactor control, UnixSocket socket, ForeignFds foreign, SocketEvents events) {
        this.control = control;
        this.socket = socket;
        this.foreign = foreign;
        this.events = events;
    }

    /// Begin to read for a session.
    void open(VhostUserSession newSession) {
        session = newSession;
        watch = control.engine()
                .watch(socket.fd(), UringSpec.POLLIN | UringSpec.POLLHUP | UringSpec.POLLERR, ready -> read());
        read();
    }

    private void stopWatching() {
        if (watch >= 0) {
            control.engine().unwatch(watch);
            watch = -1;
        }
    }

    int fd() {
        return socket.fd();
    }

    private void read() {
        final VhostUserSession current = session;
        if (current == null || keeping) {
            return;
        }
        for (int reads = 0; current.bytesWanted() > 0; reads++) {
            if (current.messageCount() != keptMessages && !keep(current)) {
                return;
            }
            if (reads == READS_MAX) {
                control.post(this::read);
                return;
            }
            events.hears();
            final int result = socket.receive(current.input(), current.bytesWanted(), fds);
            if (result == -Errno.EAGAIN) {
                if (current.between()) {
                    events.heardNothing();
                }
                keepDeadline(current);
                return;
            }
            if (result == -Errno.EINTR) {
                continue;
            }
            if (foreign.isCrowded()) {
                closeReceived();
                current.close("the front end sends descriptors that cannot be closed as fast, or at all");
                return;
            }
            if (result <= 0) {
                current.close(result == 0 ? "the front end hung up" : "receive: " + Errno.describe(-result));
                return;
            }
            current.received(result, fds, socket.receivedFds(), control.nowNs());
        }
    }

    /// Make known what came of the last message.
    ///
    /// @return whether that is done; otherwise reading goes on when it is
    private boolean keep(VhostUserSession current) {
        keptMessages = current.messageCount();
        keeping = true;
        final boolean[] returned = {false};
        events.keep(() -> {
            keeping = false;
            if (returned[0]) {
                control.post(this::read);
            }
        });
        returned[0] = true;
        return !keeping;
    }

    private void closeReceived() {
        for (int i = 0; i < socket.receivedFds(); i++) {
            foreign.close(fds[i]);
        }
    }

    private void keepDeadline(VhostUserSession current) {
        final long deadlineNs = current.deadlineNs();
        if (deadlineNs != MessageAssembler.NO_DEADLINE && deadline == null) {
            deadline = control.schedule(Math.max(0, deadlineNs - control.nowNs()), () -> {
                deadline = null;
                current.expire(control.nowNs());
                if (current.state() == SessionState.OPEN) {
                    keepDeadline(current);
                }
            });
        }
    }

    @Override
    public boolean send(MemorySegment message, int fd) {
        final int length = (int) message.byteSize();
        fdOut[0] = fd;
        final int sent = socket.send(message, length, fd < 0 ? NO_FDS : fdOut, fd < 0 ? 0 : 1);
        return sent == length;
    }

    @Override
    public boolean sendRequest(int backendFd, MemorySegment message) {
        if (!UnixSocket.isUnixSocket(backendFd)) {
            return false;
        }
        final int duplicate = FileDescriptor.duplicate(backendFd);
        if (duplicate < 0) {
            return false;
        }
        try (UnixSocket request = UnixSocket.adopt(duplicate)) {
            final int length = (int) message.byteSize();
            return request.send(message, 0, length) == length;
        }
    }

    @Override
    public void inputWanted() {
        control.post(this::read);
    }

    @Override
    public void closing(String reason) {
        if (deadline != null) {
            deadline.cancel();
            deadline = null;
        }
        stopWatching();
        events.closing(reason);
    }

    @Override
    public void surrendered() {
        session = null;
        stopWatching();
        // Not shut down: the process that goes on has the same socket.
        foreign.close(socket.release());
        events.closed();
    }

    @Override
    public void closed() {
        session = null;
        // The front end may connect again as soon as it sees the hang-up: only now is there nothing left of this
        // session. It sees it now, however long the closing takes.
        socket.shutdown();
        foreign.close(socket.release());
        events.closed();
    }
}
