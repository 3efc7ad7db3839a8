package io.basalt.gate.holder;

/// What a gate is to its holder.
///
/// ```
///             connected                told to be the gate             told everything
///   AWAY ──────────────▶ ENLISTED ──────────────────────▶ STARTS ──────────────────────▶ KEPT
///    ▲                      │                               ▲                             ▲
///    │                      │ told to stand by              │ told so                     │ serves
///    │                      ▼                               │                             │
///    │                    STANDBY ──────────────────────────┘                             │
///    │                      └──────────told to take over────────▶ TAKES ──────────────────┘
///    └── from each of them: hang-up, refusal, leave
/// ```
///
/// A gate that serves comes back from AWAY by itself, unless it has left on purpose.
public enum LinkState {
    /// Not connected.
    AWAY,
    /// Connected; not told yet what to be.
    ENLISTED,
    /// Stands by.
    STANDBY,
    /// Is to be the gate, and to tell everything.
    STARTS,
    /// Is the gate instead of one that has died, as soon as it serves.
    TAKES,
    /// What it serves is held.
    KEPT;

    /// Whether the drawing has an arrow from this state to another.
    public boolean canBecome(LinkState next) {
        return switch (this) {
            case AWAY -> next == ENLISTED;
            case ENLISTED -> next == STANDBY || next == STARTS || next == AWAY;
            case STANDBY -> next == STARTS || next == TAKES || next == AWAY;
            case STARTS, TAKES -> next == KEPT || next == AWAY;
            case KEPT -> next == AWAY;
        };
    }
}
