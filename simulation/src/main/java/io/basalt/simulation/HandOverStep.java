package io.basalt.simulation;

import io.basalt.gate.handover.HandoverState;
import io.basalt.gate.handover.TakeoverState;
import org.jspecify.annotations.Nullable;

/// Where two processes are in a hand-over, both sides together: what is on its way between them is a step
/// of its own.
enum HandOverStep {
    /// The new process has not said hello, or nobody has heard it.
    STARTING,
    /// The new one gets ready.
    PREPARING,
    /// It is ready; the old one does not know yet.
    READY,
    /// The old one lets requests of a disk finish.
    DRAINING,
    /// The disk runs nowhere; the new one does not know yet.
    SWITCHED,
    /// The new one attaches the volume and is about to run the disk.
    TAKING,
    /// It runs there; the old one does not know yet.
    TAKEN,
    /// Everything runs there; the new one is not the gate yet.
    COMMITTING,
    /// It is the gate; the old one does not know yet.
    COMMITTED,
    /// The old one is about to kill the new one, which is not the gate.
    ABORTING,
    /// The old one is about to kill the new one, which is the gate.
    ABORTING_LATE;

    /// The step of two processes; null if there is none any more.
    ///
    /// @param draining whether the old one waits for requests of a disk
    /// @param allTaken whether the new one runs everything that it was told of
    static @Nullable HandOverStep of(
            HandoverState old, @Nullable TakeoverState successor, boolean draining, boolean allTaken) {
        return switch (old) {
            case STARTING -> STARTING;
            case PREPARING -> successor == TakeoverState.READY ? READY : PREPARING;
            case SWITCHING -> {
                if (draining) {
                    yield DRAINING;
                }
                if (successor == TakeoverState.TAKING) {
                    yield TAKING;
                }
                yield allTaken ? TAKEN : SWITCHED;
            }
            case COMMITTING -> successor == TakeoverState.OWNER ? COMMITTED : COMMITTING;
            case ABORTING -> successor == TakeoverState.OWNER ? ABORTING_LATE : ABORTING;
            case DONE, ABANDONED -> null;
        };
    }
}
