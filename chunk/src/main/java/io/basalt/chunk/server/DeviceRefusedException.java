package io.basalt.chunk.server;

/// What is on a device cannot be used: its superblock or its log is damaged, or it is not formatted.
public final class DeviceRefusedException extends ChunkServerException {
    private static final long serialVersionUID = 1;

    /// @param message for operators
    DeviceRefusedException(String message) {
        super(message);
    }
}
