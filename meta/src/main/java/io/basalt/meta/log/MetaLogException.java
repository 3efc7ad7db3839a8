package io.basalt.meta.log;

/// A log that cannot be opened. The message says which file, what is wrong with it, and what to do; nothing was
/// changed on disk.
public final class MetaLogException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /// @param message for operators
    public MetaLogException(String message) {
        super(message);
    }

    /// @param message for operators
    public MetaLogException(String message, Throwable cause) {
        super(message, cause);
    }
}
