package io.basalt.store;

import java.io.Serial;

/// The refusal of a management operation on a volume: opening, resizing, closing. Never thrown by I/O.
///
/// The message is field, reason and hint in one line; [#code()] is stable and meant for JSON-RPC.
public final class VolumeException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1;

    /// Kinds of refusal, each with a negative errno number as its stable code (SPDK's convention in JSON-RPC
    /// errors).
    public enum Kind {
        /// A parameter breaks a rule.
        INVALID(-22),
        /// The file or device is not there.
        NOT_FOUND(-2),
        /// This process may not open it so.
        DENIED(-13),
        /// Something else uses it.
        BUSY(-16),
        /// Not enough memory or disk space.
        NO_SPACE(-28),
        /// The volume cannot do this at all.
        UNSUPPORTED(-95),
        /// The kernel or device failed.
        IO(-5);

        private final int code;

        Kind(int code) {
            this.code = code;
        }

        /// The stable number of this kind.
        public int code() {
            return code;
        }
    }

    private final Kind kind;
    private final String field;
    private final String reason;
    private final String hint;

    /// @param kind what sort of refusal
    /// @param field the parameter at fault, spelled as in the RPC
    /// @param reason what is wrong with it
    /// @param hint what the operator can do
    public VolumeException(Kind kind, String field, String reason, String hint) {
        super(field + ": " + reason + "; " + hint);
        this.kind = kind;
        this.field = field;
        this.reason = reason;
        this.hint = hint;
    }

    /// What sort of refusal.
    public Kind kind() {
        return kind;
    }

    /// The parameter at fault.
    public String field() {
        return field;
    }

    /// What is wrong with it.
    public String reason() {
        return reason;
    }

    /// What the operator can do.
    public String hint() {
        return hint;
    }

    /// The stable number of [#kind()].
    public int code() {
        return kind.code();
    }
}
