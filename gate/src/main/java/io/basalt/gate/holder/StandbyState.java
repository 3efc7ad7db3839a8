package io.basalt.gate.holder;

/// Where a gate that stands by is.
///
/// ```
///   WAITING ──the base──▶ PREPARING ──prepared──▶ READY ──the gate has died──▶ TAKING ──▶ OWNER
///      │                      │                     │
///      │ no gate, none left   │                     │
///      ▼                      ▼                     │
///   STARTS ──────────────▶ ABANDONED ◀──────────────┘  holder gone, configuration changed, failure here
/// ```
///
/// A gate that dies before READY is taken over from as soon as READY is reached.
public enum StandbyState {
    /// Nothing was told yet.
    WAITING,
    /// Volumes are opened.
    PREPARING,
    /// Could be the gate at once.
    READY,
    /// The gate is dead: disks are about to run here.
    TAKING,
    /// This is the gate.
    OWNER,
    /// This is to be the gate, with nothing to take over.
    STARTS,
    /// Nothing runs here; to be begun anew.
    ABANDONED;

    /// Whether the drawing has an arrow from this state to another.
    public boolean canBecome(StandbyState next) {
        return switch (this) {
            case WAITING -> next == PREPARING || next == STARTS || next == ABANDONED;
            case PREPARING -> next == READY || next == ABANDONED;
            case READY -> next == TAKING || next == ABANDONED;
            case TAKING -> next == OWNER;
            case STARTS -> next == ABANDONED;
            case OWNER, ABANDONED -> false;
        };
    }
}
