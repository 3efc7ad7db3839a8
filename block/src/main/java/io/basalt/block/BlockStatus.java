package io.basalt.block;

/// The result of a [BlockRequest]. Codes are stable: they appear in counters and, later, on the wire.
public enum BlockStatus {
    /// Done, and as durable as the volume promises.
    OK(0),
    /// The device or the path to it failed.
    IO_ERROR(1),
    /// The volume does not do this operation.
    UNSUPPORTED(2),
    /// The range is outside the volume, or not in whole blocks.
    OUT_OF_RANGE(3),
    /// A write to a read-only volume.
    READ_ONLY(4),
    /// No space left on the device.
    NO_SPACE(5),
    /// Not done yet: the request's [BlockRequest#completed(BlockStatus)] will be called from a later poll.
    PENDING(6);

    private final int code;

    BlockStatus(int code) {
        this.code = code;
    }

    /// The stable number of this status.
    public int code() {
        return code;
    }
}
