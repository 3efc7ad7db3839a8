package io.basalt.linux.socket;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.basalt.linux.Errno;
import io.basalt.linux.LinuxException;
import io.basalt.linux.Syscall;
import io.basalt.linux.file.FileDescriptor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;

/// One end of a Unix stream connection, which carries bytes and file descriptors.
///
/// Never waits: every call answers `-EAGAIN` instead. One thread at a time. Receiving and sending
/// allocate nothing.
///
/// **Descriptors.** Each one that comes in is either handed to the caller, who owns it from then on,
/// or closed before [#receive] returns; they are closed on exec from the first moment.
public final class UnixSocket implements AutoCloseable {
    /// The most descriptors one message can carry (the kernel's `SCM_MAX_FD`).
    public static final int FDS_MAX = 253;

    private static final int[] NO_FDS = {};

    private static final long IOV = SocketSpec.offset(SocketSpec.MSGHDR, "msg_iov");
    private static final long IOV_LENGTH = SocketSpec.offset(SocketSpec.MSGHDR, "msg_iovlen");
    private static final long CONTROL = SocketSpec.offset(SocketSpec.MSGHDR, "msg_control");
    private static final long CONTROL_LENGTH = SocketSpec.offset(SocketSpec.MSGHDR, "msg_controllen");
    private static final long FLAGS = SocketSpec.offset(SocketSpec.MSGHDR, "msg_flags");
    private static final long CMSG_LENGTH = SocketSpec.offset(SocketSpec.CMSGHDR, "cmsg_len");
    private static final long CMSG_LEVEL = SocketSpec.offset(SocketSpec.CMSGHDR, "cmsg_level");
    private static final long CMSG_TYPE = SocketSpec.offset(SocketSpec.CMSGHDR, "cmsg_type");
    private static final long CMSG_HEADER = SocketSpec.CMSGHDR.byteSize();

    /// The native memory of one call: message header, one vector, control messages.
    private static final long VECTOR = SocketSpec.MSGHDR.byteSize();
    private static final long CONTROL_START = VECTOR + SocketSpec.IOVEC.byteSize();
    private static final long SCRATCH_BYTES = CONTROL_START + aligned(controlLength(FDS_MAX));

    private final FileDescriptor descriptor;
    private final MemorySegment scratch = Arena.ofAuto().allocate(SCRATCH_BYTES, Long.BYTES);
    private int receivedFds;

    /// Two connected sockets.
    public record Pair(UnixSocket left, UnixSocket right) implements AutoCloseable {
        @Override
        public void close() {
            left.close();
            right.close();
        }
    }

    private UnixSocket(FileDescriptor descriptor) {
        this.descriptor = descriptor;
        scratch.set(JAVA_LONG, IOV, scratch.address() + VECTOR);
        scratch.set(JAVA_LONG, IOV_LENGTH, 1L);
    }

    /// Becomes the owner of a connected descriptor, as [UnixListener#accept] and [#connect] answer
    /// it.
    public static UnixSocket adopt(int fd) {
        return new UnixSocket(FileDescriptor.adopt(fd));
    }

    /// Connects to a listening path.
    ///
    /// @return a connected nonblocking descriptor, which is the caller's; or `-errno`: `-ENOENT` no
    ///     such path, `-ECONNREFUSED` nobody listens, `-EAGAIN` the backlog is full, `-ENAMETOOLONG`
    ///     above 107 bytes
    public static int connect(Path path) {
        final int fd = UnixAddress.open();
        if (fd < 0) {
            return fd;
        }
        final int result = UnixAddress.call(Syscall.CONNECT, fd, path);
        if (result < 0) {
            FileDescriptor.close(fd);
            return result;
        }
        return fd;
    }

    /// Connects to a datagram socket, such as a service manager's.
    ///
    /// @param nameOrPath a path, or `@` and an abstract name
    /// @return a connected nonblocking descriptor, which is the caller's; or `-errno`
    public static int connectDatagram(String nameOrPath) {
        final int fd = UnixAddress.openDatagram();
        if (fd < 0) {
            return fd;
        }
        final int result = UnixAddress.connect(fd, nameOrPath);
        if (result < 0) {
            FileDescriptor.close(fd);
            return result;
        }
        return fd;
    }

    /// Two new sockets, connected with each other.
    ///
    /// @throws LinuxException if the kernel refuses
    public static Pair pair() {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment ends = arena.allocate(JAVA_INT, 2);
            final int type = SocketSpec.SOCK_STREAM | SocketSpec.SOCK_NONBLOCK | SocketSpec.SOCK_CLOEXEC;
            final long result = Syscall.call(Syscall.SOCKETPAIR, SocketSpec.AF_UNIX, type, 0, ends.address());
            LinuxException.check("socketpair", result, "AF_UNIX");
            return new Pair(adopt(ends.getAtIndex(JAVA_INT, 0)), adopt(ends.getAtIndex(JAVA_INT, 1)));
        }
    }

    /// Whether a descriptor that somebody sent is a Unix socket. Others may wait for a lock that a
    /// peer holds, even when asked not to wait.
    public static boolean isUnixSocket(int fd) {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment domain = arena.allocate(JAVA_INT);
            final MemorySegment length = arena.allocateFrom(JAVA_INT, Integer.BYTES);
            final long result = Syscall.call(
                    Syscall.GETSOCKOPT,
                    fd,
                    SocketSpec.SOL_SOCKET,
                    SocketSpec.SO_DOMAIN,
                    domain.address(),
                    length.address());
            return result == 0 && domain.get(JAVA_INT, 0) == SocketSpec.AF_UNIX;
        }
    }

    /// The descriptor number; stays this object's.
    public int fd() {
        return descriptor.number();
    }

    /// Ends the ownership without closing.
    ///
    /// @return the descriptor, which is the caller's now
    public int release() {
        return descriptor.release();
    }

    public boolean isOpen() {
        return descriptor.isOpen();
    }

    /// Receives into the first `length` bytes of a native segment; see [#receive(MemorySegment, long,
    /// int, int[])].
    public int receive(MemorySegment buffer, int length, int[] fdsOut) {
        return receive(buffer, 0, length, fdsOut);
    }

    /// Receives bytes, and the descriptors that came with the first of them.
    ///
    /// A message with more descriptors than `fdsOut` has room for, or than the process has numbers
    /// free for, loses them all: they are closed and the answer is `-EMSGSIZE`. Its bytes are
    /// consumed, so the connection has to be dropped.
    ///
    /// @param length at least 1
    /// @param fdsOut receives up to 253 descriptors; [#receivedFds] tells how many
    /// @return bytes received, 0 at the end of the stream, or `-errno`: `-EAGAIN` if nothing is there
    public int receive(MemorySegment buffer, long offset, int length, int[] fdsOut) {
        final int room = Math.min(fdsOut.length, FDS_MAX);
        receivedFds = 0;
        vector(buffer, offset, length);
        control(room);
        scratch.set(JAVA_INT, FLAGS, 0);
        final int flags = SocketSpec.MSG_CMSG_CLOEXEC | SocketSpec.MSG_DONTWAIT;
        final long result = transfer(Syscall.RECVMSG, flags, buffer);
        if (result < 0) {
            return (int) result;
        }
        takeFds(fdsOut, room);
        if ((scratch.get(JAVA_INT, FLAGS) & SocketSpec.MSG_CTRUNC) != 0) {
            closeFds(fdsOut);
            return -Errno.EMSGSIZE;
        }
        return (int) result;
    }

    /// How many descriptors the last [#receive] put into its array.
    public int receivedFds() {
        return receivedFds;
    }

    /// Sends bytes without descriptors.
    public int send(MemorySegment buffer, long offset, int length) {
        return send(buffer, offset, length, NO_FDS, 0);
    }

    /// Sends the first `length` bytes of a native segment, with descriptors.
    public int send(MemorySegment buffer, int length, int[] fds, int fdCount) {
        return send(buffer, 0, length, fds, fdCount);
    }

    /// Sends bytes, with descriptors that travel with the first of them and stay open here.
    ///
    /// When fewer bytes went than asked, the descriptors have gone: the rest is sent without them.
    ///
    /// @param length at least 1
    /// @param fdCount 0 to 253
    /// @return bytes sent, or `-errno`: `-EAGAIN` if the peer does not read, `-EPIPE` if it has gone,
    ///     `-ETOOMANYREFS` if too many descriptors are on their way
    public int send(MemorySegment buffer, long offset, int length, int[] fds, int fdCount) {
        assert fdCount >= 0;
        assert fdCount <= FDS_MAX;
        vector(buffer, offset, length);
        control(fdCount);
        if (fdCount > 0) {
            scratch.set(JAVA_LONG, CONTROL_START + CMSG_LENGTH, controlLength(fdCount));
            scratch.set(JAVA_INT, CONTROL_START + CMSG_LEVEL, SocketSpec.SOL_SOCKET);
            scratch.set(JAVA_INT, CONTROL_START + CMSG_TYPE, SocketSpec.SCM_RIGHTS);
            MemorySegment.copy(fds, 0, scratch, JAVA_INT, CONTROL_START + CMSG_HEADER, fdCount);
        }
        final int flags = SocketSpec.MSG_NOSIGNAL | SocketSpec.MSG_DONTWAIT;
        return (int) transfer(Syscall.SENDMSG, flags, buffer);
    }

    /// Waits for `events` (`POLL*` of [io.basalt.linux.uring.UringSpec]); for clients that have no
    /// reactor.
    ///
    /// @param timeoutMs in milliseconds; negative for no bound
    /// @return the events that occurred, 0 at the end of the time, or `-errno`: `-EINTR` if a signal
    ///     came
    public int await(int events, int timeoutMs) {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment watch = arena.allocate(SocketSpec.POLLFD);
            watch.set(JAVA_INT, SocketSpec.offset(SocketSpec.POLLFD, "fd"), fd());
            watch.set(JAVA_SHORT, SocketSpec.offset(SocketSpec.POLLFD, "events"), (short) events);
            final long result = Syscall.call(Syscall.POLL, watch.address(), 1, timeoutMs);
            final long occurred = SocketSpec.offset(SocketSpec.POLLFD, "revents");
            return result <= 0 ? (int) result : watch.get(JAVA_SHORT, occurred) & 0xffff;
        }
    }

    /// Who connected, as the kernel noted it at that moment.
    ///
    /// @throws LinuxException if the kernel refuses
    public PeerCredentials peerCredentials() {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment peer = arena.allocate(SocketSpec.UCRED);
            final MemorySegment length = arena.allocateFrom(JAVA_INT, (int) peer.byteSize());
            final long result = Syscall.call(
                    Syscall.GETSOCKOPT,
                    fd(),
                    SocketSpec.SOL_SOCKET,
                    SocketSpec.SO_PEERCRED,
                    peer.address(),
                    length.address());
            LinuxException.check("getsockopt SO_PEERCRED", result, "fd " + fd());
            return new PeerCredentials(
                    peer.get(JAVA_INT, SocketSpec.offset(SocketSpec.UCRED, "pid")),
                    peer.get(JAVA_INT, SocketSpec.offset(SocketSpec.UCRED, "uid")),
                    peer.get(JAVA_INT, SocketSpec.offset(SocketSpec.UCRED, "gid")));
        }
    }

    /// Ends the connection in both directions; the descriptor stays open.
    ///
    /// @return 0 or `-errno`
    public int shutdown() {
        return (int) Syscall.call(Syscall.SHUTDOWN, fd(), SocketSpec.SHUT_RDWR);
    }

    /// Closes; does nothing the second time.
    @Override
    public void close() {
        descriptor.close();
    }

    private void vector(MemorySegment buffer, long offset, int length) {
        assert buffer.isNative();
        assert length > 0;
        Objects.checkFromIndexSize(offset, length, buffer.byteSize());
        scratch.set(JAVA_LONG, VECTOR, buffer.address() + offset);
        scratch.set(JAVA_LONG, VECTOR + Long.BYTES, (long) length);
    }

    /// Room for exactly `count` descriptors: the kernel itself then drops and reports what is more.
    private void control(int count) {
        scratch.set(JAVA_LONG, CONTROL, count == 0 ? 0L : scratch.address() + CONTROL_START);
        scratch.set(JAVA_LONG, CONTROL_LENGTH, count == 0 ? 0L : controlLength(count));
    }

    private long transfer(int call, int flags, MemorySegment buffer) {
        try {
            return Syscall.call(call, fd(), scratch.address(), flags);
        } finally {
            Reference.reachabilityFence(buffer);
        }
    }

    private void takeFds(int[] fdsOut, int room) {
        final long end = CONTROL_START + scratch.get(JAVA_LONG, CONTROL_LENGTH);
        long at = CONTROL_START;
        while (at + CMSG_HEADER <= end) {
            final long length = scratch.get(JAVA_LONG, at + CMSG_LENGTH);
            assert length >= CMSG_HEADER;
            assert at + length <= end;
            if (scratch.get(JAVA_INT, at + CMSG_LEVEL) == SocketSpec.SOL_SOCKET
                    && scratch.get(JAVA_INT, at + CMSG_TYPE) == SocketSpec.SCM_RIGHTS) {
                final int count = (int) (length - CMSG_HEADER) / Integer.BYTES;
                assert receivedFds + count <= room;
                MemorySegment.copy(scratch, JAVA_INT, at + CMSG_HEADER, fdsOut, receivedFds, count);
                receivedFds += count;
            }
            at += aligned(length);
        }
    }

    private void closeFds(int[] fds) {
        for (int i = 0; i < receivedFds; i++) {
            FileDescriptor.close(fds[i]);
        }
        Arrays.fill(fds, 0, receivedFds, -1);
        receivedFds = 0;
    }

    private static long controlLength(int fdCount) {
        return SocketSpec.CMSGHDR.byteSize() + (long) fdCount * Integer.BYTES;
    }

    private static long aligned(long length) {
        return (length + Long.BYTES - 1) & -Long.BYTES;
    }
}
