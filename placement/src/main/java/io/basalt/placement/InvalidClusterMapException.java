package io.basalt.placement;

/// A refusal of a cluster map, or of a change to one, that breaks a rule. The message names the field, says
/// why, and says what to do.
public final class InvalidClusterMapException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    /// @param message field, reason and advice, for an operator
    public InvalidClusterMapException(String message) {
        super(message);
    }
}
