package io.basalt.reactor;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/// The flag by which other threads wake a reactor that sleeps, and do not bother one that is awake.
///
/// | field | owner reads | owner writes | others read | others write |
/// |---|---|---|---|---|
/// | state | opaque | opaque, full fence after `ASLEEP` | full fence, then opaque | compare-and-set `ASLEEP` to `AWAKE`
/// |
///
/// **No wake-up is lost.** A producer publishes its element, passes a full fence and reads the state; the owner
/// writes `ASLEEP`, passes a full fence and reads every queue. The two fences are totally ordered. If the
/// producer's comes first, the owner's look at the queues sees the element and it does not sleep. If the owner's
/// comes first, the producer reads `ASLEEP` and signals. With acquire and release alone both could read the old
/// value, since a store may be delayed past a later load of another location.
///
/// **No wake-up is superfluous but one.** Of many producers only the one whose compare-and-set succeeds signals, so
/// there is at most one signal per sleep. It may come after the owner has decided not to sleep; then the next sleep
/// returns at once.
public final class Doorbell {
    private static final int AWAKE = 0;
    private static final int ASLEEP = 1;

    /// The state has two cache lines of its own: the neighbour line is fetched along with it.
    private static final long SPACING = 128;

    private static final VarHandle STATE = ValueLayout.JAVA_INT.varHandle().withInvokeExactBehavior();

    private final MemorySegment memory = Arena.ofAuto().allocate(SPACING, SPACING);
    private final Signal signal;

    /// A doorbell whose owner is awake.
    ///
    /// @param signal ends the owner's sleep, or its next one if it does not sleep yet
    public Doorbell(Signal signal) {
        this.signal = signal;
    }

    /// Wakes the owner if it sleeps or is about to. Call after publishing work for it. Any thread, allocates
    /// nothing.
    public void ring() {
        VarHandle.fullFence();
        if ((int) STATE.getOpaque(memory, 0L) == ASLEEP && STATE.compareAndSet(memory, 0L, ASLEEP, AWAKE)) {
            signal.raise();
        }
    }

    /// Says that the owner is about to sleep. Owner only; it must then look at every queue once more, and sleep
    /// only if all are empty.
    public void arm() {
        STATE.setOpaque(memory, 0L, ASLEEP);
        VarHandle.fullFence();
    }

    /// Says that the owner is awake. Owner only.
    ///
    /// @return true if somebody has rung since [#arm()]
    public boolean disarm() {
        final boolean rung = (int) STATE.getOpaque(memory, 0L) == AWAKE;
        STATE.setOpaque(memory, 0L, AWAKE);
        return rung;
    }
}
