package io.basalt.reactor;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Timers of one reactor: a hierarchical wheel with constant-time scheduling and cancelling that allocates nothing.
///
/// Time is counted in ticks of 2^15 ns (about 33 µs) since the wheel's origin. A task is due
/// as soon as the clock has reached its deadline rounded up to a whole tick: never early, and late by less than a
/// tick plus the caller's own delay.
///
/// ```
///  level 7                  level 1             level 0
///  ┌──┬──┬─ … ─┬──┐   …    ┌──┬──┬─ … ─┬──┐    ┌──┬──┬─ … ─┬──┐
///  │  │  │     │  │        │  │  │     │  │    │  │  │     │  │   64 slots each, a bit per slot that is in use
///  └──┴──┴─ … ─┴──┘        └──┴──┴─ … ─┴──┘    └──┴──┴─ … ─┴──┘
///  64^7 ticks a slot        64 ticks a slot     1 tick a slot
/// ```
///
/// A task lies in the level of the highest group of six bits in which its tick differs from the wheel's current
/// tick, in the slot that these six bits name. Hence all tasks of a level come before all tasks of the levels above
/// it, the lowest bit set in a level is its earliest slot, and the next deadline is found by looking at eight
/// words. When the current tick reaches a slot of a higher level, its tasks move down.
///
/// One owner thread.
public final class TimerWheel {
    /// The answer of [#untilNextNs(long)] when nothing is scheduled.
    public static final long NONE = Long.MAX_VALUE;

    /// Nanoseconds per tick, the resolution of all timers.
    public static final long TICK_NS = 1L << 15;

    private static final int TICK_SHIFT = Long.numberOfTrailingZeros(TICK_NS);
    private static final int SLOT_SHIFT = 6;
    private static final int SLOTS = 1 << SLOT_SHIFT;
    private static final int SLOT_MASK = SLOTS - 1;
    private static final int LEVELS = 8;

    /// Tasks of a slot that are looked at for the one that is due first.
    private static final int LOOKED_AT_MAX = 8;

    private static final long TICK_MAX = (1L << (LEVELS * SLOT_SHIFT)) - 1;

    private final long originNs;

    /// First and last task per slot: tasks of one tick fire in the order in which they were scheduled.
    private final @Nullable TimerTask[] first = new @Nullable TimerTask[LEVELS * SLOTS];

    private final @Nullable TimerTask[] last = new @Nullable TimerTask[LEVELS * SLOTS];

    /// Per level, the bits of the slots that hold a task.
    private final long[] occupied = new long[LEVELS];

    private long currentTick;
    private int size;

    /// An empty wheel.
    ///
    /// @param originNs the clock's value now; no later value is less
    public TimerWheel(long originNs) {
        this.originNs = originNs;
    }

    /// Schedules a task, or moves it if it is scheduled already.
    ///
    /// @param deadlineNs value of the clock at which to fire, at most 2^63 ns (292 years) after the origin; one
    ///     that has passed means the next tick
    public void schedule(TimerTask task, long deadlineNs) {
        cancel(task);
        final long sinceOriginNs = Math.max(0, deadlineNs - originNs);
        final long tick = (sinceOriginNs >> TICK_SHIFT) + ((sinceOriginNs & (TICK_NS - 1)) == 0 ? 0 : 1);
        task.tick = Math.min(TICK_MAX, Math.max(tick, currentTick + 1));
        place(task);
        size++;
    }

    /// Takes a task out.
    ///
    /// @return false if it was not scheduled
    public boolean cancel(TimerTask task) {
        if (!task.isScheduled()) {
            return false;
        }
        unlink(task);
        size--;
        return true;
    }

    /// Takes out the next task whose time has come, in order of ticks, and among those of one tick in the order in
    /// which they were scheduled. The caller runs it.
    ///
    /// @param nowNs the clock
    /// @return null if no task is due
    public @Nullable TimerTask takeDue(long nowNs) {
        final long targetTick = Math.max(currentTick, (nowNs - originNs) >> TICK_SHIFT);
        while (true) {
            final int level = lowestLevel();
            final long startTick = level == LEVELS ? Long.MAX_VALUE : earliestTick(level);
            if (startTick > targetTick) {
                currentTick = targetTick;
                return null;
            }
            assert startTick >= currentTick : "the wheel must not turn back";
            currentTick = startTick;
            if (level == 0) {
                size--;
                return takeFirst((int) (startTick & SLOT_MASK));
            }
            moveDown(level);
        }
    }

    /// Nanoseconds until [#takeDue(long)] may have something to do: the next task is due then or later. 0 if it is
    /// due now, [#NONE] if nothing is scheduled.
    public long untilNextNs(long nowNs) {
        final int level = lowestLevel();
        if (level == LEVELS) {
            return NONE;
        }
        return Math.max(0, (soonestTick(level) << TICK_SHIFT) - (nowNs - originNs));
    }

    /// The tick of the first task of the lowest level, or the start of its slot if there are too many to look at: a
    /// wake-up that only moves tasks down is spared as long as that is cheap.
    private long soonestTick(int level) {
        final long startTick = earliestTick(level);
        long soonest = Long.MAX_VALUE;
        TimerTask task = first[level * SLOTS + (int) ((startTick >>> (level * SLOT_SHIFT)) & SLOT_MASK)];
        for (int count = 0; task != null; count++) {
            if (count == LOOKED_AT_MAX) {
                return startTick;
            }
            soonest = Math.min(soonest, task.tick);
            task = task.next;
        }
        return soonest;
    }

    /// Number of tasks scheduled.
    public int size() {
        return size;
    }

    /// The lowest level that holds a task, [#LEVELS] if none does.
    private int lowestLevel() {
        int level = 0;
        while (level < LEVELS && occupied[level] == 0) {
            level++;
        }
        return level;
    }

    /// First tick of the earliest slot in use of a level.
    private long earliestTick(int level) {
        final int shift = level * SLOT_SHIFT;
        final long above = currentTick >>> shift >>> SLOT_SHIFT << SLOT_SHIFT;
        return (above | Long.numberOfTrailingZeros(occupied[level])) << shift;
    }

    /// Spreads the tasks of the slot that the current tick has reached over the levels below.
    private void moveDown(int level) {
        final int slot = level * SLOTS + (int) ((currentTick >>> (level * SLOT_SHIFT)) & SLOT_MASK);
        TimerTask task = first[slot];
        first[slot] = null;
        last[slot] = null;
        occupied[level] &= ~bit(slot);
        while (task != null) {
            final TimerTask following = task.next;
            place(task);
            task = following;
        }
    }

    private void place(TimerTask task) {
        final long difference = (task.tick ^ currentTick) | 1;
        final int level = (Long.SIZE - 1 - Long.numberOfLeadingZeros(difference)) / SLOT_SHIFT;
        final int slot = level * SLOTS + (int) ((task.tick >>> (level * SLOT_SHIFT)) & SLOT_MASK);
        final TimerTask before = last[slot];
        task.slot = slot;
        task.previous = before;
        task.next = null;
        last[slot] = task;
        if (before == null) {
            first[slot] = task;
            occupied[level] |= bit(slot);
        } else {
            before.next = task;
        }
    }

    private TimerTask takeFirst(int slot) {
        final TimerTask task = Objects.requireNonNull(first[slot], "a slot whose bit is set must hold a task");
        unlink(task);
        return task;
    }

    private void unlink(TimerTask task) {
        final int slot = task.slot;
        final TimerTask before = task.previous;
        final TimerTask after = task.next;
        if (before == null) {
            first[slot] = after;
        } else {
            before.next = after;
        }
        if (after == null) {
            last[slot] = before;
        } else {
            after.previous = before;
        }
        if (first[slot] == null) {
            occupied[slot >> SLOT_SHIFT] &= ~bit(slot);
        }
        task.slot = TimerTask.UNSCHEDULED;
        task.previous = null;
        task.next = null;
    }

    private static long bit(int slot) {
        return 1L << (slot & SLOT_MASK);
    }
}
