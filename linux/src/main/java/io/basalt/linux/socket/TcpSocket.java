package io.basalt.linux.socket;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.basalt.linux.LinuxException;
import io.basalt.linux.Syscall;
import io.basalt.linux.file.FileDescriptor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;

/// TCP sockets for an io_uring: in blocking mode, so that the ring waits for them; nobody else calls
/// them.
public final class TcpSocket {
    /// Flags for the sockets that [io.basalt.linux.uring.IoUring#prepareAccept] makes.
    public static final int ACCEPT_FLAGS = SocketSpec.SOCK_CLOEXEC;

    private TcpSocket() {}

    /// A new socket that sends small messages at once.
    ///
    /// @param family `AF_INET` or `AF_INET6`
    /// @throws LinuxException if the kernel refuses: `EMFILE` if the process has no number free
    public static FileDescriptor open(int family) {
        final long fd = Syscall.call(Syscall.SOCKET, family, SocketSpec.SOCK_STREAM | SocketSpec.SOCK_CLOEXEC, 0);
        final FileDescriptor socket =
                FileDescriptor.adopt((int) LinuxException.check("socket", fd, "TCP, family " + family));
        noDelay(socket.number());
        return socket;
    }

    /// Listens on an address.
    ///
    /// @param backlog connections that may wait to be accepted
    /// @throws LinuxException naming the address, if the kernel refuses: `EADDRINUSE`, `EADDRNOTAVAIL`,
    ///     `EACCES`
    public static FileDescriptor listen(InternetAddress address, String name, int backlog) {
        final FileDescriptor socket = open(address.family());
        final int fd = socket.number();
        try {
            option(fd, SocketSpec.SOL_SOCKET, SocketSpec.SO_REUSEADDR, 1);
            if (address.family() == SocketSpec.AF_INET6) {
                option(fd, SocketSpec.IPPROTO_IPV6, SocketSpec.IPV6_V6ONLY, 1);
            }
            LinuxException.check("bind", bind(fd, address), name);
            LinuxException.check("listen", Syscall.call(Syscall.LISTEN, fd, backlog), name);
            return socket;
        } catch (LinuxException e) {
            socket.close();
            throw e;
        }
    }

    /// Takes the next connection from a listening socket: a descriptor in blocking mode that sends
    /// small messages at once, closed on exec, which is the caller's. Waits for one unless the
    /// listening socket is nonblocking.
    ///
    /// @return the descriptor or `-errno`: `-EAGAIN` if nobody waits, `-EMFILE` if the process has no
    ///     number free
    public static int accept(int listening) {
        final int fd = (int) Syscall.call(Syscall.ACCEPT4, listening, 0, 0, ACCEPT_FLAGS);
        if (fd >= 0) {
            noDelay(fd);
        }
        return fd;
    }

    /// The port that a socket is bound to.
    ///
    /// @throws LinuxException if the kernel refuses
    public static int localPort(int fd) {
        final InternetAddress local = InternetAddress.room();
        LinuxException.check("getsockname", name(Syscall.GETSOCKNAME, fd, local), "fd " + fd);
        return local.port();
    }

    /// Address and port of the peer of a connected socket as text, `[::1]:80` for example; for people.
    public static String peerName(int fd) {
        final InternetAddress peer = InternetAddress.room();
        return name(Syscall.GETPEERNAME, fd, peer) < 0 ? "a peer that has gone" : peer.toString();
    }

    private static long bind(int fd, InternetAddress address) {
        try {
            return Syscall.call(Syscall.BIND, fd, address.address(), address.length());
        } finally {
            Reference.reachabilityFence(address);
        }
    }

    private static long name(int call, int fd, InternetAddress into) {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment length = arena.allocateFrom(JAVA_INT, into.length());
            return Syscall.call(call, fd, into.address(), length.address());
        } finally {
            Reference.reachabilityFence(into);
        }
    }

    /// Sends small messages at once instead of waiting for more to go with them.
    ///
    /// @throws LinuxException if it is no TCP socket
    public static void noDelay(int fd) {
        option(fd, SocketSpec.IPPROTO_TCP, SocketSpec.TCP_NODELAY, 1);
    }

    /// Ends a connection in both directions, by which receives and sends under way complete; the
    /// descriptor stays open.
    ///
    /// @return 0 or `-errno`: `-ENOTCONN` if it is not connected
    public static int shutdown(int fd) {
        return (int) Syscall.call(Syscall.SHUTDOWN, fd, SocketSpec.SHUT_RDWR);
    }

    private static void option(int fd, int level, int option, int value) {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment argument = arena.allocateFrom(JAVA_INT, value);
            final long result =
                    Syscall.call(Syscall.SETSOCKOPT, fd, level, option, argument.address(), argument.byteSize());
            LinuxException.check("setsockopt", result, "fd " + fd + ", level " + level + ", option " + option);
        }
    }
}
