package io.basalt.linux.file;

import io.basalt.linux.Errno;
import io.basalt.linux.LinuxException;
import io.basalt.linux.Syscall;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicInteger;

/// The owner of one open file descriptor: closes it exactly once, whoever asks and however often.
///
/// Closing a number twice is how one part of a process closes another's file, so a descriptor that has an owner
/// is closed through it only. All owners are counted, so that a test or an operator sees a leak.
public final class FileDescriptor implements AutoCloseable {
    private static final int CLOSED = -1;
    private static final AtomicInteger OPEN = new AtomicInteger();
    private static final VarHandle FD;

    static {
        try {
            FD = MethodHandles.lookup().findVarHandle(FileDescriptor.class, "fd", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    @SuppressWarnings("FieldMayBeFinal") // written through FD
    private volatile int fd;

    private FileDescriptor(int fd) {
        this.fd = fd;
    }

    /// Makes an owner for an open descriptor, which nobody else may close from now on.
    public static FileDescriptor adopt(int fd) {
        assert fd >= 0;
        OPEN.incrementAndGet();
        return new FileDescriptor(fd);
    }

    /// How many owners hold an open descriptor now.
    public static int openCount() {
        return OPEN.get();
    }

    /// The number.
    ///
    /// @throws IllegalStateException if it is closed or released
    public int number() {
        final int number = fd;
        if (number == CLOSED) {
            throw new IllegalStateException("file descriptor is closed");
        }
        return number;
    }

    public boolean isOpen() {
        return fd != CLOSED;
    }

    /// Ends the ownership without closing.
    ///
    /// @return the number, which is the caller's to close now
    public int release() {
        final int number = take();
        if (number == CLOSED) {
            throw new IllegalStateException("file descriptor is closed");
        }
        return number;
    }

    /// Closes; does nothing the second time.
    @Override
    public void close() {
        final int number = take();
        if (number != CLOSED) {
            close(number);
        }
    }

    /// A second descriptor for the same open file, closed on exec.
    public FileDescriptor duplicate() {
        return adopt((int) LinuxException.check("fcntl F_DUPFD_CLOEXEC", duplicate(number()), "fd " + number()));
    }

    /// A second descriptor for the open file behind `fd`, closed on exec; or `-errno`.
    public static int duplicate(int fd) {
        return (int) Syscall.call(Syscall.FCNTL, fd, FileSpec.F_DUPFD_CLOEXEC, 0);
    }

    /// Makes reads and writes answer `-EAGAIN` instead of waiting, or wait again. A property of the open file,
    /// so every holder of it sees the change.
    ///
    /// @return 0 or `-errno`
    public static int nonBlocking(int fd, boolean nonBlocking) {
        final long flags = Syscall.call(Syscall.FCNTL, fd, FileSpec.F_GETFL);
        if (flags < 0) {
            return (int) flags;
        }
        final long changed = nonBlocking ? flags | FileSpec.O_NONBLOCK : flags & ~FileSpec.O_NONBLOCK;
        return changed == flags ? 0 : (int) Syscall.call(Syscall.FCNTL, fd, FileSpec.F_SETFL, changed);
    }

    /// Closes a number that has no owner object.
    ///
    /// @return 0 or `-errno`; the number is gone in either case, save for `-EBADF`
    public static int close(int fd) {
        final int result = (int) Syscall.call(Syscall.CLOSE, fd);
        assert result != -Errno.EBADF : "fd " + fd + " was not open";
        return result;
    }

    private int take() {
        final int number = (int) FD.getAndSet(this, CLOSED);
        if (number != CLOSED) {
            OPEN.decrementAndGet();
        }
        return number;
    }

    @Override
    public String toString() {
        return "FileDescriptor[" + (fd == CLOSED ? "closed" : fd) + "]";
    }
}
