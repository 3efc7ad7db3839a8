package io.basalt.reactor;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/// What a reactor counts about itself: written by its thread, read by any.
///
/// | field | owner | others |
/// |---|---|---|
/// | each counter | plain read, opaque write | opaque read |
/// | loop maximum | the same | the same |
/// | resets of the loop maximum | opaque read | atomic add |
///
/// Each counter by itself never goes back; two of them read one after the other may be a pass apart. Only the owner
/// writes the counters' lines, so that a reader asks it to reset the maximum instead of doing so.
public final class ReactorCounters {
    private static final long BUSY_NS = 0;
    private static final long IDLE_NS = 8;
    private static final long PASSES = 16;
    private static final long WORKING_PASSES = 24;
    private static final long SLEEPS = 32;
    private static final long WAKES = 40;
    private static final long COMMANDS = 48;
    private static final long FAULTS = 56;
    private static final long LOOP_MAX_NS = 64;
    private static final long RESETS = 128;
    private static final long SIZE = 256;
    private static final long SPACING = 128;

    private static final VarHandle COUNTER = ValueLayout.JAVA_LONG.varHandle().withInvokeExactBehavior();

    private final MemorySegment memory = Arena.ofAuto().allocate(SIZE, SPACING);
    private long resetsSeen;

    ReactorCounters() {}

    /// All counters at about one time.
    ///
    /// @param busyNs nanoseconds in passes that did work
    /// @param idleNs nanoseconds in passes that did none, and asleep
    /// @param passes passes made
    /// @param workingPasses passes that did work
    /// @param sleeps times that the reactor blocked
    /// @param wakes sleeps that another thread ended by the doorbell
    /// @param commands posted commands run
    /// @param faults pieces of work that failed
    /// @param loopMaxNs longest pass that did work, in nanoseconds, since the last reset
    public record Snapshot(
            long busyNs,
            long idleNs,
            long passes,
            long workingPasses,
            long sleeps,
            long wakes,
            long commands,
            long faults,
            long loopMaxNs) {}

    /// The counters now. Any thread.
    public Snapshot snapshot() {
        return new Snapshot(
                read(BUSY_NS),
                read(IDLE_NS),
                read(PASSES),
                read(WORKING_PASSES),
                read(SLEEPS),
                read(WAKES),
                read(COMMANDS),
                read(FAULTS),
                read(LOOP_MAX_NS));
    }

    /// Asks the reactor to begin a new loop maximum, which it does in its next pass. Any thread.
    public void resetLoopMaximum() {
        final long before = (long) COUNTER.getAndAdd(memory, RESETS, 1L);
        assert before >= 0 : "resets are counted from 0";
    }

    /// Notes a pass. Owner only.
    void passed(boolean worked) {
        add(PASSES, 1);
        if (worked) {
            add(WORKING_PASSES, 1);
        }
    }

    /// Notes the time from the start of a pass that did work to the start of the next. Owner only.
    void busy(long ns) {
        add(BUSY_NS, ns);
        final long resets = (long) COUNTER.getOpaque(memory, RESETS);
        if (resets != resetsSeen) {
            resetsSeen = resets;
            write(LOOP_MAX_NS, ns);
        } else if (ns > own(LOOP_MAX_NS)) {
            write(LOOP_MAX_NS, ns);
        }
    }

    /// Notes the time from the start of a pass that did no work to the start of the next. Owner only.
    void idle(long ns) {
        add(IDLE_NS, ns);
        final long resets = (long) COUNTER.getOpaque(memory, RESETS);
        if (resets != resetsSeen) {
            resetsSeen = resets;
            write(LOOP_MAX_NS, 0);
        }
    }

    /// Notes that a sleep begins. Owner only.
    void sleeping() {
        add(SLEEPS, 1);
    }

    /// Notes that the doorbell has ended a sleep. Owner only.
    void woken() {
        add(WAKES, 1);
    }

    /// Notes commands that were run. Owner only.
    void ran(int commands) {
        add(COMMANDS, commands);
    }

    /// Notes a piece of work that failed. Owner only.
    void faulted() {
        add(FAULTS, 1);
    }

    private void add(long offset, long count) {
        write(offset, own(offset) + count);
    }

    private long own(long offset) {
        return (long) COUNTER.get(memory, offset);
    }

    private void write(long offset, long value) {
        COUNTER.setOpaque(memory, offset, value);
    }

    private long read(long offset) {
        return (long) COUNTER.getOpaque(memory, offset);
    }
}
