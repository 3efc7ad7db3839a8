package io.basalt.net.session;

/// Where a call is on its way, as its connection sees it.
///
/// ```
/// FREE ──▶ QUEUED ──▶ SENDING ──▶ SENT ──▶ RECEIVING ──▶ FREE
///            │           │          │
///            ▼           ▼          ▼
///         DROPPED     ANSWERED   ABANDONED
///            │           │          │
///            └───▶ FREE ◀┴──────────┘
/// ```
///
/// Everything but FREE and DROPPED uses one of the peer's credits.
enum CallState {
    /// The place holds no call.
    FREE,
    /// Waits to be sent.
    QUEUED,
    /// Timed out while it waited to be sent, and completed; its entry in the queue is still to be passed over.
    DROPPED,
    /// The kernel reads its memory.
    SENDING,
    /// Sent whole; the answer is awaited.
    SENT,
    /// The answer's payload is coming into its memory.
    RECEIVING,
    /// The answer came before the sending was known to be over, which it has to be before the call completes.
    ANSWERED,
    /// Timed out and completed; the peer still owes the answer, and the credit.
    ABANDONED;

    /// Whether this state may follow.
    boolean canBecome(CallState next) {
        return switch (this) {
            case FREE -> next == QUEUED;
            case QUEUED -> next == SENDING || next == DROPPED || next == FREE;
            case DROPPED -> next == FREE;
            case SENDING -> next == SENT || next == RECEIVING || next == ANSWERED || next == FREE;
            case SENT -> next == RECEIVING || next == ABANDONED || next == FREE;
            case RECEIVING, ANSWERED, ABANDONED -> next == FREE;
        };
    }
}
