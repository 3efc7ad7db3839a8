package io.basalt.wire;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/// The messages by which two processes prove to one another that they have the cluster's key, before any
/// [FrameHeader] travels. Fixed sizes, little-endian.
///
/// ```
/// initiator                                   acceptor
///     │ HELLO: versions, who I am, nonce ───────▶ │
///     │ ◀── WELCOME: version, who I am, nonce, MAC │   MAC over "acceptor", HELLO, WELCOME
///     │ PROOF: MAC ─────────────────────────────▶ │   MAC over "initiator", HELLO, WELCOME
///     │ ◀──────────────────────────────── VERDICT │
///
/// HELLO, WELCOME: 160 bytes
///   0               4   5   6   7   8               12      14  15  16
///   +---------------+---+---+---+---+---------------+-------+---+---+
///   | magic "BSLH"  |msg|min|max|rol| node id       | window|nmL| 0 |
///   +---------------+---+---+---+---+---------------+-------+---+---+
///  16              20              24                              56
///   +---------------+---------------+--------------- … -------------+
///   | payload max   | 0             | nonce                         |
///   +---------------+---------------+--------------- … -------------+
///  56                                                             120
///   +------------------------------- … -----------------------------+
///   | name, zero padded                                             |
///   +------------------------------- … -----------------------------+
/// 120                                               152     156    160
///   +------------------------------- … -------------+-------+-------+
///   | MAC (zero in HELLO)                           | crc   | 0     |
///   +------------------------------- … -------------+-------+-------+
///
/// PROOF, VERDICT: 48 bytes
///   0               4   5   6       8                 40    44     48
///   +---------------+---+---+-------+-------- … ------+-----+-------+
///   | magic "BSLH"  |msg|ver| 0     | MAC             | crc | 0     |
///   +---------------+---+---+-------+-------- … ------+-----+-------+
/// ```
///
/// The MACs cover the first 120 bytes of both HELLO and WELCOME: roles, ids, names, limits, the offered and the
/// chosen version, and both nonces. The CRC (CRC32C of what is before it) only tells damage from a wrong key.
public final class HandshakeMessage {
    /// First four bytes of a message: `BSLH`.
    public static final int MAGIC = 0x484c_5342;

    public static final int HELLO = 1;
    public static final int WELCOME = 2;
    public static final int PROOF = 3;
    public static final int VERDICT = 4;

    /// Bytes of a HELLO or WELCOME.
    public static final int GREETING_BYTES = 160;

    /// Bytes of a PROOF or VERDICT.
    public static final int PROOF_BYTES = 48;

    /// Bytes of a HELLO or WELCOME that the MACs cover.
    public static final int SIGNED_BYTES = 120;

    public static final int NONCE_BYTES = 32;
    public static final int MAC_BYTES = 32;
    public static final int NAME_BYTES = 64;

    /// Verdict: the connection is ready.
    public static final int ACCEPTED = 0;

    /// Verdict: the peer has the key, but is not wanted here.
    public static final int REFUSED = 1;

    private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private static final int MESSAGE = 4;
    private static final int VERSION_MIN = 5;
    private static final int VERSION_MAX = 6;
    private static final int ROLE = 7;
    private static final int NODE_ID = 8;
    private static final int WINDOW = 12;
    private static final int NAME_LENGTH = 14;
    private static final int RESERVED_BYTE = 15;
    private static final int PAYLOAD_MAX = 16;
    private static final int RESERVED_WORD = 20;
    private static final int NONCE = 24;
    private static final int NAME = 56;
    private static final int GREETING_MAC = 120;
    private static final int GREETING_CRC = 152;
    private static final int GREETING_RESERVED = 156;
    private static final int VERDICT_CODE = 5;
    private static final int PROOF_RESERVED = 6;
    private static final int PROOF_MAC = 8;
    private static final int PROOF_CRC = 40;
    private static final int PROOF_RESERVED_WORD = 44;

    private HandshakeMessage() {}

    /// Begins a message of either size: zero but for magic and kind.
    public static void begin(MemorySegment message, int kind) {
        message.fill((byte) 0);
        message.set(INT, 0, MAGIC);
        message.set(BYTE, MESSAGE, (byte) kind);
    }

    /// Ends a message: sets its CRC.
    public static void seal(MemorySegment message) {
        final int crcAt = message.byteSize() == GREETING_BYTES ? GREETING_CRC : PROOF_CRC;
        message.set(INT, crcAt, Checksum.of(message, 0, crcAt));
    }

    /// What is wrong with a HELLO or WELCOME by itself, null if nothing.
    public static @Nullable String greetingViolation(MemorySegment message, int kind) {
        final String common = violation(message, kind, GREETING_CRC);
        if (common != null) {
            return common;
        }
        if (message.get(BYTE, RESERVED_BYTE) != 0
                || message.get(INT, RESERVED_WORD) != 0
                || message.get(INT, GREETING_RESERVED) != 0) {
            return "reserved bytes are not zero";
        }
        if (versionMin(message) < 1 || versionMin(message) > versionMax(message)) {
            return "versions are out of order";
        }
        final int nameLength = message.get(BYTE, NAME_LENGTH) & 0xff;
        if (nameLength > NAME_BYTES) {
            return "name is too long";
        }
        for (int i = nameLength; i < NAME_BYTES; i++) {
            if (message.get(BYTE, NAME + i) != 0) {
                return "name is not padded with zeroes";
            }
        }
        return nodeId(message) < 0 ? "node id is negative" : null;
    }

    /// What is wrong with a PROOF or VERDICT by itself, null if nothing.
    public static @Nullable String proofViolation(MemorySegment message, int kind) {
        final String common = violation(message, kind, PROOF_CRC);
        if (common != null) {
            return common;
        }
        final boolean zero = message.get(SHORT, PROOF_RESERVED) == 0 && message.get(INT, PROOF_RESERVED_WORD) == 0;
        return zero ? null : "reserved bytes are not zero";
    }

    private static @Nullable String violation(MemorySegment message, int kind, int crcAt) {
        if (message.get(INT, 0) != MAGIC) {
            return "magic is wrong";
        }
        if (message.get(BYTE, MESSAGE) != kind) {
            return "message is not the one expected";
        }
        return message.get(INT, crcAt) == Checksum.of(message, 0, crcAt) ? null : "checksum is wrong";
    }

    public static int versionMin(MemorySegment message) {
        return message.get(BYTE, VERSION_MIN) & 0xff;
    }

    public static int versionMax(MemorySegment message) {
        return message.get(BYTE, VERSION_MAX) & 0xff;
    }

    public static void versions(MemorySegment message, int least, int most) {
        message.set(BYTE, VERSION_MIN, (byte) least);
        message.set(BYTE, VERSION_MAX, (byte) most);
    }

    public static int role(MemorySegment message) {
        return message.get(BYTE, ROLE) & 0xff;
    }

    public static void role(MemorySegment message, int role) {
        message.set(BYTE, ROLE, (byte) role);
    }

    public static int nodeId(MemorySegment message) {
        return message.get(INT, NODE_ID);
    }

    public static void nodeId(MemorySegment message, int id) {
        message.set(INT, NODE_ID, id);
    }

    /// Requests that the message's sender lets its peer have under way.
    public static int window(MemorySegment message) {
        return message.get(SHORT, WINDOW) & 0xffff;
    }

    public static void window(MemorySegment message, int window) {
        message.set(SHORT, WINDOW, (short) window);
    }

    /// Bytes of the longest payload that the message's sender receives.
    public static int payloadMax(MemorySegment message) {
        return message.get(INT, PAYLOAD_MAX);
    }

    public static void payloadMax(MemorySegment message, int bytes) {
        message.set(INT, PAYLOAD_MAX, bytes);
    }

    /// The name, of at most [#NAME_BYTES] bytes: whatever the sender put there.
    public static String name(MemorySegment message) {
        final int length = Math.min(NAME_BYTES, message.get(BYTE, NAME_LENGTH) & 0xff);
        return new String(message.asSlice(NAME, length).toArray(BYTE), StandardCharsets.ISO_8859_1);
    }

    public static void name(MemorySegment message, String name) {
        final byte[] bytes = name.getBytes(StandardCharsets.US_ASCII);
        assert bytes.length <= NAME_BYTES;
        MemorySegment.copy(bytes, 0, message, BYTE, NAME, bytes.length);
        message.set(BYTE, NAME_LENGTH, (byte) bytes.length);
    }

    /// Where the nonce is, in place.
    public static MemorySegment nonce(MemorySegment message) {
        return message.asSlice(NONCE, NONCE_BYTES);
    }

    /// What the MACs cover.
    public static MemorySegment signed(MemorySegment message) {
        return message.asSlice(0, SIGNED_BYTES);
    }

    /// The MAC of a WELCOME or PROOF, in place.
    public static MemorySegment mac(MemorySegment message) {
        return message.asSlice(message.byteSize() == GREETING_BYTES ? GREETING_MAC : PROOF_MAC, MAC_BYTES);
    }

    /// [#ACCEPTED] or [#REFUSED].
    public static int verdict(MemorySegment message) {
        return message.get(BYTE, VERDICT_CODE) & 0xff;
    }

    public static void verdict(MemorySegment message, int verdict) {
        message.set(BYTE, VERDICT_CODE, (byte) verdict);
    }
}
