package io.basalt.nbd;

/// Where a connection in its second phase stands.
///
/// ```
///   SERVING ──▶ DRAINING ──▶ CLOSING ──▶ CLOSED
///      │                        ▲
///      └────────────────────────┘
/// ```
public enum TransmissionState {
    /// Requests are taken.
    SERVING,
    /// No request is taken any more; those that were are finished and answered.
    DRAINING,
    /// The stream is being closed, and the volume may still be busy with requests that nobody is told
    /// of.
    CLOSING,
    /// Nothing touches the connection's memory any more.
    CLOSED;

    /// Whether a state may follow this one.
    boolean mayBecome(TransmissionState next) {
        return switch (this) {
            case SERVING -> next == DRAINING || next == CLOSING;
            case DRAINING -> next == CLOSING;
            case CLOSING -> next == CLOSED;
            case CLOSED -> false;
        };
    }
}
