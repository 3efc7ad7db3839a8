package io.basalt.chunk.schedule;

import org.jspecify.annotations.Nullable;

/// One piece of work that asks a [Scheduler] for its turn. Preallocated by its owner and used again;
/// the queue that it stands in runs through it. One owner reactor.
public abstract class Job {
    @Nullable
    Job earlierJob;

    @Nullable
    Job laterJob;

    /// Where it waits; null if it does not.
    @Nullable
    Flow flow;

    int cost;
    long queuedNs;

    protected Job() {}

    /// The device has room: begin. Called once for each time that the job was taken, perhaps from
    /// inside the call that takes it.
    protected abstract void admitted();

    /// The job has waited, and is not begun: nobody waits for it any more, or the scheduler ends.
    protected abstract void dropped();

    /// Instant after which nobody waits for it; `Long.MAX_VALUE` if somebody always does. Asked when
    /// its turn comes.
    protected abstract long deadlineNs();

    /// Whether it waits for its turn.
    protected final boolean isQueued() {
        return flow != null;
    }
}
