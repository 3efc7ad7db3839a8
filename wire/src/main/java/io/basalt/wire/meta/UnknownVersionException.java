package io.basalt.wire.meta;

/// Bytes of a version that this code does not know. They are refused as a whole: a message is answered
/// [MetaCode#UNSUPPORTED], a log entry or snapshot stops the replica before anything of it is applied.
public final class UnknownVersionException extends MetaFormatException {
    private static final long serialVersionUID = 1;

    /// @param what the kind of bytes
    /// @param version what they say
    /// @param known the newest version that this code understands
    public UnknownVersionException(String what, int version, int known) {
        super(what + " has version " + version + ", this process understands up to " + known
                + "; upgrade it before it goes on");
    }
}
