package io.basalt.virtio.vhostuser;

/// Where a session stands.
///
/// ```
///            a queue must acknowledge
///          ┌──────────────────────────▶ WAITING ─┐
///   OPEN ──┤◀─────────────────────────────┘      │ violation, hang-up, close()
///          │        acknowledged                 │
///     │▲   └────────────────────────▶ CLOSING ◀──┘◀──┐
///     ││                                 │           │ as from WAITING, or surrender()
///     ││ open()                          │ queues    │
///     │└────────────────┐                │ stopped,  │
///     │ suspend()       │                │ all       │
///     └───────────▶ SUSPENDED ───────────┼─released──┘
///                                        ▼
///                                     CLOSED
/// ```
public enum SessionState {
    /// The next message may be handled.
    OPEN,
    /// A message is being handled and waits for queues; no other is taken.
    WAITING,
    /// Nothing is read from the front end: the session is on its way from one process to another.
    SUSPENDED,
    /// The session ends and waits for queues; no message is answered any more.
    CLOSING,
    /// Everything is released.
    CLOSED;

    /// Whether a state may follow this one.
    boolean mayBecome(SessionState next) {
        return switch (this) {
            case OPEN -> next == WAITING || next == SUSPENDED || next == CLOSING;
            case WAITING -> next == OPEN || next == CLOSING;
            case SUSPENDED -> next == OPEN || next == CLOSING;
            case CLOSING -> next == CLOSED;
            case CLOSED -> false;
        };
    }
}
