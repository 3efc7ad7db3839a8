package io.basalt.gate.handover;

/// What may have happened to a disk elsewhere, while the old gate had let go of it.
public enum Absence {
    /// Nothing: the new process was not told that it is its to run.
    NOTHING,
    /// Its rings ran. What was in flight there is known from the inflight region, as after any crash.
    RAN,
    /// The new process was the gate: it may have read messages of front ends, of which the old one
    /// knows nothing.
    SERVED;

    /// Whether rings may have run.
    public boolean ran() {
        return this != NOTHING;
    }

    /// Whether a front end may have been heard.
    public boolean served() {
        return this == SERVED;
    }
}
