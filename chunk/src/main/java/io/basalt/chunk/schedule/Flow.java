package io.basalt.chunk.schedule;

import org.jspecify.annotations.Nullable;

/// The jobs of one volume, or of one class of background work, that wait; and the tags by which the
/// [Scheduler] picks among flows.
///
/// | tag | of the job at the head | advances by |
/// |---|---|---|
/// | reserveNs | when it is due by the reservation | cost / reservation, if it was picked for that |
/// | start | when it begins in virtual time (start-time fair queueing) | cost / weight |
/// | limitNs | before when the limit keeps it back | cost / limit |
///
/// Tags are compared by their difference: they may wrap around. One owner reactor.
final class Flow {
    static final long SECOND_NS = 1_000_000_000L;

    /// Virtual time that an I/O takes of a flow of weight 1.
    private static final long UNIT = 1L << 24;

    /// How long a limit that was not used up is remembered: what a tick of the clock needs to catch up.
    private static final long LIMIT_MEMORY_NS = 20_000_000L;

    /// How long a reservation that was not used up is remembered: the moment that a refused job takes
    /// to come again.
    private static final long RESERVE_MEMORY_NS = 100_000_000L;

    /// How long what was served beyond a reservation counts as served by it. A job that is due is late
    /// by less.
    private static final long RESERVE_AHEAD_NS = 500_000_000L;

    final long id;

    /// Places in [FlowHeap]s, by [FlowHeap.Key]; -1 for none.
    final int[] places = {-1, -1, -1};

    private @Nullable Job first;
    private @Nullable Job last;
    private int count;
    private long queuedCost;

    private long reservation;
    private int weight = 1;
    private long limit;
    private boolean isFixed;
    private boolean isWeightFixed;
    private boolean isRecent;

    private long reserveNs;
    private long start;
    private long limitNs;

    Flow(long id, long nowNs) {
        this.id = id;
        reserveNs = nowNs;
        limitNs = nowNs;
    }

    // Its share.

    /// An operator says what it gets.
    void share(Share share) {
        reservation = share.reservation();
        limit = share.limit();
        isFixed = true;
        isWeightFixed = share.weight() > 0;
        if (isWeightFixed) {
            weight = share.weight();
        }
    }

    /// A gate says what its weight is.
    void weight(int told) {
        if (!isWeightFixed) {
            weight = Math.max(told, 1);
        }
    }

    void reservation(long perSecond) {
        reservation = perSecond;
    }

    void limit(long perSecond) {
        limit = perSecond;
    }

    int weight() {
        return weight;
    }

    long reservation() {
        return reservation;
    }

    long limit() {
        return limit;
    }

    /// Whether to remember it: it has jobs, or had some since this was asked last, or an operator has
    /// said what it gets.
    boolean isRecent() {
        final boolean is = isRecent || first != null || isFixed;
        isRecent = false;
        return is;
    }

    // Its queue.

    boolean isEmpty() {
        return first == null;
    }

    int count() {
        return count;
    }

    long queuedCost() {
        return queuedCost;
    }

    @Nullable
    Job first() {
        return first;
    }

    void add(Job job) {
        job.flow = this;
        job.earlierJob = last;
        job.laterJob = null;
        if (last == null) {
            first = job;
        } else {
            last.laterJob = job;
        }
        last = job;
        isRecent = true;
        count++;
        queuedCost += job.cost;
    }

    void remove(Job job) {
        final Job earlier = job.earlierJob;
        final Job later = job.laterJob;
        if (earlier == null) {
            first = later;
        } else {
            earlier.laterJob = later;
        }
        if (later == null) {
            last = earlier;
        } else {
            later.earlierJob = earlier;
        }
        job.earlierJob = null;
        job.laterJob = null;
        job.flow = null;
        count--;
        queuedCost -= job.cost;
    }

    // Its tags.

    long start() {
        return start;
    }

    long reserveNs() {
        return reserveNs;
    }

    long limitNs() {
        return limitNs;
    }

    /// There is a job again after a time without: what was not used meanwhile is not made up for.
    void awakes(long virtualTime) {
        if (start - virtualTime < 0) {
            start = virtualTime;
        }
    }

    /// A job has come to the head.
    void headChanged() {
        final Job head = first;
        if (head != null && reserveNs - (head.queuedNs - RESERVE_MEMORY_NS) < 0) {
            reserveNs = head.queuedNs - RESERVE_MEMORY_NS;
        }
    }

    /// A job has been picked.
    ///
    /// @param counts whether that is by its reservation
    void served(int cost, boolean counts, long nowNs) {
        start += cost * UNIT / weight;
        if (counts && reservation > 0) {
            reserveNs = Math.min(reserveNs + cost * SECOND_NS / reservation, nowNs + RESERVE_AHEAD_NS);
        }
        if (limit > 0) {
            limitNs = Math.max(limitNs, nowNs - LIMIT_MEMORY_NS) + cost * SECOND_NS / limit;
        }
    }

    /// Whether the limit keeps it back.
    boolean isHeldBack(long nowNs) {
        return limit > 0 && limitNs - nowNs > 0;
    }

    /// Whether the job at the head is due by the reservation.
    boolean isDue(long nowNs) {
        return reservation > 0 && reserveNs - nowNs <= 0;
    }
}
