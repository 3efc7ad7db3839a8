package io.basalt.cli.bench;

import io.basalt.linux.Errno;
import io.basalt.linux.socket.UnixSocket;
import io.basalt.linux.uring.UringSpec;
import io.basalt.virtio.vhostuser.VhostUserFrontEnd;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/// A blocking vhost-user transport over a Unix socket. One thread at a time.
public final class SocketTransport implements VhostUserFrontEnd.Transport, AutoCloseable {
    private static final Duration REPLY_LIMIT = Duration.ofSeconds(30);
    private static final long CONNECT_STEP_NS = 20_000_000;
    private static final int[] NO_FDS = {};

    private final UnixSocket socket;
    private final int[] incoming = new int[UnixSocket.FDS_MAX];

    private SocketTransport(UnixSocket socket) {
        this.socket = socket;
    }

    /// Connect, waiting for somebody to listen.
    ///
    /// @throws IllegalStateException if nobody does within the limit
    public static SocketTransport connect(Path path, Duration limit) {
        final long endNs = System.nanoTime() + limit.toNanos();
        while (true) {
            final int fd = UnixSocket.connect(path);
            if (fd >= 0) {
                return new SocketTransport(UnixSocket.adopt(fd));
            }
            if (System.nanoTime() - endNs >= 0) {
                throw new IllegalStateException("--socket: nobody answers on " + path + " (" + Errno.describe(-fd)
                        + "); create a controller first, or check the path");
            }
            LockSupport.parkNanos(CONNECT_STEP_NS);
        }
    }

    /// Process that serves the socket.
    public int peerProcessId() {
        return socket.peerCredentials().pid();
    }

    /// Whether the process at the other end, and every one that it gave the connection to, has closed it.
    public boolean hungUp() {
        return socket.await(0, 0) > 0;
    }

    @Override
    public void send(MemorySegment message, int[] fds) {
        int sent = 0;
        final int length = (int) message.byteSize();
        while (sent < length) {
            final int[] now = sent == 0 ? fds : NO_FDS;
            final int result = socket.send(message, sent, length - sent, now, now.length);
            if (result == -Errno.EAGAIN) {
                await(UringSpec.POLLOUT);
            } else if (result < 0) {
                throw new IllegalStateException("the back end does not take messages: " + Errno.describe(-result));
            } else {
                sent += result;
            }
        }
    }

    @Override
    public int receive(MemorySegment into, int[] fds) {
        int filled = 0;
        int fdCount = 0;
        final int length = (int) into.byteSize();
        while (filled < length) {
            final int result = socket.receive(into, filled, length - filled, incoming);
            if (result == -Errno.EAGAIN) {
                await(UringSpec.POLLIN);
                continue;
            }
            if (result <= 0) {
                throw new IllegalStateException(
                        "the back end hung up" + (result < 0 ? ": " + Errno.describe(-result) : ""));
            }
            System.arraycopy(incoming, 0, fds, fdCount, socket.receivedFds());
            fdCount += socket.receivedFds();
            filled += result;
        }
        return fdCount;
    }

    private void await(int events) {
        final int result = socket.await(events, (int) REPLY_LIMIT.toMillis());
        if (result == 0) {
            throw new IllegalStateException("the back end has not answered for " + REPLY_LIMIT.toSeconds() + " s");
        }
        if (result < 0 && result != -Errno.EINTR) {
            throw new IllegalStateException("poll: " + Errno.describe(-result));
        }
    }

    @Override
    public void close() {
        socket.close();
    }
}
