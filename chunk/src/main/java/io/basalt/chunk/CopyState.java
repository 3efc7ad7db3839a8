package io.basalt.chunk;

/// How a primary stands with another copy of its placement group.
///
/// ```
/// LOST ──▶ PREPARING ──▶ FOLLOWING
///  ▲           │             │
///  └───────────┴─────────────┘   connection lost, or the copy follows another session
/// ```
enum CopyState {
    /// Not reachable, or not asked yet.
    LOST,
    /// Asked to follow.
    PREPARING,
    /// Takes our changes.
    FOLLOWING;

    boolean canBecome(CopyState next) {
        return switch (this) {
            case LOST -> next == PREPARING;
            case PREPARING -> next == FOLLOWING || next == LOST;
            case FOLLOWING -> next == LOST || next == PREPARING;
        };
    }
}
