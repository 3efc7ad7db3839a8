package io.basalt.store.file;

/// Where a [Transfer] stands.
///
/// ```
///  FREE ──start──▶ READY ──┬─▶ DIRECT ─────────────────────────┐
///   ▲                ▲     ├─▶ BOUNCED_READ ───────────────────┤
///   │                │     ├─▶ BLOCK_READ ──▶ BOUNCED_WRITE ───┤
///   │                │     ├─▶ BOUNCED_WRITE ──────────────────┤
///   │                │     ├─▶ CLEAR ──────────────────────────┤
///   │                │     ├─▶ ZERO_WRITE ─────────────────────┤
///   │                │     └─▶ SYNC ───────────────────────────┤
///   └──────end───────┴───────── more to do, or again ──────────┘
/// ```
///
/// Exactly one device operation is in flight in every state but FREE and READY. READY without a decision means
/// parked: the ring, the bounce pool or a block is taken, and the channel tries again on its next poll.
enum TransferState {
    /// Nobody's.
    FREE,
    /// Has a request; the next step is to be chosen.
    READY,
    /// Device and request's own memory.
    DIRECT,
    /// Device to bounce buffer, for a read.
    BOUNCED_READ,
    /// One device block to the bounce buffer, to be changed and written back.
    BLOCK_READ,
    /// Bounce buffer to device.
    BOUNCED_WRITE,
    /// Hole punch, zero range or discard.
    CLEAR,
    /// Zeros written from memory, where the file system refuses the above.
    ZERO_WRITE,
    /// fdatasync.
    SYNC;

    /// Whether the successor table allows a change to another state.
    boolean canBecome(TransferState next) {
        return switch (this) {
            case FREE -> next == READY;
            case READY -> next != READY;
            case BLOCK_READ -> next == BOUNCED_WRITE || next == READY;
            default -> next == READY;
        };
    }
}
