package io.basalt.cli.upgrade;

import java.util.EnumSet;
import java.util.Set;

/// How far one restart of an upgrade is.
///
/// ```
///  PLANNED ──▶ RESTARTING ──▶ WAITING ──▶ DONE
///                 ▲  │ the command failed, or the upgrade was interrupted
///                 └──┘
/// ```
enum StepState {
    /// Nothing has happened to it.
    PLANNED,
    /// The command that restarts it was given; whether it came to its end is not known.
    RESTARTING,
    /// It was restarted; it is waited for.
    WAITING,
    /// It is back, and everything is in sync.
    DONE;

    boolean canBecome(StepState next) {
        return successors().contains(next);
    }

    private Set<StepState> successors() {
        return switch (this) {
            case PLANNED -> EnumSet.of(RESTARTING);
            case RESTARTING -> EnumSet.of(RESTARTING, WAITING);
            case WAITING -> EnumSet.of(DONE);
            case DONE -> EnumSet.noneOf(StepState.class);
        };
    }
}
