package io.basalt.simulation;

/// What goes wrong in a hand-over.
enum HandOverFault {
    /// The old process is killed.
    OLD_KILLED,
    /// The new process is killed.
    NEW_KILLED,
    /// The old process does not run for longer than any limit.
    OLD_STOPPED,
    /// The new process does not run for longer than any limit.
    NEW_STOPPED,
    /// The new process refuses what it is asked next.
    REFUSED;

    /// Whether a process dies.
    boolean kills() {
        return this == OLD_KILLED || this == NEW_KILLED;
    }
}
