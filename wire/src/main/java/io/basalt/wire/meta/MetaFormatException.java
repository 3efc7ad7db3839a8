package io.basalt.wire.meta;

/// Bytes that are not what they claim to be: a message of a peer, a command or a snapshot that this version
/// does not fully understand. Whoever reads bytes from outside catches it and answers or refuses; nothing
/// was changed.
public class MetaFormatException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /// @param message which field, and what is wrong with it
    public MetaFormatException(String message) {
        super(message);
    }
}
