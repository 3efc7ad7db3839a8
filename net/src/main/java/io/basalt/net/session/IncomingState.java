package io.basalt.net.session;

/// Where a peer's request is on its way, as its connection sees it.
///
/// ```
/// FREE ──▶ ARRIVING ──▶ TAKEN ──▶ ANSWERED ──▶ SENDING ──▶ FREE
///             │           (service)  ▲
///             └── expired, refused ──┘
/// ```
///
/// When the connection has gone, ARRIVING and ANSWERED requests become FREE at once, TAKEN ones when they are
/// answered.
enum IncomingState {
    /// The place holds no request.
    FREE,
    /// Its payload is being received.
    ARRIVING,
    /// A service has it.
    TAKEN,
    /// The answer waits to be sent.
    ANSWERED,
    /// The kernel reads the answer's memory.
    SENDING;

    /// Whether this state may follow.
    boolean canBecome(IncomingState next) {
        return switch (this) {
            case FREE -> next == ARRIVING;
            case ARRIVING -> next == TAKEN || next == ANSWERED || next == FREE;
            case TAKEN -> next == ANSWERED;
            case ANSWERED -> next == SENDING || next == FREE;
            case SENDING -> next == FREE;
        };
    }
}
