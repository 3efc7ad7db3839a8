package io.basalt.wire.data;

import org.jspecify.annotations.Nullable;

/// What a chunk server answers to a data message. Codes are stable.
public enum AnswerCode {
    /// Done.
    OK(0),
    /// The sender's epoch of the placement group is older than the one in [AnswerBody#epoch]: not executed.
    /// Learn the newer map, send again.
    STALE_EPOCH(1),
    /// This copy is not the primary of the placement group, or not yet: not executed. [AnswerBody#epoch] is
    /// the epoch it knows, 0 if it knows none.
    NOT_PRIMARY(2),
    /// A newer attachment of the volume exists, [AnswerBody#value] is its generation: not executed, and never
    /// will be.
    FENCED(3),
    /// The primary may not serve just now (no lease, or it is bringing the copies together): not executed, send
    /// again.
    NO_LEASE(4),
    /// A copy has no space left: nothing has changed.
    NO_SPACE(5),
    /// No copy could be read or written.
    IO_ERROR(6),
    /// The data does not match its checksum on any copy.
    CORRUPT(7),
    /// The request breaks a rule of the protocol: not executed, do not send again.
    BAD_REQUEST(8),
    /// Too much to do: not executed, send again later.
    BUSY(9),
    /// To a primary: the copy follows no session, or another one. PREPARE it first.
    NO_SESSION(10),
    /// To a primary: the version is older than what the copy has seen resolved. Nothing has changed.
    STALE_VERSION(11),
    /// The request's identity is older than what its gate said to have no answer outstanding for: not
    /// executed now.
    STALE_REQUEST(12),
    /// More is asked than can be done in time: not executed. Send again after [AnswerBody#value]
    /// nanoseconds. From version 2 of the protocol on; before, BUSY.
    OVERLOADED(13);

    private static final AnswerCode[] BY_CODE = values();

    private final int code;

    AnswerCode(int code) {
        this.code = code;
    }

    /// The number on the wire.
    public int code() {
        return code;
    }

    /// The code with a number, or null if there is none.
    public static @Nullable AnswerCode of(int code) {
        return code < 0 || code >= BY_CODE.length ? null : BY_CODE[code];
    }

    /// Whether the same request is to be sent again, perhaps to another primary.
    public boolean isRetried() {
        return switch (this) {
            case STALE_EPOCH, NOT_PRIMARY, NO_LEASE, BUSY, OVERLOADED -> true;
            default -> false;
        };
    }
}
