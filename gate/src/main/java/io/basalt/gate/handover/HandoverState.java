package io.basalt.gate.handover;

/// Where the old gate is in a hand-over.
///
/// ```
///  STARTING ──HELLO──▶ PREPARING ──READY──▶ SWITCHING ──all TAKEN──▶ COMMITTING ──COMMITTED──▶ DONE
///      │                   │                 │    ▲                      │
///      │                   │                 └─┬──┘ next disk            │
///      └───────────────────┴────── time up, refusal, end of the new gate ┘
///                                              ▼
///                                          ABORTING ──the new gate is dead──▶ ABANDONED
/// ```
///
/// The old gate serves every disk but those that it has switched. In ABORTING it makes sure that the
/// new one runs nothing any more, and then serves all of them again.
public enum HandoverState {
    /// The new gate's process starts, and warms its code.
    STARTING,
    /// The new gate gets ready with everything.
    PREPARING,
    /// One disk after the other is let go of here and runs there.
    SWITCHING,
    /// Everything runs there; nothing has been released here.
    COMMITTING,
    /// The new gate is the gate.
    DONE,
    /// The new gate is being ended.
    ABORTING,
    /// Everything runs here again.
    ABANDONED;

    /// Whether the drawing has an arrow from this state to another.
    public boolean canBecome(HandoverState next) {
        return switch (this) {
            case STARTING -> next == PREPARING || next == ABORTING;
            case PREPARING -> next == SWITCHING || next == ABORTING;
            case SWITCHING -> next == COMMITTING || next == ABORTING;
            case COMMITTING -> next == DONE || next == ABORTING;
            case ABORTING -> next == ABANDONED;
            case DONE, ABANDONED -> false;
        };
    }
}
