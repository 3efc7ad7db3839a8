package io.basalt.chunk.server;

/// A chunk server cannot start: the message says what is at fault, why, and what to do.
public sealed class ChunkServerException extends RuntimeException permits DeviceRefusedException {
    private static final long serialVersionUID = 1;

    /// @param message for operators
    public ChunkServerException(String message) {
        super(message);
    }
}
