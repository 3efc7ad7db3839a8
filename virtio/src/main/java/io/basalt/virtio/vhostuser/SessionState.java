package io.basalt.virtio.vhostuser;

/// Where a session stands.
///
/// ```
///            a queue must acknowledge
///          ┌──────────────────────────▶ WAITING ─┐
///   OPEN ──┤◀─────────────────────────────┘      │ violation, hang-up, close()
///          │        acknowledged                 │
///          └────────────────────────▶ CLOSING ◀──┘
///                                        │ queues stopped, all released
///                                        ▼
///                                     CLOSED
/// ```
public enum SessionState {
    /// The next message may be handled.
    OPEN,
    /// A message is being handled and waits for queues; no other is taken.
    WAITING,
    /// The session ends and waits for queues; no message is answered any more.
    CLOSING,
    /// Everything is released.
    CLOSED;

    /// Whether a state may follow this one.
    boolean mayBecome(SessionState next) {
        return switch (this) {
            case OPEN -> next == WAITING || next == CLOSING;
            case WAITING -> next == OPEN || next == CLOSING;
            case CLOSING -> next == CLOSED;
            case CLOSED -> false;
        };
    }
}
