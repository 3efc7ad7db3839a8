package io.basalt.net;

/// A set-up step of the network failed; the message says which, why, and what to do.
public final class NetException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /// @param message for operators
    public NetException(String message) {
        super(message);
    }
}
