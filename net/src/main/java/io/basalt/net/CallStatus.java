package io.basalt.net;

/// How a [Call] ended.
public enum CallStatus {
    /// The peer's service answered; its code, body and payload are there.
    ANSWERED,
    /// The connection was lost: the peer may or may not have executed the request.
    DISCONNECTED,
    /// The deadline passed: the peer may or may not have executed the request, or may do so yet.
    TIMED_OUT,
    /// The payload did not match its checksum on arrival, because it was changed while it was sent. Not executed.
    PAYLOAD_CHANGED,
    /// The peer has too much to do. Not executed; to be asked again later.
    OVERLOADED,
    /// The answer came, but the memory that its payload was to go to is gone: a front end has truncated it.
    MEMORY_LOST
}
