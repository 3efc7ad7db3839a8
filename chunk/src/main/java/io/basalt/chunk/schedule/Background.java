package io.basalt.chunk.schedule;

/// Work of a device's own that no client waits for. Each class has a queue, a share of the device that
/// it gets even if clients could use all of it, and a limit.
public enum Background {
    /// Copies that lack something are given it, and corrupt blocks are written again.
    REPAIR,
    /// A placement group with all of its copies is given one more, which is to replace another.
    MIGRATION,
    /// Blocks are read to compare checksums.
    SCRUB
}
