package io.basalt.simulation;

import io.basalt.gate.handover.HandoverTimes;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;

/// How one hand-over is to go: the limits of the old process, the way between the two, and what goes wrong
/// at which step.
///
/// @param limits how long the old process waits for each step
/// @param startNs until the new process says its first word
/// @param socketBytes that wait at an end of the socket at most
/// @param socketNs longest time until an end learns of what the other has done
/// @param mishaps what goes wrong, one after the other
record HandOverPlan(HandoverTimes limits, long startNs, int socketBytes, long socketNs, List<Mishap> mishaps) {
    private static final long MS_NS = 1_000_000;

    /// Each step, the more often the fewer hand-overs get there.
    private static final List<HandOverStep> WEIGHED = weighed();

    /// Those in which the old process waits for the new one, or a disk.
    private static final List<HandOverStep> BEFORE_THE_END =
            List.copyOf(EnumSet.range(HandOverStep.STARTING, HandOverStep.TAKEN));

    HandOverPlan {
        mishaps = List.copyOf(mishaps);
    }

    /// Something that goes wrong.
    ///
    /// @param step at which
    /// @param time how often the step must have come before, 0 for the first
    /// @param delayNs how long after the step has begun, whatever step it is then
    record Mishap(HandOverFault fault, HandOverStep step, int time, long delayNs) {}

    /// A plan drawn from a seed.
    static HandOverPlan of(SimRandom by) {
        final boolean isTight = by.chance(20);
        final HandoverTimes limits = new HandoverTimes(
                by.between(30, 60) * MS_NS,
                by.between(isTight ? 20 : 300, 600) * MS_NS,
                by.between(isTight ? 5 : 300, 600) * MS_NS,
                by.between(isTight ? 5 : 200, 400) * MS_NS,
                by.between(isTight ? 1 : 20, 40) * MS_NS);
        return new HandOverPlan(
                limits,
                by.between(0, 15) * MS_NS,
                by.chance(50) ? 1 << 16 : 16 + by.below(400),
                by.between(1, by.chance(20) ? 30_000 : 300) * 1000,
                by.chance(15) ? List.of() : mishaps(by));
    }

    private static List<HandOverStep> weighed() {
        final List<HandOverStep> all = new ArrayList<>();
        for (final HandOverStep each : HandOverStep.values()) {
            final int weight = switch (each) {
                case STARTING, PREPARING, TAKING -> 1;
                case READY, DRAINING, SWITCHED, ABORTING -> 2;
                case TAKEN, COMMITTING, COMMITTED, ABORTING_LATE -> 3;
            };
            all.addAll(Collections.nCopies(weight, each));
        }
        return List.copyOf(all);
    }

    private static List<Mishap> mishaps(SimRandom by) {
        final List<Mishap> all = new ArrayList<>();
        final HandOverStep[] steps = HandOverStep.values();
        final HandOverStep step = WEIGHED.get(by.below(WEIGHED.size()));
        // Nothing is broken off without a reason.
        if (step == HandOverStep.ABORTING) {
            all.add(
                    by.chance(50)
                            ? new Mishap(HandOverFault.REFUSED, HandOverStep.PREPARING, 0, 0)
                            : new Mishap(
                                    HandOverFault.NEW_STOPPED,
                                    BEFORE_THE_END.get(by.below(BEFORE_THE_END.size())),
                                    0,
                                    0));
        } else if (step == HandOverStep.ABORTING_LATE) {
            all.add(new Mishap(HandOverFault.OLD_STOPPED, HandOverStep.COMMITTED, 0, 0));
        }
        all.add(new Mishap(fault(by, step), step, by.chance(85) ? 0 : 1, by.chance(60) ? 0 : by.between(0, 2 * MS_NS)));
        if (by.chance(15)) {
            all.add(new Mishap(
                    by.chance(50) ? HandOverFault.OLD_KILLED : HandOverFault.NEW_KILLED,
                    steps[by.below(steps.length)],
                    0,
                    by.between(0, 5 * MS_NS)));
        }
        return all;
    }

    private static HandOverFault fault(SimRandom by, HandOverStep step) {
        final int draw = by.below(10);
        if (draw < 4) {
            return HandOverFault.OLD_KILLED;
        }
        if (draw < 8) {
            return HandOverFault.NEW_KILLED;
        }
        if (draw == 8) {
            return HandOverFault.OLD_STOPPED;
        }
        return by.chance(50) || step.compareTo(HandOverStep.TAKING) > 0
                ? HandOverFault.NEW_STOPPED
                : HandOverFault.REFUSED;
    }
}
