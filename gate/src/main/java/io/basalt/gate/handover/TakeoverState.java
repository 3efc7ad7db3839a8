package io.basalt.gate.handover;

/// Where the new gate is in a hand-over.
///
/// ```
///  WAITING ──PREPARE──▶ PREPARING ──all prepared──▶ READY ──SWITCH──▶ TAKING
///     │                     │                       │  ▲  ◀──disks run──┘ │
///     │                     │                       │                     │
///     │                     │                       │ COMMIT, or the old gate has died
///     │                     │                       ▼                     │
///     │                     │                     OWNER                   │
///     │                     │                                             │
///     └─────────────────────┴──▶ ABANDONED ◀── ABORT, failure here ───────┘
/// ```
///
/// The old gate's death before READY leads to ABANDONED, and during TAKING to OWNER by way of READY.
public enum TakeoverState {
    /// The old gate knows of this one.
    WAITING,
    /// Volumes are opened, guest memory is mapped and registered.
    PREPARING,
    /// Could serve what it does not serve yet.
    READY,
    /// Some disks are about to run here.
    TAKING,
    /// This is the gate.
    OWNER,
    /// Nothing runs here.
    ABANDONED;

    /// Whether the drawing has an arrow from this state to another.
    public boolean canBecome(TakeoverState next) {
        return switch (this) {
            case WAITING -> next == PREPARING || next == ABANDONED;
            case PREPARING -> next == READY || next == ABANDONED;
            case READY -> next == TAKING || next == OWNER || next == ABANDONED;
            case TAKING -> next == READY || next == ABANDONED;
            case OWNER, ABANDONED -> false;
        };
    }
}
