package io.basalt.cli.config;

import java.io.Serial;

/// A setting that cannot be obeyed: its message names the file and line, variable or option, the field,
/// why, and what to write instead.
public final class ConfigurationException extends IllegalArgumentException {
    @Serial
    private static final long serialVersionUID = 1;

    ConfigurationException(String message) {
        super(message);
    }
}
