package io.basalt.wire.meta;

/// A wish for another configuration of a placement group. It is granted only if the group's epoch is still the one
/// that the asker knows: whoever asks second learns the newer configuration instead.
///
/// @param setId the set of the group
/// @param pg the group
/// @param epoch the epoch that the asker knows; the change makes it one more
/// @param kind what is to change
/// @param deviceId the replica that it is about
public record PgChange(int setId, int pg, int epoch, Kind kind, int deviceId) {
    /// What can be changed.
    public enum Kind {
        /// The copy has missed a write: it is in sync no longer. Refused for the last one.
        REMOVE_FROM_IN_SYNC(1),
        /// The copy has everything again.
        ADD_TO_IN_SYNC(2),
        /// The copy, which must be in sync, is to be the primary.
        MAKE_PRIMARY(3);

        private final int code;

        Kind(int code) {
            this.code = code;
        }

        /// The number on the wire and in the log.
        public int code() {
            return code;
        }

        private static Kind of(int number) {
            for (final Kind each : values()) {
                if (each.code == number) {
                    return each;
                }
            }
            throw new MetaFormatException("change is " + number + ", expected 1 to 3");
        }
    }

    /// The wish as content.
    public byte[] toContent() {
        final FieldWriter writer = MetaMessage.begin();
        write(writer);
        return writer.toByteArray();
    }

    /// The wish in a content.
    ///
    /// @throws MetaFormatException if there is none
    public static PgChange of(FieldReader content) {
        final PgChange change = read(MetaMessage.begin(content));
        content.requireEnd("placement group change");
        return change;
    }

    /// Append the wish.
    public void write(FieldWriter writer) {
        writer.putInt(setId).putInt(pg).putInt(epoch).putByte(kind.code()).putInt(deviceId);
    }

    /// Read a wish.
    public static PgChange read(FieldReader reader) {
        return new PgChange(
                reader.takeInt("set id", 1, Integer.MAX_VALUE),
                reader.takeInt("pg", 0, Limits.PGS_MAX - 1),
                reader.takeInt("epoch", 0, Limits.EPOCH_MAX),
                Kind.of(reader.takeByte("change")),
                reader.takeInt("device id", 1, Integer.MAX_VALUE));
    }
}
