package io.basalt.reactor;

import org.jspecify.annotations.Nullable;

/// Something to do at a later time, made once and scheduled again and again without allocation.
///
/// A task belongs to the reactor, and so to the one [TimerWheel], in which it is scheduled.
public abstract class TimerTask {
    static final int UNSCHEDULED = -1;

    @Nullable
    TimerTask previous;

    @Nullable
    TimerTask next;

    /// When to fire, in ticks since the wheel's origin.
    long tick;

    /// Slot of the wheel that holds the task, counted over all levels; [#UNSCHEDULED] if none does.
    int slot = UNSCHEDULED;

    /// Do what is due. The task is not scheduled any more and may schedule itself again.
    ///
    /// @param nowNs the reactor's clock
    protected abstract void expired(long nowNs);

    /// True from scheduling until the task fires or is cancelled.
    public final boolean isScheduled() {
        return slot != UNSCHEDULED;
    }
}
