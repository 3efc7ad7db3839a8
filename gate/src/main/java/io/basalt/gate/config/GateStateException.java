package io.basalt.gate.config;

import java.io.Serial;

/// The refusal to use or to write a state file. The message names the file, the place in it, why, and what to do.
public final class GateStateException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1;

    GateStateException(String message, Throwable cause) {
        super(message, cause);
    }

    GateStateException(String message) {
        super(message);
    }
}
