package io.basalt.gate.handover;

import java.lang.foreign.MemorySegment;

/// One end of the way between two gates, as a [HandoverChannel] uses it: bytes in their order, and
/// descriptors with them. A Unix socket, or a simulated one. Control reactor.
public interface HandoverSocket extends AutoCloseable {
    /// The most descriptors that travel with one byte.
    int FDS_MAX = 253;

    /// A Unix socket.
    ///
    /// @param socket connected; the result's from now on
    static HandoverSocket of(io.basalt.linux.socket.UnixSocket socket) {
        return new UnixHandoverSocket(socket);
    }

    /// The number to watch it by in the reactor's engine.
    int fd();

    /// Send bytes without waiting, and descriptors with the first of them, which stay open here. What
    /// was sent is found by the other side even if this process dies.
    ///
    /// @param fdCount 0 to [#FDS_MAX]
    /// @return bytes sent, or `-errno`: `-EAGAIN` if the other side does not read, `-ETOOMANYREFS` if
    ///     too many descriptors are on their way
    int send(MemorySegment buffer, long offset, int length, int[] fds, int fdCount);

    /// Receive bytes without waiting, and the descriptors that came with the first of them.
    ///
    /// @param fdsOut room for [#FDS_MAX]; those that come are the caller's
    /// @return bytes received, 0 if the other side has hung up, or `-errno`: `-EAGAIN` if nothing is
    ///     there
    int receive(MemorySegment buffer, int length, int[] fdsOut);

    /// How many descriptors the last [#receive] has put into its array.
    int receivedFds();

    /// One more descriptor of the same open file.
    ///
    /// @return it, or `-errno`
    int duplicate(int fd);

    /// Close a descriptor that came along, or was duplicated.
    void closeFd(int fd);

    /// Hang up.
    @Override
    void close();
}
