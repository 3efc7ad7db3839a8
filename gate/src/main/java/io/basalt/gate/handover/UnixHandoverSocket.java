package io.basalt.gate.handover;

import io.basalt.linux.file.FileDescriptor;
import io.basalt.linux.socket.UnixSocket;
import java.lang.foreign.MemorySegment;

/// A [HandoverSocket] that is a Unix socket.
final class UnixHandoverSocket implements HandoverSocket {
    private final UnixSocket socket;

    /// @param socket connected; this object's from now on
    UnixHandoverSocket(UnixSocket socket) {
        this.socket = socket;
    }

    @Override
    public int fd() {
        return socket.fd();
    }

    @Override
    public int send(MemorySegment buffer, long offset, int length, int[] fds, int fdCount) {
        return socket.send(buffer, offset, length, fds, fdCount);
    }

    @Override
    public int receive(MemorySegment buffer, int length, int[] fdsOut) {
        return socket.receive(buffer, length, fdsOut);
    }

    @Override
    public int receivedFds() {
        return socket.receivedFds();
    }

    @Override
    public int duplicate(int fd) {
        return FileDescriptor.duplicate(fd);
    }

    @Override
    public void closeFd(int fd) {
        FileDescriptor.close(fd);
    }

    @Override
    public void close() {
        socket.close();
    }
}
