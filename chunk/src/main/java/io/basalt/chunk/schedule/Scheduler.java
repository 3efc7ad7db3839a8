package io.basalt.chunk.schedule;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The choice of what a device does next: see the package's rules. As long as fewer requests are at the
/// store than it can make good use of, a client's job is begun at once, and nothing else happens.
/// Otherwise it waits in its volume's queue, and whenever there is room
///
/// 1. a volume that is due by its reservation comes first, the one that is most overdue before others;
/// 2. then background work that is due by its share of the device;
/// 3. then volumes by weight (start-time fair queueing), but for those that have reached their limit;
/// 4. then background work.
///
/// **Refusal.** A job is refused, with a time to come again, when what waits already would take too
/// long: its volume could not serve it in half of the time until its deadline, or all that waits would
/// take more than [ScheduleSettings#queueNs()]. A few jobs of each volume are taken all the same, so
/// that it has one when its turn comes; and no volume gets more of the places than are still free.
///
/// The owner says what begins and ends at the store, and calls [#dispatch] after each end and [#tick]
/// now and then. One owner reactor.
public final class Scheduler {
    /// What [#offer] says of a job that was taken.
    public static final long TAKEN = 0;

    private static final int IO_BYTES = 16 << 10;
    private static final int JOBS_ALWAYS = 1;
    private static final long WAIT_ALWAYS_NS = 50_000_000L;
    private static final long RETRY_MIN_NS = 1_000_000L;
    private static final long RETRY_MAX_NS = 500_000_000L;
    private static final long FORGET_NS = 60 * Flow.SECOND_NS;
    private static final int COST_SMOOTHING = 64;
    private static final Background[] CLASSES = Background.values();

    private final ScheduleSettings settings;
    private final DeviceDepth depth;
    private final FlowTable volumes = new FlowTable();
    private final FlowHeap due = new FlowHeap(FlowHeap.Key.RESERVE);
    private final FlowHeap ready = new FlowHeap(FlowHeap.Key.START);
    private final FlowHeap heldBack = new FlowHeap(FlowHeap.Key.LIMIT);
    private final Flow[] classes = new Flow[CLASSES.length];

    private int queued;
    private int queuedBackground;
    private long queuedCost;
    private long waitingWeight;
    private int limits;
    private long virtualTime;
    private long backgroundTime;
    private double meanCost = 1;
    private long nextForgetNs;
    private boolean isClosed;

    private long waits;
    private long refusals;
    private long drops;

    /// A scheduler of a device that has nothing to do yet.
    public Scheduler(ScheduleSettings settings, long nowNs) {
        this.settings = settings;
        depth = new DeviceDepth(settings, nowNs);
        nextForgetNs = nowNs + FORGET_NS;
        for (int index = 0; index < classes.length; index++) {
            classes[index] = new Flow(-1 - index, nowNs);
        }
        settings.shares().forEach((volumeId, share) -> share(volumeId, share, nowNs));
    }

    // What volumes and classes get.

    private void share(long volumeId, Share share, long nowNs) {
        volumes.of(volumeId, nowNs).share(share);
        limits += share.limit() > 0 ? 1 : 0;
    }

    /// Bound what a class of background work does. Control plane.
    ///
    /// @param bytesPerSecond at most
    public void limit(Background work, long bytesPerSecond) {
        flowOf(work).limit(Math.max(1, bytesPerSecond / IO_BYTES));
    }

    // Jobs.

    /// Have a client's job begun now, or when its turn comes.
    ///
    /// @param weight of the volume, as its gate says; 0 if it does not
    /// @param bytes of data, 0 for a change without
    /// @return [#TAKEN], or how many nanoseconds the gate is to wait before it asks again: the job was
    ///     not taken
    public long offer(Job job, long volumeId, int weight, int bytes, long nowNs) {
        depth.clientAsks(nowNs);
        if (queued == 0 && limits == 0 && depth.hasRoom()) {
            job.admitted();
            return TAKEN;
        }
        final boolean hasRoom = depth.hasRoom();
        if (!hasRoom) {
            depth.reached();
        }
        final long retryNs = queue(job, volumeId, weight, bytes, nowNs);
        if (hasRoom) {
            // Others wait for their limit, or for what has just ended to be counted.
            dispatch(nowNs);
        }
        return retryNs;
    }

    /// Have background work begun now, or when its turn comes.
    public void offer(Job job, Background work, int bytes, long nowNs) {
        final Flow flow = flowOf(work);
        if (isClosed) {
            job.dropped();
            return;
        }
        job.cost = costOf(bytes);
        job.queuedNs = nowNs;
        if (flow.isEmpty()) {
            flow.awakes(backgroundTime);
        }
        flow.add(job);
        flow.headChanged();
        queuedBackground++;
        dispatch(nowNs);
    }

    /// A job that waits is to be forgotten.
    public void withdraw(Job job) {
        final Flow flow = Objects.requireNonNull(job.flow, "only a job that waits is withdrawn");
        take(flow, job);
    }

    private long queue(Job job, long volumeId, int weight, int bytes, long nowNs) {
        final Flow flow = volumes.of(volumeId, nowNs);
        if (flow.isEmpty()) {
            flow.weight(weight);
        }
        job.cost = costOf(bytes);
        meanCost += (job.cost - meanCost) / COST_SMOOTHING;
        final long retryNs = refusal(flow, job, nowNs);
        if (retryNs != TAKEN) {
            refusals++;
            return retryNs;
        }
        waits++;
        job.queuedNs = nowNs;
        final boolean isFirst = flow.isEmpty();
        flow.add(job);
        queued++;
        queuedCost += job.cost;
        if (isFirst) {
            waitingWeight += flow.weight();
            flow.awakes(virtualTime);
            flow.headChanged();
            place(flow, nowNs);
        }
        return TAKEN;
    }

    /// Whether a job is not taken: how long to wait then; else [#TAKEN].
    private long refusal(Flow flow, Job job, long nowNs) {
        final double costPerSecond = depth.ownPerSecond() * meanCost;
        final double part = (double) flow.weight() / (waitingWeight + (flow.isEmpty() ? flow.weight() : 0));
        double perSecond = Math.max(costPerSecond * part, (double) flow.reservation());
        if (flow.limit() > 0) {
            perSecond = Math.min(perSecond, (double) flow.limit());
        }
        final long waitNs = (long) ((flow.queuedCost() + job.cost) * Flow.SECOND_NS / perSecond);
        final long retryNs = Math.clamp(waitNs, RETRY_MIN_NS, RETRY_MAX_NS);
        if (isClosed || queued >= settings.queueMax()) {
            return retryNs;
        }
        if (flow.count() < JOBS_ALWAYS || waitNs <= WAIT_ALWAYS_NS) {
            return TAKEN;
        }
        final boolean isInTime = waitNs <= (job.deadlineNs() - nowNs) / 2
                && queuedCost * Flow.SECOND_NS / costPerSecond <= settings.queueNs();
        return isInTime && flow.count() < settings.queueMax() - queued ? TAKEN : retryNs;
    }

    private static int costOf(int bytes) {
        return Math.max(1, (bytes + IO_BYTES - 1) / IO_BYTES);
    }

    // The device.

    /// A request goes to the store.
    public void began(Origin origin) {
        depth.began(origin);
    }

    /// The store has ended a request.
    ///
    /// @param tookNs how long it had it
    public void ended(Origin origin, long tookNs) {
        depth.ended(origin, tookNs);
    }

    /// Begin what there is room for.
    public void dispatch(long nowNs) {
        while (queued > 0 && depth.hasRoom() && dispatchClient(nowNs)) {
            // The next one.
        }
        while (queuedBackground > 0 && dispatchBackground(nowNs)) {
            // The next one.
        }
    }

    private boolean dispatchClient(long nowNs) {
        release(nowNs);
        final Flow first = due.top();
        if (first != null && first.isDue(nowNs)) {
            return begin(first, true, nowNs);
        }
        return dispatchDueBackground(nowNs) || begin(ready.top(), false, nowNs);
    }

    /// Volumes that the limit kept back long enough take part again.
    private void release(long nowNs) {
        @Nullable Flow held = heldBack.top();
        while (held != null && !held.isHeldBack(nowNs)) {
            heldBack.remove(held);
            ready.add(held);
            held = heldBack.top();
        }
    }

    private boolean dispatchBackground(long nowNs) {
        return dispatchDueBackground(nowNs)
                || (depth.hasRoomForRest(nowNs) && begin(nextBackground(nowNs, false), false, nowNs));
    }

    private boolean dispatchDueBackground(long nowNs) {
        return queuedBackground > 0 && depth.hasRoomForDue(nowNs) && begin(nextBackground(nowNs, true), true, nowNs);
    }

    private @Nullable Flow nextBackground(long nowNs, boolean ifDue) {
        @Nullable Flow next = null;
        for (final Flow each : classes) {
            if (!each.isEmpty()
                    && !each.isHeldBack(nowNs)
                    && (!ifDue || each.isDue(nowNs))
                    && (next == null || each.start() - next.start() < 0)) {
                next = each;
            }
        }
        return next;
    }

    /// Begin the job at the head of a flow, or drop it.
    ///
    /// @return false if there is no flow
    private boolean begin(@Nullable Flow flow, boolean isDue, long nowNs) {
        if (flow == null) {
            return false;
        }
        final Job job = Objects.requireNonNull(flow.first(), "a flow that is picked has a job");
        if (job.deadlineNs() - nowNs <= 0) {
            take(flow, job);
            drops++;
            job.dropped();
            return true;
        }
        final boolean isClients = flow.id >= 0;
        if (!isClients) {
            backgroundTime = flow.start();
        } else if (!isDue) {
            virtualTime = flow.start();
        }
        // A volume gets its weight's part besides; a class gets what is left, and its share only where that is less.
        flow.served(job.cost, isDue || !isClients, nowNs);
        take(flow, job);
        if (isClients && !flow.isEmpty()) {
            unplace(flow);
            place(flow, nowNs);
        }
        job.admitted();
        return true;
    }

    /// Take a job out of its queue.
    private void take(Flow flow, Job job) {
        flow.remove(job);
        if (flow.id < 0) {
            queuedBackground--;
        } else {
            queued--;
            queuedCost -= job.cost;
            if (flow.isEmpty()) {
                waitingWeight -= flow.weight();
                unplace(flow);
            }
        }
        flow.headChanged();
        if (due.contains(flow)) {
            due.changed(flow);
        }
    }

    private void place(Flow flow, long nowNs) {
        if (flow.isEmpty()) {
            return;
        }
        if (flow.reservation() > 0) {
            due.add(flow);
        }
        (flow.isHeldBack(nowNs) ? heldBack : ready).add(flow);
    }

    private void unplace(Flow flow) {
        due.remove(flow);
        ready.remove(flow);
        heldBack.remove(flow);
    }

    @SuppressWarnings("EnumOrdinal") // a place in an array of this process, kept nowhere
    private Flow flowOf(Background work) {
        return classes[work.ordinal()];
    }

    // Time, and the end.

    /// Look at the time that has passed.
    public void tick(long nowNs) {
        depth.tick(nowNs);
        for (final Background work : CLASSES) {
            final double perSecond = depth.perSecond() * meanCost * settings.permille(work) / 1000;
            flowOf(work).reservation(Math.max(1, (long) perSecond));
        }
        if (nowNs - nextForgetNs >= 0) {
            nextForgetNs = nowNs + FORGET_NS;
            volumes.forgetIdle();
        }
        dispatch(nowNs);
    }

    /// Take no jobs any more, and drop those that wait.
    public void close() {
        isClosed = true;
        for (final Flow each : classes) {
            drop(each);
        }
        drop(ready);
        drop(heldBack);
    }

    private void drop(FlowHeap heap) {
        @Nullable Flow flow = heap.top();
        while (flow != null) {
            drop(flow);
            flow = heap.top();
        }
    }

    private void drop(Flow flow) {
        @Nullable Job job = flow.first();
        while (job != null) {
            take(flow, job);
            job.dropped();
            job = flow.first();
        }
    }

    // For people.

    /// How it is doing.
    public ScheduleStatus status() {
        return new ScheduleStatus(
                depth.bound(), depth.inFlight(), depth.latencyNs(), queued, queuedBackground, waits, refusals, drops);
    }
}
