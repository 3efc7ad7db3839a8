package io.basalt.scsi;

import io.basalt.scsi.Registrations.Registration;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/// A unit's registrations and reservation as they are kept. Big-endian:
///
/// ```
///  0        8         10        11       12                14
/// +--------+---------+---------+--------+-----------------+
/// | magic  | version | type    | 0      | registrations n | head
/// +--------+---------+---------+--------+-----------------+
/// | key 8 | port 2 | holder 1 | length 1 | name, UTF-8    | n times
/// +-------+--------+----------+----------+----------------+
/// | CRC32C of everything before                         4 |
/// +-------------------------------------------------------+
/// ```
///
/// Type 0: nothing is reserved. What is kept is kept because it is to last. Version 1 is the first.
final class ReservationFormat {
    static final int VERSION = 1;

    /// Longest name of an initiator, in bytes.
    static final int NAME_LENGTH_MAX = 255;

    /// "BSLTPRES"
    private static final long MAGIC = 0x42534c5450524553L;

    private static final int HEAD_LENGTH = 14;
    private static final int ENTRY_LENGTH = 12;

    private ReservationFormat() {}

    static byte[] write(Registrations from) {
        int length = HEAD_LENGTH + Integer.BYTES;
        for (final Registration each : from.all()) {
            length += ENTRY_LENGTH + name(each).length;
        }
        final ReservationType type = from.type();
        final ByteBuffer to = ByteBuffer.allocate(length);
        to.putLong(MAGIC).putShort((short) VERSION);
        to.put((byte) (type == null ? 0 : type.code())).put((byte) 0);
        to.putShort((short) from.all().size());
        for (final Registration each : from.all()) {
            final byte[] name = name(each);
            final boolean holds = each.initiator().equals(from.holder());
            to.putLong(each.key()).putShort((short) each.port());
            to.put((byte) (holds ? 1 : 0)).put((byte) name.length).put(name);
        }
        return to.putInt(sum(to.array(), length - Integer.BYTES)).array();
    }

    private static byte[] name(Registration registration) {
        return registration.initiator().getBytes(StandardCharsets.UTF_8);
    }

    private static int sum(byte[] bytes, int length) {
        final CRC32C sum = new CRC32C();
        sum.update(bytes, 0, length);
        return (int) sum.getValue();
    }

    /// @throws IllegalArgumentException saying what is wrong with the bytes
    static Registrations read(byte[] bytes) {
        if (bytes.length < HEAD_LENGTH + Integer.BYTES) {
            throw new IllegalArgumentException("reservations: " + bytes.length + " bytes are too few");
        }
        final ByteBuffer from = ByteBuffer.wrap(bytes);
        if (from.getLong() != MAGIC) {
            throw new IllegalArgumentException("reservations: not a file of reservations");
        }
        final int version = from.getShort();
        if (version != VERSION) {
            throw new IllegalArgumentException("reservations: version " + version + ", " + VERSION + " is known");
        }
        if (sum(bytes, bytes.length - Integer.BYTES) != from.getInt(bytes.length - Integer.BYTES)) {
            throw new IllegalArgumentException("reservations: the checksum is wrong");
        }
        try {
            return readBody(from);
        } catch (BufferUnderflowException tooShort) {
            throw new IllegalArgumentException("reservations: " + bytes.length + " bytes are too few", tooShort);
        }
    }

    private static Registrations readBody(ByteBuffer from) {
        final int code = from.get();
        final @Nullable ReservationType type = ReservationType.of(code);
        from.get();
        final int count = Short.toUnsignedInt(from.getShort());
        final List<Registration> all = new ArrayList<>();
        String holder = "";
        for (int i = 0; i < count; i++) {
            final long key = from.getLong();
            final int port = Short.toUnsignedInt(from.getShort());
            final boolean holds = from.get() != 0;
            final byte[] name = new byte[Byte.toUnsignedInt(from.get())];
            from.get(name);
            final String initiator = new String(name, StandardCharsets.UTF_8);
            all.add(new Registration(initiator, key, port));
            holder = holds ? initiator : holder;
        }
        final boolean holderFits = (type == null || type.heldByAll()) ? holder.isEmpty() : !holder.isEmpty();
        if ((type == null && code != 0)
                || !holderFits
                || count > Registrations.COUNT_MAX
                || from.remaining() != Integer.BYTES) {
            throw new IllegalArgumentException(
                    "reservations: type " + code + ", " + count + " registrations, holder '" + holder + "' cannot be");
        }
        return new Registrations(0, all, type, holder, true);
    }
}
