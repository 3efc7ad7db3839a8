package io.basalt.reactor.uring;

import io.basalt.linux.Errno;
import io.basalt.linux.event.EventFd;
import io.basalt.linux.uring.IoUring;
import io.basalt.linux.uring.UringSpec;
import io.basalt.reactor.Engine;
import io.basalt.reactor.FdHandler;
import io.basalt.reactor.Reactor;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.BitSet;
import java.util.concurrent.atomic.AtomicInteger;

/// The production engine: an io_uring of the reactor's own, in which all its I/O, its watches and its sleep happen.
///
/// **User data.** Each request carries the number of the handler that its completion goes to, and a token of 32
/// bits that only the handler understands:
///
/// ```
///   63            32 31             0
///   ┌───────────────┬────────────────┐
///   │ handler       │ token          │
///   └───────────────┴────────────────┘
/// ```
///
/// Numbers carry a generation ([SlotTable]), so that a late completion for a handler or watch that has been removed
/// finds nobody and is dropped.
///
/// **System calls.** `prepare` methods of [#ring()] only queue. The pass submits all with one call in [#poll()],
/// which makes none if nothing is queued and the kernel has nothing to run. There is one more only when the queue
/// is full: the caller of a `prepare` method that answered false calls [#submit()] and tries again.
///
/// **Watches** are multishot polls: each signal of the descriptor gives a completion without anything being read or
/// re-armed. If the kernel ends one, it is armed again and then reports at once if the descriptor is ready.
///
/// **Waking** is a write to an eventfd that is watched like any other. It is never read: each write signals anew.
///
/// Belongs to the platform thread that opened it, but for [#wake()].
public final class UringEngine implements Engine {
    /// Submission queue entries that suit a reactor: a pass's worth of requests of a few busy virtqueues.
    public static final int ENTRIES = 512;

    private static final int FILES_MAX = 1024;
    private static final int FILES_MIN = 16;
    private static final int BUFFERS_MAX = 4096;
    private static final int COMPLETIONS_MAX = 512;

    private final IoUring ring;
    private final EventFd wakeUp;
    private final SlotTable<CompletionHandler> handlers = new SlotTable<>();
    private final SlotTable<Watch> watches = new SlotTable<>();

    /// Watches whose next request has found the submission queue full.
    private final ArrayDeque<Watch> waiting = new ArrayDeque<>();

    /// Replaced as a whole when one comes or goes.
    private SubmitHook[] hooks = {};

    private final int watchHandler;
    private final int silentHandler;
    private final int fileSlots;
    private final int bufferSlots;
    private final BitSet files = new BitSet();
    private final BitSet buffers = new BitSet();

    /// Threads inside [#wake()], which must have left before the eventfd is closed.
    private final AtomicInteger wakers = new AtomicInteger();

    private volatile boolean closed;
    private boolean delivering;

    /// One watched descriptor.
    private static final class Watch {
        final int fd;
        final int events;
        final FdHandler handler;
        int number;

        /// The kernel has the poll request, or it is queued.
        boolean armed;

        Watch(int fd, int events, FdHandler handler) {
            this.fd = fd;
            this.events = events;
            this.handler = handler;
        }
    }

    private UringEngine(IoUring ring, EventFd wakeUp) {
        this.ring = ring;
        this.wakeUp = wakeUp;
        this.watchHandler = handlers.add(this::watchCompleted);
        this.silentHandler = handlers.add((token, result, flags) -> {});
        this.fileSlots = registerFiles(ring);
        this.bufferSlots = ring.registerBuffersSparse(BUFFERS_MAX) == 0 ? BUFFERS_MAX : 0;
        watch(wakeUp.fd(), UringSpec.POLLIN, events -> {});
    }

    /// Opens an engine that belongs to the calling platform thread.
    ///
    /// @param entries size of the submission queue, 1 to 32768
    /// @throws io.basalt.linux.LinuxException if the kernel has no io_uring or forbids it
    public static UringEngine open(int entries) {
        final IoUring ring = IoUring.create(entries);
        try {
            return new UringEngine(ring, EventFd.create());
        } catch (RuntimeException e) {
            ring.close();
            throw e;
        }
    }

    /// The engine of a production reactor.
    ///
    /// @throws IllegalStateException if the reactor runs on another engine
    public static UringEngine of(Reactor reactor) {
        if (reactor.engine() instanceof UringEngine engine) {
            return engine;
        }
        throw new IllegalStateException(
                reactor + " runs on " + reactor.engine().getClass().getSimpleName() + ", which has no io_uring");
    }

    /// The ring, to queue requests in.
    public IoUring ring() {
        return ring;
    }

    @Override
    public int poll() {
        runHooks();
        if (!waiting.isEmpty()) {
            retryWaiting();
        }
        final int handedOver = ring.needsEnter() ? enter(0, IoUring.NO_TIMEOUT) : 0;
        return handedOver + deliver();
    }

    @Override
    public int sleep(long timeoutNs) {
        assert timeoutNs >= 0 : "a sleep cannot end in the past";
        runHooks();
        final boolean mayBlock = ring.completionCount() == 0 && waiting.isEmpty();
        enter(mayBlock ? 1 : 0, timeoutNs == Long.MAX_VALUE ? IoUring.NO_TIMEOUT : timeoutNs);
        return ring.completionCount();
    }

    /// Hands everything that is queued to the kernel. For callers of `prepare` methods that found the queue full;
    /// delivers nothing.
    ///
    /// @return requests handed over; 0 if the kernel takes none until completions have been delivered
    public int submit() {
        return enter(0, IoUring.NO_TIMEOUT);
    }

    @Override
    public void wake() {
        wakers.incrementAndGet();
        try {
            if (!closed) {
                wakeUp.signal();
            }
        } finally {
            wakers.decrementAndGet();
        }
    }

    // ---- handlers ----

    /// Adds a handler of completions.
    ///
    /// @return its number, for [#userData(int, int)] and [#removeHandler(int)]
    public int addHandler(CompletionHandler handler) {
        return handlers.add(handler);
    }

    /// Removes a handler. None of its requests may be in flight: the memory that they use is the handler's.
    public void removeHandler(int handler) {
        assert handler != watchHandler : "the engine's own handler";
        assert handler != silentHandler : "the engine's own handler";
        final CompletionHandler removed = handlers.remove(handler);
        assert removed != null : "handler " + handler + " is not there";
    }

    /// The user data of a request whose completion goes to a handler.
    public long userData(int handler, int token) {
        return (long) handler << Integer.SIZE | Integer.toUnsignedLong(token);
    }

    // ---- hooks ----

    /// Adds what is run once per pass, right before everything queued is submitted.
    public void addHook(SubmitHook hook) {
        final SubmitHook[] more = Arrays.copyOf(hooks, hooks.length + 1);
        more[hooks.length] = hook;
        hooks = more;
    }

    /// Removes a hook; it is not run any more.
    public void removeHook(SubmitHook hook) {
        hooks = Arrays.stream(hooks).filter(other -> !other.equals(hook)).toArray(SubmitHook[]::new);
    }

    private void runHooks() {
        for (final SubmitHook hook : hooks) {
            hook.beforeSubmit();
        }
    }

    // ---- watches ----

    @Override
    public int watch(int fd, int events, FdHandler handler) {
        final Watch watch = new Watch(fd, events, handler);
        watch.number = watches.add(watch);
        arm(watch);
        return watch.number;
    }

    /// Stops watching. Submits at once, so that the ring's hold on the open file ends here too: a socket that is
    /// closed next is seen closed by its peer.
    @Override
    public void unwatch(int number) {
        final Watch watch = watches.remove(number);
        if (watch == null) {
            throw new AssertionError("watch " + number + " is not there");
        }
        if (watch.armed) {
            disarm(watch);
            submit();
        } else {
            waiting.remove(watch);
        }
    }

    private void watchCompleted(int number, int result, int flags) {
        final Watch watch = watches.find(number);
        if (watch == null) {
            return;
        }
        if ((flags & UringSpec.IORING_CQE_F_MORE) == 0) {
            watch.armed = false;
            if (result >= 0) {
                arm(watch);
            }
        }
        watch.handler.ready(result);
    }

    private void arm(Watch watch) {
        assert !watch.armed : "a watch is armed once";
        watch.armed = preparePoll(watch);
        if (!watch.armed) {
            submit();
            watch.armed = preparePoll(watch);
        }
        if (!watch.armed) {
            waiting.add(watch);
        }
    }

    private boolean preparePoll(Watch watch) {
        return ring.preparePollAdd(watch.fd, watch.events, true, userData(watchHandler, watch.number));
    }

    private void disarm(Watch watch) {
        if (!prepareCancel(watch)) {
            submit();
            if (!prepareCancel(watch)) {
                waiting.add(watch);
            }
        }
    }

    /// A cancellation, not the removal of a poll: that one is refused (`-EALREADY`) while an event of the
    /// descriptor is on its way, and the poll would go on and hold the open file.
    private boolean prepareCancel(Watch watch) {
        return ring.prepareCancel(userData(watchHandler, watch.number), userData(silentHandler, 0));
    }

    private void retryWaiting() {
        for (int count = waiting.size(); count > 0; count--) {
            final Watch watch = waiting.remove();
            if (watch.armed) {
                disarm(watch);
            } else {
                arm(watch);
            }
        }
    }

    // ---- registered files and buffers: control plane ----

    /// Puts an open file into the ring's table, which then holds the file itself, not the number.
    ///
    /// @param fd stays the caller's and may be closed at once
    /// @return slot to be used with `IOSQE_FIXED_FILE`, or -1 if there is none or the kernel refuses: the file is
    ///     then used by its number
    public int addFile(int fd) {
        final int slot = files.nextClearBit(0);
        if (slot >= fileSlots || ring.updateFile(slot, fd) < 0) {
            return -1;
        }
        files.set(slot);
        return slot;
    }

    /// Takes a file out of the table. No request that uses the slot may be in flight.
    public void removeFile(int slot) {
        assert files.get(slot) : "file slot " + slot + " is not in use";
        final int result = ring.updateFile(slot, -1);
        assert result >= 0 : "emptying file slot " + slot + ": " + Errno.describe(result);
        files.clear(slot);
    }

    /// Reserves neighbouring slots of the ring's buffer table, to be filled with [IoUring#updateBuffer].
    ///
    /// @param count slots, 1 and up
    /// @return first slot, or -1 if so many are not free or the kernel has no such table: memory is then used by
    ///     its address
    public int claimBuffers(int count) {
        assert count > 0 : "a claim of no buffer";
        int first = buffers.nextClearBit(0);
        while (first + count <= bufferSlots) {
            final int taken = buffers.nextSetBit(first);
            if (taken < 0 || taken >= first + count) {
                buffers.set(first, first + count);
                return first;
            }
            first = buffers.nextClearBit(taken);
        }
        return -1;
    }

    /// Empties slots and gives them back; the memory is no longer pinned. No request that uses them may be in
    /// flight.
    public void releaseBuffers(int first, int count) {
        for (int slot = first; slot < first + count; slot++) {
            assert buffers.get(slot) : "buffer slot " + slot + " is not in use";
            final int result = ring.updateBuffer(slot, 0, 0);
            assert result >= 0 : "emptying buffer slot " + slot + ": " + Errno.describe(result);
        }
        buffers.clear(first, first + count);
    }

    /// Ends all watches and closes the ring. No request of a handler may be in flight.
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        while (wakers.get() > 0) {
            Thread.onSpinWait();
        }
        ring.close();
        wakeUp.close();
    }

    private int enter(int minComplete, long timeoutNs) {
        final int result = ring.enter(minComplete, timeoutNs);
        if (result >= 0) {
            return result;
        }
        if (result == -Errno.EBUSY || result == -Errno.EAGAIN) {
            return 0;
        }
        throw new AssertionError("io_uring_enter must not fail: " + Errno.describe(result));
    }

    private int deliver() {
        assert !delivering : "completions are delivered by the loop, not by their handlers";
        final int count = Math.min(ring.completionCount(), COMPLETIONS_MAX);
        if (count == 0) {
            return 0;
        }
        int done = 0;
        delivering = true;
        try {
            while (done < count) {
                final int index = done++;
                dispatch(ring.completionUserData(index), ring.completionResult(index), ring.completionFlags(index));
            }
        } finally {
            delivering = false;
            ring.advance(done);
        }
        return done;
    }

    private void dispatch(long userData, int result, int flags) {
        final CompletionHandler handler = handlers.find((int) (userData >>> Integer.SIZE));
        if (handler != null) {
            handler.completed((int) userData, result, flags);
        }
    }

    /// The table of files counts against the limit of open files, which may be low.
    private static int registerFiles(IoUring ring) {
        for (int slots = FILES_MAX; slots >= FILES_MIN; slots /= 2) {
            if (ring.registerFilesSparse(slots) == 0) {
                return slots;
            }
        }
        return 0;
    }
}
