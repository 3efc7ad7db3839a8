package io.basalt.virtio.blk;

import io.basalt.block.BlockStatus;
import io.basalt.block.MemoryFault;
import io.basalt.block.RequestObserver;
import io.basalt.block.VolumeChannel;
import io.basalt.reactor.Engine;
import io.basalt.reactor.Signal;
import io.basalt.virtio.memory.DirtyLog;
import io.basalt.virtio.memory.GuestMemory;
import io.basalt.virtio.queue.DescriptorChain;
import io.basalt.virtio.queue.QueueFault;
import io.basalt.virtio.queue.QueueSetup;
import io.basalt.virtio.queue.QueueSetupException;
import io.basalt.virtio.queue.ServedQueue;
import io.basalt.virtio.queue.Virtqueue;
import java.util.Objects;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/// One virtqueue of a disk, bound to the volume's channel on one reactor: takes requests, executes them, answers
/// them.
///
/// Concurrency: everything but [#counters()] belongs to the owner reactor's thread; others may glance at
/// [#state()] and [#inFlight()], without order. Control calls ([#start], [#change], [#stop]) come
/// in between two polls, from the reactor's mailbox.
///
/// One poll: requests that the volume has completed are answered, then at most [#BATCH_LENGTH] chains (or
/// [#BATCH_BYTES] of data) are taken, then all answers become visible with one store, then the driver is called
/// once if it wants to be. Requests come from a fixed pool, made at start; when it is empty nothing more is taken,
/// so a queue larger than the pool waits instead of allocating.
///
/// Failure: a bad request gets a status. A bad ring breaks this queue: its error signal is raised once, the
/// listener is told, requests in flight are still answered. When guest memory is taken away (the
/// `InternalError` of a truncated mapping), nothing in it is touched again, and the listener has to stop the
/// whole device.
///
/// Memory: requests in flight name regions of one [GuestMemory]. A setup with another one takes effect only when
/// none is in flight, and is acknowledged only then; the same holds for stopping. A change of the dirty log needs
/// no such wait: what the device wrote is marked when the request is answered, in the log of that moment.
public final class BlkQueue implements ServedQueue {
    /// Most chains taken in one poll.
    public static final int BATCH_LENGTH = 32;
    /// No more chains are taken in a poll once they carry this much data: one queue must not hold up the others of
    /// its reactor where moving data costs processor time.
    public static final int BATCH_BYTES = 4 << 20;
    /// Most requests in flight.
    public static final int REQUEST_COUNT_MAX = 1024;

    private static final int POLLIN = 1;
    /// How long a [VolumeChannel#shortcut()] is taken.
    private static final long PATH_NS = 1_000_000;

    private final BlkDevice device;
    private final int index;
    private final VolumeChannel channel;
    private final Engine engine;
    private final BlkQueueListener listener;
    private final BlkRequestParser parser;
    private final BlkRequestPool pool = new BlkRequestPool();
    private final CallPacer calls;
    private final BlkQueueCounters counters = new BlkQueueCounters();
    private final RequestTiming timing = new RequestTiming();
    private BlkQueueState state = BlkQueueState.STOPPED;
    private long nowNs;
    private int base;

    /// Where requests go until then: [VolumeChannel#shortcut()] of the channel.
    private VolumeChannel path;
    private long pathUntilNs;
    // What is being served; null while stopped, and once a broken queue has nothing in flight.
    private @Nullable Virtqueue ring;
    private Signal call = Signal.NONE;
    private GuestMemory memory = GuestMemory.EMPTY;
    private @Nullable DirtyLog log;
    private int kickFd = -1;
    private int kickWatch = -1;
    private boolean enabled;
    private boolean fetching;
    private boolean flushesAlways;
    private boolean followsWriteback;
    private int resubmitted;
    private boolean armed;
    // Guest memory is gone or given up: nothing in it may be read or written.
    private boolean untouchable;
    private @Nullable QueueFault reported;

    private DescriptorChain chain = new DescriptorChain(1);
    private int inFlight;
    private int unpublished;

    private @Nullable QueueSetup nextSetup;
    private @Nullable Runnable changed;
    private @Nullable IntConsumer stopped;

    /// @param index number of the queue in its device
    /// @param channel of the device's volume on this reactor; stays the caller's, outlives the queue
    /// @param engine of this reactor: watches the kick descriptor
    /// @param listener told when the queue breaks
    public BlkQueue(BlkDevice device, int index, VolumeChannel channel, Engine engine, BlkQueueListener listener) {
        this.device = device;
        this.index = index;
        this.channel = channel;
        this.path = channel;
        this.engine = engine;
        this.listener = listener;
        this.parser = new BlkRequestParser(device);
        this.calls = new CallPacer(device, counters);
    }

    @Override
    public int index() {
        return index;
    }

    /// Where the queue is in its life.
    public BlkQueueState state() {
        return state;
    }

    @Override
    public int inFlight() {
        return inFlight;
    }

    @Override
    public int resubmitted() {
        return resubmitted;
    }

    /// What the queue has done. Any thread.
    public BlkQueueCounters counters() {
        return counters;
    }

    /// Tell somebody how long requests take from now on.
    public void observedBy(RequestObserver newObserver) {
        timing.observer(newObserver);
    }

    @Override
    public void start(QueueSetup setup) {
        if (state != BlkQueueState.STOPPED) {
            throw new IllegalStateException("queue " + index + " is " + state + ", not stopped");
        }
        final Virtqueue opened;
        final boolean callOwed;
        try {
            opened = Virtqueue.open(setup);
            opened.disableNotifications();
            callOwed = opened.publish();
            MemoryFault.surface();
        } catch (InternalError truncated) {
            throw new QueueSetupException("queue " + index + ": guest memory was taken away");
        }
        ring = opened;
        resubmitted = opened.recovered();
        untouchable = false;
        reported = null;
        unpublished = 0;
        armed = false;
        pool.reset(Math.min(setup.size(), REQUEST_COUNT_MAX), this::completed, device.limits());
        // Drivers may fill indirect tables up to seg_max on smaller queues.
        chain = new DescriptorChain(Math.max(setup.size(), device.limits().segmentCountMax() + 2));
        calls.reset(nowNs);
        calls.answered(0, callOwed, nowNs);
        channel.useMemory(setup.memory().table());
        adopt(setup);
        transition(BlkQueueState.RUNNING);
    }

    /// Go on with another setup of the same ring: other signals, enabled or not, logging or not, other memory.
    ///
    /// @param acknowledged run once, in this reactor, when nothing uses the old setup any more: at once, or from a
    ///     later poll if requests are in flight in memory that is replaced. Also run if the queue breaks or stops
    ///     before that, and at once if no ring is served
    /// @throws IllegalStateException if an earlier change has not been acknowledged, or the queue is stopping
    @Override
    public void change(QueueSetup next, Runnable acknowledged) {
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

    /// Stop serving the ring: requests in flight are answered first.
    ///
    /// @param done run once, in this reactor, with the value of GET_VRING_BASE: at once, or from a later poll.
    ///     Guest memory and descriptors of the setup are not used after that
    /// @throws IllegalStateException if the queue is stopping already
    @Override
    public void stop(IntConsumer done) {
        if (state == BlkQueueState.STOPPING) {
            throw new IllegalStateException("queue " + index + " is stopping already");
        }
        stopped = done;
        if (ring != null && !untouchable && ring.recovered() > 0 && !enabled) {
            // Taken by an earlier process, not yet taken again by this one: in flight, so they have to be answered.
            ring.change(ring.setup().withEnabled(true));
        }
        beginToStop();
    }

    /// Take and answer nothing more: who asked has gone, and what was asked is not going to be
    /// executed. Requests in flight stay noted in the inflight region, for whoever starts the ring
    /// next. The queue is still to be stopped.
    @Override
    public void abandon() {
        untouchable = true;
        fetching = false;
        channel.hurry(false);
    }

    private void beginToStop() {
        if (state != BlkQueueState.STOPPED && state != BlkQueueState.STOPPING) {
            transition(BlkQueueState.STOPPING);
        }
        settleIfDrained();
    }

    @Override
    public int poll(long now) {
        final Virtqueue queue = ring;
        if (queue == null) {
            return 0;
        }
        nowNs = now;
        int work = 1;
        try {
            work = pollRing(queue);
            MemoryFault.surface();
        } catch (InternalError truncated) {
            fail(queue, QueueFault.MEMORY_LOST);
        }
        if (state != BlkQueueState.RUNNING) {
            channel.hurry(!untouchable);
            settleIfDrained();
        }
        return work;
    }

    private int pollRing(Virtqueue queue) {
        final CallPacer pacer = calls;
        if (nowNs >= pathUntilNs) {
            path = channel.shortcut();
            pathUntilNs = nowNs + PATH_NS;
        }
        int work = pool.hasCompleted() ? resumeCompleted(queue) : 0;
        if (fetching || isResubmitting(queue)) {
            work += take(queue);
        }
        if (unpublished > 0) {
            final int answers = unpublished;
            unpublished = 0;
            pacer.answered(answers, queue.publish(), nowNs);
        }
        if (pacer.isDue(nowNs) && !untouchable) {
            pacer.raise(call, nowNs);
        }
        return work;
    }

    /// Whether requests that an earlier process had taken are still to be taken again before the queue may stop.
    private boolean isResubmitting(Virtqueue queue) {
        return state == BlkQueueState.STOPPING && !untouchable && queue.fault() == null && queue.recovered() > 0;
    }

    private int resumeCompleted(Virtqueue queue) {
        int count = 0;
        for (BlkRequest request = pool.takeCompleted(); request != null; request = pool.takeCompleted()) {
            // Counted before guest memory is touched: if that vanishes just now, the count is still right.
            inFlight--;
            count++;
            proceed(queue, request, request.result);
            // A fault that came up only when the next request has been taken off its list would lose that one.
            MemoryFault.surface();
        }
        return count;
    }

    private int take(Virtqueue queue) {
        final DescriptorChain into = chain;
        // One look at the ring a pass: what comes meanwhile is for the next one, and these answers do not wait for it.
        int offered = queue.offered();
        final int most = Math.min(Math.min(offered, BATCH_LENGTH), device.inFlightMax() - inFlight);
        BlkRequest request = pool.first();
        int count = 0;
        long bytes = 0;
        while (count < most && bytes < BATCH_BYTES && request != null && (fetching || isResubmitting(queue))) {
            final int popped = queue.pop(into);
            if (popped == 0) {
                offered = count;
                break;
            }
            if (popped < 0) {
                fail(queue, Objects.requireNonNull(queue.fault()));
                return count + 1;
            }
            count++;
            request.begin(into.id(), nowNs);
            final boolean pending = begin(queue, request, parser.parse(into, request));
            bytes += request.byteCount();
            if (pending) {
                pool.takeFirst(request);
                request = pool.first();
            }
        }
        timing.looked(offered, count, nowNs);
        return count;
    }

    /// Do what was asked.
    ///
    /// @return whether it has to be waited for
    private boolean begin(Virtqueue queue, BlkRequest request, int verdict) {
        if (verdict == BlkRequestParser.PREPARED) {
            if (!request.writesData() && (flushesAlways || (followsWriteback && !device.writeback()))) {
                request.followWithFlush();
            }
            return execute(queue, request);
        }
        switch (verdict) {
            case BlkRequestParser.PREPARED_ID -> {
                request.answerId(device);
                answer(queue, request, BlkSpec.VIRTIO_BLK_S_OK);
            }
            case BlkRequestParser.ANSWER_MISSING -> fail(queue, QueueFault.ANSWER_MISSING);
            case BlkRequestParser.ANSWER_OUTSIDE_MEMORY -> fail(queue, QueueFault.ADDRESS_OUTSIDE_MEMORY);
            default -> answer(queue, request, verdict);
        }
        return false;
    }

    /// Do the step that is prepared, and those after it, until one has to be waited for.
    ///
    /// @return whether one has to; otherwise the request is answered
    private boolean execute(Virtqueue queue, BlkRequest request) {
        while (true) {
            final BlockStatus status = path.submit(request);
            if (status == BlockStatus.PENDING) {
                inFlight++;
                return true;
            }
            if (status != BlockStatus.OK) {
                answer(queue, request, BlkRequest.statusOf(status));
                return false;
            }
            if (!request.prepareNext()) {
                answer(queue, request, BlkSpec.VIRTIO_BLK_S_OK);
                return false;
            }
        }
    }

    /// The volume is done with a step that had to be waited for.
    private void proceed(Virtqueue queue, BlkRequest request, BlockStatus status) {
        if (status == BlockStatus.OK && !untouchable && request.prepareNext()) {
            if (execute(queue, request)) {
                return;
            }
        } else if (!untouchable) {
            answer(queue, request, BlkRequest.statusOf(status));
        }
        pool.giveBack(request);
    }

    private void completed(BlkRequest request, BlockStatus status) {
        assert inFlight > 0;
        request.result = status;
        pool.addCompleted(request);
    }

    /// Answer a request, in guest memory that may still be touched.
    private void answer(Virtqueue queue, BlkRequest request, int status) {
        request.answer(status);
        final DirtyLog dirty = log;
        if (dirty != null) {
            request.mark(dirty, memory);
        }
        queue.complete(request.id(), request.writtenLength(status));
        unpublished++;
        final boolean ok = status == BlkSpec.VIRTIO_BLK_S_OK;
        counters.answered(request.kind(), ok ? request.byteCount() : 0, nowNs - request.startNs());
        timing.answered(request, nowNs - request.startNs());
        if (!ok) {
            counters.failed();
        }
    }

    /// Nothing is taken any more, because the driver or the front end broke what is shared with them.
    private void fail(Virtqueue queue, QueueFault fault) {
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
            listener.broken(this, fault);
        }
    }

    private void settleIfDrained() {
        if (inFlight == 0 && (ring == null || !isResubmitting(ring))) {
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
            reportStopped();
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

    private void reportStopped() {
        final IntConsumer stopWaits = stopped;
        stopped = null;
        if (stopWaits != null) {
            stopWaits.accept(base);
        }
    }

    /// Put another setup in force. If the ring cannot go on with it, the queue is broken afterwards.
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
            channel.useMemory(next.memory().table());
            channel.releaseMemory(memory.table());
        }
        adopt(next);
        fetching = state == BlkQueueState.RUNNING && enabled;
    }

    private void adopt(QueueSetup setup) {
        timing.forget();
        memory = setup.memory();
        parser.useMemory(memory);
        log = setup.log();
        call = setup.call();
        enabled = setup.enabled();
        // 5.2.5.2: without CONFIG_WCE the driver's knowledge of FLUSH decides; one that cannot flush needs a disk
        // whose writes are durable when they complete.
        final boolean canFlush = device.offers(BlkSpec.VIRTIO_BLK_F_FLUSH);
        followsWriteback = canFlush && setup.has(BlkSpec.VIRTIO_BLK_F_CONFIG_WCE);
        flushesAlways = canFlush && !followsWriteback && !setup.has(BlkSpec.VIRTIO_BLK_F_FLUSH);
        if (kickFd != setup.kickFd()) {
            unwatchKicks();
            kickFd = setup.kickFd();
            if (kickFd >= 0) {
                kickWatch = engine.watch(kickFd, POLLIN, this::kicked);
            }
        }
    }

    private void kicked(int events) {
        counters.kicked();
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

    /// Let go of the ring and of guest memory.
    private void release() {
        if (ring == null) {
            return;
        }
        if (calls.isWanted() && !untouchable) {
            calls.raise(call, nowNs);
        }
        unwatchKicks();
        base = ring.base();
        channel.releaseMemory(memory.table());
        ring = null;
        memory = GuestMemory.EMPTY;
        parser.useMemory(memory);
        log = null;
        call = Signal.NONE;
    }

    private void transition(BlkQueueState next) {
        assert state.canBecome(next);
        state = next;
        fetching = next == BlkQueueState.RUNNING && enabled;
    }

    @Override
    public boolean arm() {
        final Virtqueue queue = ring;
        if (queue == null) {
            return true;
        }
        if (pool.hasCompleted() || isResubmitting(queue)) {
            return false;
        }
        if (calls.isWanted() && !untouchable) {
            // Nothing is going on, so there is nothing to hold the call back for.
            calls.raise(call, nowNs);
        }
        if (!fetching || pool.isEmpty() || inFlight >= device.inFlightMax()) {
            // Whatever changes that, a command or a completion, wakes the reactor by itself.
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
                timing.forget();
                return true;
            }
            disarm();
        } catch (InternalError truncated) {
            fail(queue, QueueFault.MEMORY_LOST);
        }
        return false;
    }

    @Override
    public void disarm() {
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
}
