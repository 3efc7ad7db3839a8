package io.basalt.linux.socket;

import io.basalt.linux.Errno;
import io.basalt.linux.LinuxException;
import io.basalt.linux.Syscall;
import io.basalt.linux.file.FileDescriptor;
import io.basalt.linux.file.FileSpec;
import io.basalt.linux.file.FileStatus;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// A listening Unix stream socket. Nonblocking; the caller watches [#fd] for `POLLIN`.
public final class UnixListener implements AutoCloseable {
    private final FileDescriptor descriptor;
    private final @Nullable Path path;

    private UnixListener(FileDescriptor descriptor, @Nullable Path path) {
        this.descriptor = descriptor;
        this.path = path;
    }

    /// Creates the socket file and listens on it.
    ///
    /// The socket gets its permissions before it has a name, and nobody can connect before it
    /// listens, so there is no moment at which others than `permissions` names could get in, whatever
    /// the umask.
    ///
    /// @param path up to 107 bytes; must not exist (see [#removeStale])
    /// @param permissions of the socket file, such as `0600`
    /// @param backlog connections that may wait to be accepted
    /// @throws LinuxException naming the path, if the kernel refuses: `EADDRINUSE` if the path exists
    public static UnixListener listen(Path path, int permissions, int backlog) {
        final int fd = (int) LinuxException.check("socket", UnixAddress.open(), "AF_UNIX, for " + path);
        final FileDescriptor descriptor = FileDescriptor.adopt(fd);
        boolean bound = false;
        try {
            final String attributes = path + ", permissions 0" + Integer.toOctalString(permissions);
            LinuxException.check("fchmod", Syscall.call(Syscall.FCHMOD, fd, permissions), attributes);
            LinuxException.check("bind", UnixAddress.call(Syscall.BIND, fd, path), path.toString());
            bound = true;
            // The umask took bits away at bind; it can only have made the file stricter until here.
            LinuxException.check("chmod", changeMode(path, permissions), attributes);
            LinuxException.check("listen", Syscall.call(Syscall.LISTEN, fd, backlog), path.toString());
            return new UnixListener(descriptor, path);
        } catch (LinuxException e) {
            descriptor.close();
            if (bound) {
                unlink(path);
            }
            throw e;
        }
    }

    /// Takes over a socket that listens already, such as one inherited from the process before.
    ///
    /// @throws LinuxException if it does not listen; the descriptor then stays the caller's
    public static UnixListener adopt(int fd) {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment listening = arena.allocate(ValueLayout.JAVA_INT);
            final MemorySegment length = arena.allocateFrom(ValueLayout.JAVA_INT, Integer.BYTES);
            final long result = Syscall.call(
                    Syscall.GETSOCKOPT,
                    fd,
                    SocketSpec.SOL_SOCKET,
                    SocketSpec.SO_ACCEPTCONN,
                    listening.address(),
                    length.address());
            LinuxException.check("getsockopt SO_ACCEPTCONN", result, "fd " + fd);
            if (listening.get(ValueLayout.JAVA_INT, 0) == 0) {
                throw new LinuxException("listen", Errno.EINVAL, "inherited fd " + fd + " is not a listening socket");
            }
        }
        LinuxException.check("fcntl O_NONBLOCK", FileDescriptor.nonBlocking(fd, true), "fd " + fd);
        final long result = Syscall.call(Syscall.FCNTL, fd, FileSpec.F_SETFD, FileSpec.FD_CLOEXEC);
        LinuxException.check("fcntl FD_CLOEXEC", result, "fd " + fd);
        return new UnixListener(FileDescriptor.adopt(fd), null);
    }

    /// The same socket, whose file this object removes in the end; the old object owns nothing any
    /// more.
    ///
    /// @param file that the socket was made with
    public UnixListener owning(Path file) {
        return new UnixListener(FileDescriptor.adopt(release()), file);
    }

    /// Removes a socket file that nobody listens on any more, as a process that was killed leaves it.
    ///
    /// @return whether one was removed; false too if the path does not exist, is no socket, or is in
    ///     use
    public static boolean removeStale(Path path) {
        final int probe = UnixSocket.connect(path);
        if (probe >= 0) {
            FileDescriptor.close(probe);
            return false;
        }
        // A regular file refuses the connection just as a dead socket does.
        return probe == -Errno.ECONNREFUSED && isSocket(path) && unlink(path) == 0;
    }

    /// The descriptor number; stays this object's.
    public int fd() {
        return descriptor.number();
    }

    /// Takes the next connection: a nonblocking descriptor, closed on exec, which is the caller's.
    ///
    /// @return the descriptor or `-errno`: `-EAGAIN` if nobody waits, `-EMFILE` if the process has no
    ///     number free
    public int accept() {
        return (int) Syscall.call(Syscall.ACCEPT4, fd(), 0, 0, SocketSpec.SOCK_NONBLOCK | SocketSpec.SOCK_CLOEXEC);
    }

    /// Ends the ownership without closing, to hand the socket to the next process; its file stays.
    ///
    /// @return the descriptor, which is the caller's now
    public int release() {
        return descriptor.release();
    }

    /// Closes, and removes the socket file if this object created it; does nothing the second time.
    @Override
    public void close() {
        if (descriptor.isOpen()) {
            descriptor.close();
            if (path != null) {
                unlink(path);
            }
        }
    }

    private static boolean isSocket(Path path) {
        try (Arena arena = Arena.ofConfined()) {
            final long fd = Syscall.call(
                    Syscall.OPENAT,
                    FileSpec.AT_FDCWD,
                    arena.allocateFrom(path.toString()).address(),
                    FileSpec.O_PATH | FileSpec.O_NOFOLLOW | FileSpec.O_CLOEXEC);
            if (fd < 0) {
                return false;
            }
            try (FileDescriptor descriptor = FileDescriptor.adopt((int) fd)) {
                return FileStatus.of(descriptor.number()).kind() == FileStatus.Kind.SOCKET;
            }
        }
    }

    private static int changeMode(Path path, int permissions) {
        try (Arena arena = Arena.ofConfined()) {
            final long name = arena.allocateFrom(path.toString()).address();
            return (int) Syscall.call(Syscall.FCHMODAT, FileSpec.AT_FDCWD, name, permissions);
        }
    }

    private static int unlink(Path path) {
        try (Arena arena = Arena.ofConfined()) {
            return (int) Syscall.call(
                    Syscall.UNLINK, arena.allocateFrom(path.toString()).address());
        }
    }
}
