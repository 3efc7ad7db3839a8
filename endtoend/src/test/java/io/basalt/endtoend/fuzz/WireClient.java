package io.basalt.endtoend.fuzz;

import io.basalt.linux.Errno;
import io.basalt.linux.file.FileDescriptor;
import io.basalt.linux.socket.UnixSocket;
import io.basalt.linux.uring.UringSpec;
import io.basalt.virtio.vhostuser.VhostUserFrontEnd;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// A socket to the gate that sends any bytes with any descriptors, and survives whatever comes back. One thread.
final class WireClient implements VhostUserFrontEnd.Transport, AutoCloseable {
    /// Longest that the gate may leave a well-formed request unanswered.
    static final int ANSWER_BOUND_MS = 60_000;

    private static final int BUFFER_BYTES = 64 << 10;
    private static final int[] NO_FDS = {};

    private final UnixSocket socket;
    private final Arena arena = Arena.ofConfined();
    private final MemorySegment buffer = arena.allocate(BUFFER_BYTES, Long.BYTES);
    private final int[] incoming = new int[UnixSocket.FDS_MAX];

    /// The gate has hung up: an answer like any other to what was sent.
    static final class HungUpException extends RuntimeException {
        HungUpException(String reason) {
            super(reason);
        }
    }

    private WireClient(UnixSocket socket) {
        this.socket = socket;
    }

    /// Connects, or returns null if nobody listens there now.
    static @Nullable WireClient tryConnect(Path path) {
        final int fd = UnixSocket.connect(path);
        return fd < 0 ? null : new WireClient(UnixSocket.adopt(fd));
    }

    /// Sends all bytes, descriptors along with the first.
    ///
    /// @return false if the gate does not take them: it has hung up, or the kernel refuses so many descriptors
    boolean trySend(byte[] bytes, int[] fds) {
        int sent = 0;
        while (sent < bytes.length) {
            final int length = Math.min(bytes.length - sent, BUFFER_BYTES);
            MemorySegment.copy(bytes, sent, buffer, ValueLayout.JAVA_BYTE, 0, length);
            final int[] now = sent == 0 ? fds : NO_FDS;
            final int result = socket.send(buffer, 0, length, now, now.length);
            if (result == -Errno.EAGAIN) {
                awaitSocket(UringSpec.POLLOUT, "takes no bytes");
            } else if (result < 0) {
                return false;
            } else {
                sent += result;
            }
        }
        return true;
    }

    /// Takes what has come in, and closes descriptors among it.
    ///
    /// @param waitMs how long to wait for a first byte
    /// @return bytes taken, -1 if the gate has hung up
    int drain(int waitMs) {
        int taken = 0;
        boolean waited = waitMs == 0;
        while (true) {
            final int result = socket.receive(buffer, BUFFER_BYTES, incoming);
            if (result == -Errno.EAGAIN) {
                if (waited || taken > 0) {
                    return taken;
                }
                waited = true;
                socket.await(UringSpec.POLLIN, waitMs);
            } else if (result <= 0) {
                return -1;
            } else {
                closeIncoming();
                taken += result;
            }
        }
    }

    private void closeIncoming() {
        for (int i = 0; i < socket.receivedFds(); i++) {
            FileDescriptor.close(incoming[i]);
        }
    }

    boolean hungUp() {
        return (socket.await(UringSpec.POLLHUP, 0) & (UringSpec.POLLHUP | UringSpec.POLLERR)) != 0;
    }

    @Override
    public void send(MemorySegment message, int[] fds) {
        if (!trySend(message.toArray(ValueLayout.JAVA_BYTE), fds)) {
            throw new HungUpException("while a message was sent");
        }
    }

    @Override
    public int receive(MemorySegment into, int[] fds) {
        int filled = 0;
        int fdCount = 0;
        while (filled < into.byteSize()) {
            final int result = socket.receive(buffer, (int) into.byteSize() - filled, incoming);
            if (result == -Errno.EAGAIN) {
                awaitSocket(UringSpec.POLLIN, "does not answer");
            } else if (result <= 0) {
                throw new HungUpException("while an answer was awaited");
            } else {
                MemorySegment.copy(buffer, 0, into, filled, result);
                for (int i = 0; i < socket.receivedFds(); i++) {
                    fds[fdCount++] = incoming[i];
                }
                filled += result;
            }
        }
        return fdCount;
    }

    private void awaitSocket(int events, String failure) {
        final int result = socket.await(events, ANSWER_BOUND_MS);
        if (result == 0) {
            throw new AssertionError("the gate " + failure + " for " + ANSWER_BOUND_MS + " ms");
        }
    }

    /// Closes before its time.
    void hangUp() {
        close();
    }

    @Override
    public void close() {
        if (socket.isOpen()) {
            socket.close();
            arena.close();
        }
    }
}
