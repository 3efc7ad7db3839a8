package io.basalt.wire.meta;

import org.jspecify.annotations.Nullable;

/// How the metaserver, or a node that it has asked, answers. Stable numbers; 0 is never answered.
public enum MetaCode {
    /// Done, durably where it is something to keep.
    OK(1),
    /// The request contradicts itself or its format; asking again is of no use.
    BAD_REQUEST(2),
    /// The request is of a version or kind that is not understood.
    UNSUPPORTED(3),
    /// Another replica leads; ask that one.
    NOT_LEADER(4),
    /// It is not known whether it was done, or it cannot be done at present. Ask again under the same request id.
    UNAVAILABLE(5),
    /// The node is unknown: it must register first.
    NOT_REGISTERED(6),
    /// There is no such thing.
    NOT_FOUND(7),
    /// There is one already, with other properties.
    EXISTS(8),
    /// Another gate serves the volume.
    ATTACHED(9),
    /// The attachment has been superseded by a newer one.
    FENCED(10),
    /// The placement group's epoch is another one.
    STALE_EPOCH(11),
    /// The change would give up the last good copy.
    LAST_COPY(12),
    /// There is not enough capacity.
    NO_SPACE(13),
    /// The present state forbids it.
    CONFLICT(14),
    /// A bound on the number or size of things is reached.
    LIMIT(15),
    /// Too few copies that answer would be left: I/O waits for one to come back.
    TOO_FEW_COPIES(16);

    private final int code;

    MetaCode(int code) {
        this.code = code;
    }

    /// The number on the wire, in the log and in snapshots.
    public int code() {
        return code;
    }

    /// The code of a number.
    ///
    /// @return null if no code has that number
    public static @Nullable MetaCode of(int number) {
        for (final MetaCode each : values()) {
            if (each.code == number) {
                return each;
            }
        }
        return null;
    }
}
