package io.basalt.block;

/// What a [BlockRequest] asks a volume to do.
public enum BlockOperation {
    /// Fill the data vector from the volume.
    READ,
    /// Store the data vector.
    WRITE,
    /// Make every write completed before this request durable.
    FLUSH,
    /// The range's content is no longer needed; it reads as zeros afterwards, save on a block device that can only
    /// forget.
    DISCARD,
    /// The range reads as zeros afterwards; space may be freed only if [BlockRequest#mayUnmap()].
    WRITE_ZEROES
}
