package io.basalt.chunk;

/// The life of a [Change] at the primary.
///
/// ```
///  FREE ──▶ QUEUED ──▶ WAITING ──▶ GATHERING ──▶ APPLYING ──▶ FREE
///              │          │            ▲  │         │  │
///              │          │            │  └─────────┼──┼─────▶ FREE: nothing was applied
///              │          │            └────────────┘  │       a copy refused: gather what it has and apply that
///              │          └─── range was free ─────────┼────▶ APPLYING
///              ├─── refused, or dropped ───────────────┼────▶ FREE
///              └───────────────────────────────────────▼
///                                                  ABANDONED ──▶ FREE
/// ```
/// Every state but FREE may become ABANDONED, when the device is the primary no longer.
enum ChangeState {
    /// In the pool.
    FREE,
    /// The device has no room for it yet.
    QUEUED,
    /// Its range is held by an earlier request.
    WAITING,
    /// Content that it needs is being read: from this copy (a write of part of a block), or from another one.
    GATHERING,
    /// On its way to this copy's device and to every other copy.
    APPLYING,
    /// Not ours to finish any more: only the I/O under way is awaited, because it uses our memory.
    ABANDONED;

    /// Whether the successor table allows a change to another state. Asked for every change: it makes no object.
    boolean canBecome(ChangeState next) {
        return switch (this) {
            case FREE -> next == QUEUED;
            case QUEUED -> next == WAITING || next == ABANDONED || next == FREE;
            case WAITING, GATHERING, APPLYING -> next != WAITING && next != QUEUED;
            case ABANDONED -> next == FREE;
        };
    }
}
