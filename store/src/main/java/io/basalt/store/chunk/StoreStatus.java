package io.basalt.store.chunk;

/// The result of a [StoreRequest]. Codes are stable: they appear in counters and on the wire.
public enum StoreStatus {
    /// Done, and as durable as the store's [Durability] says.
    OK(0),
    /// The device failed. A write may or may not have taken effect.
    IO_ERROR(1),
    /// A block that the request needs does not match its checksum, or the shard's metadata is lost:
    /// [StoreRequest#failedBlock()] names the block. Writing whole blocks repairs them.
    CORRUPT(2),
    /// No slot, no metadata entry, or no room on the device. Nothing was changed.
    NO_SPACE(3),
    /// The range is not within the shard, is not in whole sectors, or the identifiers are out of range.
    BAD_REQUEST(4),
    /// The store takes no more changes, because the device failed under its log or metadata; reads still work.
    FAILED(5);

    private final int code;

    StoreStatus(int code) {
        this.code = code;
    }

    /// The stable number of this status.
    public int code() {
        return code;
    }
}
