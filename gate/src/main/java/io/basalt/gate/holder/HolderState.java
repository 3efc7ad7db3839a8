package io.basalt.gate.holder;

/// What a holder has.
///
/// ```
///            a gate asks              it tells everything
///  EMPTY ───────────────▶ STARTING ──────────────────────▶ SERVED ◀──────────────┐
///  ▲ ▲ │ ▲                ▲  │                              │  │                 │ one stands by,
///  │ │ │ └─────it dies────┼──┘                              │  └───it dies───▶ ORPHANED   or comes
///  │ └─┼────────────────  │ it needs nothing any more ──────┘                    ▲
///  │   │ an earlier life  │ the gate is alive                                    │
///  │   │ has left it      │ and comes back                                       │
///  │   ▼                  │                                                      │
///  └─ RESTORED ───────────┴────────────────── the gate is dead ──────────────────┘
///     dead, and needs nothing
/// ```
///
/// From STARTING it is also EMPTY again when the gate that serves already comes back; that one then
/// tells everything.
public enum HolderState {
    /// No gate, nothing held.
    EMPTY,
    /// An earlier life of this holder has left what a gate had told it; that gate has not been heard of yet.
    RESTORED,
    /// One process was told to be the gate, and has not told anything yet.
    STARTING,
    /// A gate serves, and what it has told is held.
    SERVED,
    /// The gate is dead, what it has told is held, and nobody is there to take it.
    ORPHANED;

    /// Whether the drawing has an arrow from this state to another.
    public boolean canBecome(HolderState next) {
        return switch (this) {
            case EMPTY -> next == STARTING || next == RESTORED;
            case RESTORED -> next == STARTING || next == ORPHANED || next == EMPTY;
            case STARTING -> next == SERVED || next == EMPTY;
            case SERVED -> next == ORPHANED || next == EMPTY;
            case ORPHANED -> next == SERVED;
        };
    }
}
