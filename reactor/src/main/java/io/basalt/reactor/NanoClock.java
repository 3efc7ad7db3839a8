package io.basalt.reactor;

/// A monotonic clock. Read once per pass of a reactor and handed down from there.
@FunctionalInterface
public interface NanoClock {
    /// Nanoseconds since an arbitrary origin; never goes back. Any thread.
    long nanoTime();
}
