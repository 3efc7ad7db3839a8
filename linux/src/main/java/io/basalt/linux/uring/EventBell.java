package io.basalt.linux.uring;

import io.basalt.linux.Syscall;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.List;

/// A way to signal an eventfd that somebody else shares, which never waits whatever they do with it.
///
/// A write(2) to an eventfd waits while its count is full, unless `O_NONBLOCK` is set; and that flag belongs to the
/// open file, so whoever shares it clears it at will. No way of writing helps: io_uring and `RWF_NOWAIT` look at
/// the flag before the write, and the write looks at it again. What never waits is the kernel's own signal at a
/// completion. So a bell is an io_uring of its own, as small as they come, with the eventfd registered for its
/// completions:
///
/// ```
///  signal() ──▶ NOP in the submission queue ──enter──▶ completion ──▶ eventfd + 1, waiters woken
/// ```
///
/// The request is executed inside the system call: nothing is outstanding when [#signal()] returns, so that the
/// eventfd may be detached and closed at any time between two signals. When the count is full the waiters are woken
/// all the same; nothing is added.
///
/// **Threads.** Up to [#SIGNALLERS_MAX] threads may signal at once. Every entry of the submission queue holds the
/// same request, so the order in which they publish and submit is of no account.
///
/// | field | who writes | how it is read | how it is written |
/// |---|---|---|---|
/// | SQ entry | constructor | by the kernel | plain, before the first tail |
/// | SQ tail | signallers | by the kernel | atomic add, before the system call |
/// | CQ entry | kernel | never | |
/// | CQ head | signallers | by the kernel | atomic add of what they have submitted |
public final class EventBell implements AutoCloseable {
    /// Threads that may be inside [#signal()] at once; more would find no room for their completions.
    public static final int SIGNALLERS_MAX = 8;

    private static final VarHandle SHARED_INT = ValueLayout.JAVA_INT.varHandle();
    /// The kernel makes four times as many completion entries.
    private static final int ENTRIES = SIGNALLERS_MAX / 4;
    /// No `SINGLE_ISSUER`: several threads submit. Nothing here ever leaves work for later.
    private static final List<Integer> KIND = List.of(UringSpec.IORING_SETUP_CQSIZE | UringSpec.IORING_SETUP_CLAMP);

    private final RingMemory ring;
    private final MemorySegment rings;
    private final int fd;

    private EventBell(RingMemory ring) {
        this.ring = ring;
        this.rings = ring.rings.segment();
        this.fd = ring.descriptor.number();
        assert ring.cqEntries >= SIGNALLERS_MAX;
        // Fresh entries are zero: IORING_OP_NOP without flags. Each position names an entry of its own.
        for (int i = 0; i < ring.sqEntries; i++) {
            rings.set(ValueLayout.JAVA_INT, ring.sqArray + (long) i * Integer.BYTES, i);
        }
    }

    /// A bell that is attached to nothing. Control plane: makes an io_uring, which takes one descriptor and tens of
    /// microseconds.
    ///
    /// @throws io.basalt.linux.LinuxException if the kernel refuses
    public static EventBell open() {
        return new EventBell(RingMemory.open(ENTRIES, KIND));
    }

    /// From now on signals go to this eventfd.
    ///
    /// @param eventFd stays the caller's. Need not stay open: the bell holds the eventfd itself
    /// @return 0 or `-errno`: `-EINVAL` if it is no eventfd, `-EBUSY` if the bell is attached already
    public int attach(int eventFd) {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment number = arena.allocateFrom(ValueLayout.JAVA_INT, eventFd);
            return (int) register(UringSpec.IORING_REGISTER_EVENTFD, number.address(), 1);
        }
    }

    /// Signals go nowhere any more.
    ///
    /// @return 0 or `-errno`: `-ENXIO` if the bell is not attached
    public int detach() {
        return (int) register(UringSpec.IORING_UNREGISTER_EVENTFD, 0, 0);
    }

    /// Adds one to the eventfd's count and wakes whoever waits, before it returns. Never waits, allocates nothing.
    ///
    /// @return whether the kernel did so; it does not only if it has not got the memory for a request, and a
    ///     signal is then lost
    public boolean signal() {
        SHARED_INT.getAndAdd(rings, ring.sqTail, 1);
        final long submitted = Syscall.call(Syscall.IO_URING_ENTER, fd, 1, 0, 0, 0, 0);
        if (submitted != 1) {
            return false;
        }
        SHARED_INT.getAndAdd(rings, ring.cqHead, 1);
        return true;
    }

    private long register(int operation, long argument, int count) {
        return Syscall.call(Syscall.IO_URING_REGISTER, fd, operation, argument, count);
    }

    /// Closes; does nothing the second time. Nobody may be signalling.
    @Override
    public void close() {
        if (ring.descriptor.isOpen()) {
            ring.close();
        }
    }
}
