package io.basalt.simulation;

/// An oracle has noticed something that must never happen; the message says which rule, where and when.
public final class SimulationFailure extends RuntimeException {
    private static final long serialVersionUID = 1;

    /// @param message the rule's number, and what was seen
    public SimulationFailure(String message) {
        super(message);
    }
}
