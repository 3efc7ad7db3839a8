package io.basalt.scsi;

import java.nio.charset.StandardCharsets;
import java.util.UUID;

/// Who a logical unit is, wherever it is seen: the same on every path to one volume, and after every restart.
///
/// @param name the volume's, which the unit shows as its serial number
/// @param uuid the volume's, which its world wide name is made from
public record UnitIdentity(String name, UUID uuid) {
    /// Longest serial number that is shown, in bytes.
    static final int SERIAL_LENGTH_MAX = 128;

    /// Name address authority 3: an identifier that is assigned locally (SPC-4 table 609).
    private static final long NAA_LOCALLY_ASSIGNED = 0x3L << 60;

    /// The serial number.
    byte[] serial() {
        final byte[] whole = name.getBytes(StandardCharsets.US_ASCII);
        return whole.length <= SERIAL_LENGTH_MAX ? whole : java.util.Arrays.copyOf(whole, SERIAL_LENGTH_MAX);
    }

    /// The world wide name: 60 bits of the UUID behind the kind of name.
    long worldWideName() {
        final long mixed = uuid.getMostSignificantBits() ^ Long.rotateLeft(uuid.getLeastSignificantBits(), 32);
        return NAA_LOCALLY_ASSIGNED | (mixed & ((1L << 60) - 1));
    }
}
