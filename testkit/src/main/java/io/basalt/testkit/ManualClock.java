package io.basalt.testkit;

/// A monotonic clock that the test moves by hand. Give it away as `clock::nanoTime`. One thread.
public final class ManualClock {
    private long nowNs;

    /// A clock that stands at 0.
    public ManualClock() {
        this(0);
    }

    /// A clock that stands at `startNs`, which may be negative like that of the system clock.
    public ManualClock(long startNs) {
        this.nowNs = startNs;
    }

    /// Nanoseconds since an arbitrary origin.
    public long nanoTime() {
        return nowNs;
    }

    /// Moves the clock on.
    ///
    /// @param ns nanoseconds, not negative
    public void advance(long ns) {
        if (ns < 0) {
            throw new IllegalArgumentException("a monotonic clock cannot go back by " + -ns + " ns");
        }
        nowNs += ns;
    }
}
