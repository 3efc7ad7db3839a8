package io.basalt.linux.socket;

import io.basalt.linux.Errno;
import io.basalt.linux.Syscall;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/// A path in the form in which `bind` and `connect` want it.
final class UnixAddress {
    private static final long PATH = SocketSpec.offset(SocketSpec.SOCKADDR_UN, "sun_path");
    private static final int PATH_BYTES_MAX = (int) (SocketSpec.SOCKADDR_UN.byteSize() - PATH) - 1;

    private UnixAddress() {}

    /// Calls `bind` or `connect` with a path.
    ///
    /// @return 0 or `-errno`: `-ENAMETOOLONG` for a path above 107 bytes
    static int call(int call, int fd, Path path) {
        return call(
                call, fd, path.toString().getBytes(StandardCharsets.UTF_8), (int) SocketSpec.SOCKADDR_UN.byteSize());
    }

    /// Calls `connect` with a name as service managers write them: a path, or `@` and an abstract
    /// name.
    ///
    /// @return 0 or `-errno`
    static int connect(int fd, String nameOrPath) {
        final byte[] name = nameOrPath.getBytes(StandardCharsets.UTF_8);
        if (nameOrPath.startsWith("@")) {
            name[0] = 0;
            return call(Syscall.CONNECT, fd, name, (int) PATH + name.length);
        }
        return call(Syscall.CONNECT, fd, name, (int) SocketSpec.SOCKADDR_UN.byteSize());
    }

    private static int call(int call, int fd, byte[] name, int addressBytes) {
        if (name.length > PATH_BYTES_MAX) {
            return -Errno.ENAMETOOLONG;
        }
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment address = arena.allocate(SocketSpec.SOCKADDR_UN);
            address.set(ValueLayout.JAVA_SHORT, 0, (short) SocketSpec.AF_UNIX);
            MemorySegment.copy(name, 0, address, ValueLayout.JAVA_BYTE, PATH, name.length);
            return (int) Syscall.call(call, fd, address.address(), addressBytes);
        }
    }

    /// A new nonblocking datagram socket, closed on exec; or `-errno`.
    static int openDatagram() {
        final int type = SocketSpec.SOCK_DGRAM | SocketSpec.SOCK_NONBLOCK | SocketSpec.SOCK_CLOEXEC;
        return (int) Syscall.call(Syscall.SOCKET, SocketSpec.AF_UNIX, type, 0);
    }

    /// A new nonblocking stream socket, closed on exec; or `-errno`.
    static int open() {
        final int type = SocketSpec.SOCK_STREAM | SocketSpec.SOCK_NONBLOCK | SocketSpec.SOCK_CLOEXEC;
        return (int) Syscall.call(Syscall.SOCKET, SocketSpec.AF_UNIX, type, 0);
    }
}
