package io.basalt.store.sim;

/// What goes wrong with one request to a [SimDisk].
public enum DiskFault {
    /// Nothing.
    NONE,
    /// It fails with an I/O error; of a write, any sectors may be on the medium.
    ERROR,
    /// It fails for want of space; nothing is written.
    NO_SPACE,
    /// A write is acknowledged and never done.
    LOST,
    /// A write is acknowledged and done elsewhere on the disk.
    MISDIRECTED
}
