package io.basalt.virtio.queue;

/// A ring that cannot be served: its addresses, size, base or inflight region break a rule. The message names
/// field, value and rule; the session refuses the front end's message with it. Nothing was changed.
public final class QueueSetupException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /// @param message field, value, broken rule
    public QueueSetupException(String message) {
        super(message);
    }
}
