package io.basalt.meta.service;

/// The time of day, for records that people read. Nothing is decided by it.
@FunctionalInterface
public interface WallClock {
    /// Milliseconds since 1970.
    long nowMs();
}
