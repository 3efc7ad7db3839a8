package io.basalt.linux.event;

import io.basalt.linux.LinuxException;
import io.basalt.linux.Syscall;
import io.basalt.linux.file.FileDescriptor;
import io.basalt.linux.uring.UringSpec;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// A counter in the kernel that wakes whoever watches it: kicks, calls and mailbox wake-ups.
///
/// Made nonblocking; any thread may signal, one thread drains, and both allocate nothing. That it stays nonblocking
/// is up to all who hold it: one that a peer can reach, who may be hostile, is signalled through an
/// [io.basalt.linux.uring.EventBell] and not drained.
public final class EventFd implements AutoCloseable {
    private static final MemorySegment ONE = Arena.global().allocateFrom(ValueLayout.JAVA_LONG, 1L);

    private final FileDescriptor descriptor;
    private final MemorySegment count = Arena.ofAuto().allocate(ValueLayout.JAVA_LONG);
    /// `struct pollfd`: descriptor, events asked for, events that occurred.
    private final MemorySegment watch = Arena.ofAuto().allocate(8, 4);

    private EventFd(FileDescriptor descriptor) {
        this.descriptor = descriptor;
    }

    /// A new eventfd with count 0, closed on exec.
    ///
    /// @throws LinuxException if the kernel refuses
    public static EventFd create() {
        final long fd = Syscall.call(Syscall.EVENTFD2, 0, EventSpec.EFD_NONBLOCK | EventSpec.EFD_CLOEXEC);
        return new EventFd(FileDescriptor.adopt((int) LinuxException.check("eventfd2", fd, "0")));
    }

    /// The descriptor number; stays this object's.
    public int fd() {
        return descriptor.number();
    }

    /// Adds one to the count and wakes the watcher. An error means that the count is full: then the watcher has
    /// been woken and has not looked yet, so none is reported.
    public void signal() {
        signal(fd());
    }

    /// Signals a descriptor that another part of this process owns.
    public static void signal(int fd) {
        Syscall.call(Syscall.WRITE, fd, ONE.address(), Long.BYTES);
    }

    /// Takes the count and sets it to 0.
    ///
    /// @return how often it was signalled since the last drain; 0 if it was not
    public long drain() {
        final long result = Syscall.call(Syscall.READ, fd(), count.address(), Long.BYTES);
        return result == Long.BYTES ? count.get(ValueLayout.JAVA_LONG, 0) : 0;
    }

    /// Waits until it is signalled, or has been since the last drain; for threads that have no reactor.
    ///
    /// @param timeoutMs milliseconds, 0 and up
    /// @return false if the time is up, or a signal of the process came in between
    public boolean await(int timeoutMs) {
        watch.set(ValueLayout.JAVA_INT, 0, fd());
        watch.set(ValueLayout.JAVA_INT, 4, UringSpec.POLLIN);
        return Syscall.call(Syscall.POLL, watch.address(), 1, timeoutMs) > 0;
    }

    @Override
    public void close() {
        descriptor.close();
    }
}
