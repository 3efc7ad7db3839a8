package io.basalt.gate.holder;

import io.basalt.linux.Errno;
import io.basalt.linux.socket.UnixSocket;
import io.basalt.linux.uring.UringSpec;
import io.basalt.reactor.Reactor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// A socket that hangs up when a gate's process and all of its rings are gone. Control reactor.
final class LifeLine implements AutoCloseable {
    private final Reactor control;
    private final UnixSocket socket;
    private final Runnable over;
    private final MemorySegment nothing = Arena.ofAuto().allocate(1);
    private final int[] noFds = new int[UnixSocket.FDS_MAX];
    private final int watch;
    private boolean told;

    /// @param fd owned from now on
    /// @param over run once, when the gate is gone; not after [#close]
    LifeLine(Reactor control, int fd, Runnable over) {
        this.control = control;
        this.over = over;
        socket = UnixSocket.adopt(fd);
        watch = control.engine().watch(fd, UringSpec.POLLIN | UringSpec.POLLHUP, _ -> look());
    }

    /// The descriptor; stays this object's.
    int fd() {
        return socket.fd();
    }

    private void look() {
        if (told || !socket.isOpen()) {
            return;
        }
        final int result = socket.receive(nothing, 1, noFds);
        if (result != -Errno.EAGAIN && result != -Errno.EINTR) {
            told = true;
            over.run();
        }
    }

    @Override
    public void close() {
        if (socket.isOpen()) {
            control.engine().unwatch(watch);
            socket.close();
        }
    }
}
