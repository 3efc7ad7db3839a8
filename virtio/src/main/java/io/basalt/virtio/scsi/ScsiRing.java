package io.basalt.virtio.scsi;

import io.basalt.block.MemoryFault;
import io.basalt.reactor.Engine;
import io.basalt.reactor.Signal;
import io.basalt.virtio.blk.BlkQueueState;
import io.basalt.virtio.memory.DirtyLog;
import io.basalt.virtio.memory.GuestMemory;
import io.basalt.virtio.queue.QueueFault;
import io.basalt.virtio.queue.QueueSetup;
import io.basalt.virtio.queue.QueueSetupException;
import io.basalt.virtio.queue.ServedQueue;
import io.basalt.virtio.queue.Virtqueue;
import java.util.Objects;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/// The life of one virtqueue of a controller, whatever it carries: ring, memory, kicks, calls, failure; see
/// [BlkQueueState] for its states.
///
/// Concurrency: belongs to the owner reactor's thread; others may glance at [#inFlight()]. Memory and failure are
/// handled as a disk's queue does: a setup with other memory waits until nothing is in flight, a bad ring breaks this
/// queue only, lost memory is never touched again.
public abstract class ScsiRing implements ServedQueue {
    /// Most chains taken in one poll.
    static final int BATCH_LENGTH = 32;

    /// Descriptors that a chain may have on rings with fewer: indirect tables of drivers that think of `seg_max`.
    private static final int CHAIN_LENGTH_MIN = 258;

    private static final int POLLIN = 1;

    private final int index;
    private final Engine engine;
    private final Listener listener;

    private BlkQueueState state = BlkQueueState.STOPPED;
    private int base;
    private @Nullable Virtqueue ring;
    private Signal call = Signal.NONE;
    private GuestMemory memory = GuestMemory.EMPTY;
    private @Nullable DirtyLog log;
    private int kickFd = -1;
    private int kickWatch = -1;
    private boolean enabled;
    private int resubmitted;
    private boolean armed;
    private boolean untouchable;
    private boolean callWanted;
    private boolean unpublished;
    private @Nullable QueueFault reported;
    private DescriptorWindow window = new DescriptorWindow(1, 1);

    private @Nullable QueueSetup nextSetup;
    private @Nullable Runnable changed;
    private @Nullable IntConsumer stopped;

    /// Who is told that a queue broke.
    @FunctionalInterface
    public interface Listener {
        /// The queue takes no more requests until it has been stopped and started again. In the queue's reactor.
        void broken(int index, QueueFault fault);
    }

    ScsiRing(int index, Engine engine, Listener listener) {
        this.index = index;
        this.engine = engine;
        this.listener = listener;
    }

    // ---- what a kind of queue does

    /// Take what is offered, go on with what was taken.
    ///
    /// @return how much was done
    abstract int serve(Virtqueue queue, long nowNs);

    /// A ring of this many descriptors is about to be served.
    abstract void prepare(int size);

    /// Guest memory is another one from now on; nothing is in flight.
    abstract void useMemory(GuestMemory before, GuestMemory now);

    /// Nobody is to wait on purpose any longer for what is in flight.
    abstract void hurry(boolean wanted);

    /// Whether there is something to do that no kick tells of.
    abstract boolean isBusy();

    /// Whether the queue would take what the driver offers next.
    abstract boolean wantsChains();

    // ---- what it finds here

    final BlkQueueState state() {
        return state;
    }

    /// The chains of this ring in the memory of the moment.
    final DescriptorWindow window() {
        return window;
    }

    final GuestMemory memory() {
        return memory;
    }

    final boolean isServing() {
        return ring != null;
    }

    final boolean isUntouchable() {
        return untouchable;
    }

    /// Whether chains are to be taken: the driver's, or those of an earlier process before a stop.
    final boolean takes(Virtqueue queue) {
        return (state == BlkQueueState.RUNNING && enabled && !untouchable) || isResubmitting(queue);
    }

    /// A chain that was taken is answered.
    final void complete(Virtqueue queue, int id, int written) {
        queue.complete(id, written);
        unpublished = true;
    }

    /// Nothing more is taken, because the driver or the front end broke what is shared with them.
    final void fail(Virtqueue queue, QueueFault fault) {
        if (fault == QueueFault.MEMORY_LOST) {
            untouchable = true;
        }
        queue.breakRing(fault);
        if (state == BlkQueueState.RUNNING || state == BlkQueueState.CHANGING) {
            transition(BlkQueueState.BROKEN);
            unwatchKicks();
        }
        if (reported == null || (fault == QueueFault.MEMORY_LOST && reported != fault)) {
            reported = fault;
            listener.broken(index, fault);
        }
    }

    // ---- commands

    @Override
    public final int index() {
        return index;
    }

    @Override
    public final int resubmitted() {
        return resubmitted;
    }

    @Override
    public final void start(QueueSetup setup) {
        if (state != BlkQueueState.STOPPED) {
            throw new IllegalStateException("queue " + index + " is " + state + ", not stopped");
        }
        final Virtqueue opened;
        try {
            opened = Virtqueue.open(setup);
            opened.disableNotifications();
            callWanted = opened.publish();
            MemoryFault.surface();
        } catch (InternalError truncated) {
            throw new QueueSetupException("queue " + index + ": guest memory was taken away");
        }
        ring = opened;
        resubmitted = opened.recovered();
        untouchable = false;
        reported = null;
        unpublished = false;
        armed = false;
        window = new DescriptorWindow(setup.size(), Math.max(setup.size(), CHAIN_LENGTH_MIN));
        prepare(setup.size());
        useMemory(GuestMemory.EMPTY, setup.memory());
        adopt(setup);
        transition(BlkQueueState.RUNNING);
    }

    @Override
    public final void change(QueueSetup next, Runnable acknowledged) {
        if (nextSetup != null || state == BlkQueueState.STOPPING) {
            throw new IllegalStateException("queue " + index + " is " + state + " and takes no other change");
        }
        if (ring == null) {
            acknowledged.run();
            return;
        }
        nextSetup = next;
        changed = acknowledged;
        if (state == BlkQueueState.RUNNING) {
            if (next.memory() == memory) {
                swap(ring, next);
            } else {
                transition(BlkQueueState.CHANGING);
            }
        }
        if (state == BlkQueueState.RUNNING) {
            acknowledge();
        } else {
            settleIfDrained();
        }
    }

    @Override
    public final void stop(IntConsumer done) {
        if (state == BlkQueueState.STOPPING) {
            throw new IllegalStateException("queue " + index + " is stopping already");
        }
        stopped = done;
        if (ring != null && !untouchable && ring.recovered() > 0 && !enabled) {
            // Taken by an earlier process, not yet taken again by this one: in flight, so they have to be answered.
            ring.change(ring.setup().withEnabled(true));
        }
        if (state != BlkQueueState.STOPPED) {
            transition(BlkQueueState.STOPPING);
        }
        settleIfDrained();
    }

    @Override
    public final void abandon() {
        untouchable = true;
        hurry(false);
    }

    // ---- polls

    @Override
    public final int poll(long nowNs) {
        final Virtqueue queue = ring;
        if (queue == null) {
            return 0;
        }
        int work = 1;
        try {
            work = serve(queue, nowNs);
            if (unpublished) {
                unpublished = false;
                callWanted |= queue.publish();
            }
            if (callWanted && !untouchable) {
                callWanted = false;
                call.raise();
            }
            MemoryFault.surface();
        } catch (InternalError truncated) {
            fail(queue, QueueFault.MEMORY_LOST);
        }
        if (state != BlkQueueState.RUNNING) {
            hurry(!untouchable);
            settleIfDrained();
        }
        return work;
    }

    private boolean isResubmitting(Virtqueue queue) {
        return state == BlkQueueState.STOPPING && !untouchable && queue.fault() == null && queue.recovered() > 0;
    }

    @Override
    public final boolean arm() {
        final Virtqueue queue = ring;
        if (queue == null) {
            return true;
        }
        if (isBusy() || isResubmitting(queue)) {
            return false;
        }
        if (state != BlkQueueState.RUNNING || !enabled || untouchable || !wantsChains()) {
            return true;
        }
        if (kickWatch < 0) {
            return false;
        }
        try {
            armed = true;
            final boolean idle = queue.enableNotifications();
            MemoryFault.surface();
            if (idle) {
                return true;
            }
            disarm();
        } catch (InternalError truncated) {
            fail(queue, QueueFault.MEMORY_LOST);
        }
        return false;
    }

    @Override
    public final void disarm() {
        final Virtqueue queue = ring;
        if (!armed || queue == null) {
            return;
        }
        armed = false;
        if (untouchable) {
            return;
        }
        try {
            queue.disableNotifications();
            MemoryFault.surface();
        } catch (InternalError truncated) {
            fail(queue, QueueFault.MEMORY_LOST);
        }
    }

    // ---- setups

    private void settleIfDrained() {
        if (inFlight() == 0 && (ring == null || !isResubmitting(ring))) {
            settle();
        }
    }

    /// Nothing is in flight: do what has waited for that.
    private void settle() {
        if (state == BlkQueueState.CHANGING) {
            swap(Objects.requireNonNull(ring), Objects.requireNonNull(nextSetup));
        }
        if (state == BlkQueueState.BROKEN || state == BlkQueueState.STOPPING) {
            release();
        }
        if (state == BlkQueueState.CHANGING) {
            transition(BlkQueueState.RUNNING);
        } else if (state == BlkQueueState.STOPPING) {
            transition(BlkQueueState.STOPPED);
        }
        acknowledge();
        if (state == BlkQueueState.STOPPED) {
            final IntConsumer stopWaits = stopped;
            stopped = null;
            if (stopWaits != null) {
                stopWaits.accept(base);
            }
        }
    }

    private void acknowledge() {
        final Runnable waiting = changed;
        nextSetup = null;
        changed = null;
        if (waiting != null) {
            waiting.run();
        }
    }

    private void swap(Virtqueue queue, QueueSetup next) {
        try {
            queue.change(next);
            queue.disableNotifications();
            MemoryFault.surface();
        } catch (QueueSetupException unusable) {
            fail(queue, QueueFault.ADDRESS_OUTSIDE_MEMORY);
            return;
        } catch (InternalError truncated) {
            fail(queue, QueueFault.MEMORY_LOST);
            return;
        }
        if (next.memory() != memory) {
            useMemory(memory, next.memory());
        }
        adopt(next);
    }

    private void adopt(QueueSetup setup) {
        memory = setup.memory();
        log = setup.log();
        window.use(memory, log);
        call = setup.call();
        enabled = setup.enabled();
        if (kickFd != setup.kickFd()) {
            unwatchKicks();
            kickFd = setup.kickFd();
            if (kickFd >= 0) {
                kickWatch = engine.watch(kickFd, POLLIN, this::kicked);
            }
        }
    }

    /// The log of what the device writes, or null.
    final @Nullable DirtyLog log() {
        return log;
    }

    private void kicked(int events) {
        if (events < 0) {
            // The engine watches no longer. Without kicks the ring has to be polled.
            kickWatch = -1;
        }
    }

    private void unwatchKicks() {
        if (kickWatch >= 0) {
            engine.unwatch(kickWatch);
        }
        kickWatch = -1;
        kickFd = -1;
    }

    private void release() {
        if (ring == null) {
            return;
        }
        if (callWanted && !untouchable) {
            call.raise();
        }
        callWanted = false;
        unwatchKicks();
        base = ring.base();
        useMemory(memory, GuestMemory.EMPTY);
        ring = null;
        memory = GuestMemory.EMPTY;
        log = null;
        window.use(memory, null);
        call = Signal.NONE;
    }

    private void transition(BlkQueueState next) {
        assert state.canBecome(next) : state + " to " + next;
        state = next;
    }
}
