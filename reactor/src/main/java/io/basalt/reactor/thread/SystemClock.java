package io.basalt.reactor.thread;

import io.basalt.reactor.NanoClock;

/// The monotonic clock of the system.
public final class SystemClock implements NanoClock {
    /// The one there is.
    public static final SystemClock INSTANCE = new SystemClock();

    private SystemClock() {}

    @Override
    public long nanoTime() {
        return System.nanoTime();
    }
}
