package io.basalt.testkit;

/// A monotonic clock that runs like the real one while the test runs, and stands still while it does not: however
/// long a busy machine keeps the test from its processor, from one look to the next no more than
/// [#STEP_MAX_NS] passes. So a time-out of code that the test drives by hand means that there were many turns
/// without an answer. Give it away as `clock::nanoTime`. One thread.
public final class PatientClock {
    /// The most that passes between two looks, in nanoseconds.
    public static final long STEP_MAX_NS = 1_000_000;

    private long lookedNs = System.nanoTime();
    private long passedNs = lookedNs;

    /// Nanoseconds from an arbitrary origin.
    public long nanoTime() {
        final long nowNs = System.nanoTime();
        passedNs += Math.min(nowNs - lookedNs, STEP_MAX_NS);
        lookedNs = nowNs;
        return passedNs;
    }
}
