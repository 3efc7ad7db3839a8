package io.basalt.gate.cluster;

/// Where a [Piece] is on its way.
///
/// ```
///                  ┌──▶ WAITING_MAP ────────┐   a newer map, or its time
///                  ├──▶ WAITING_IDENTITY ───┤   an older change of the placement group has ended
///  FREE ◀──▶ READY ┼──▶ WAITING_CONNECTION ─┼──▶ READY   connected, credits, or another way
///                  ├──▶ WAITING_ORDER ──────┤   a change of the same bytes has its result
///                  ├──▶ BACKING_OFF ────────┤   its time
///                  └──▶ IN_FLIGHT ──────────┘   answered, or lost
/// ```
///
/// READY is left again in the same call that entered it: to the first obstacle on the way, onto the way, or, with a
/// final result, to FREE.
enum PieceState {
    /// In its channel's pool.
    FREE,
    /// To be routed, or to be given its result.
    READY,
    /// The map is too old, or names no primary.
    WAITING_MAP,
    /// Too many changes of the placement group are outstanding.
    WAITING_IDENTITY,
    /// The primary is not connected, or its credits are used up.
    WAITING_CONNECTION,
    /// A change of the same bytes may have been executed, has no result, and goes first.
    WAITING_ORDER,
    /// The primary cannot do it just now.
    BACKING_OFF,
    /// Sent and not answered.
    IN_FLIGHT;

    /// Whether this state may follow.
    boolean canBecome(PieceState next) {
        return this == READY ? next != READY : next == READY;
    }
}
