package io.basalt.wire;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/// The head of a frame: what every message on an authenticated connection begins with. 48 bytes, little-endian.
///
/// ```
///   0               4               8   9   10  11  12      14      16
///   +---------------+---------------+---+---+---+---+-------+-------+
///   | magic "BSLT"  | header crc    |ver|knd|typ|flg| bodyL | window|
///   +---------------+---------------+---+---+---+---+-------+-------+
///  16                              24              28              32
///   +-------------------------------+---------------+---------------+
///   | request id                    | payload length| payload crc   |
///   +-------------------------------+---------------+---------------+
///  32              36              40      42  43  44              48
///   +---------------+---------------+-------+---+---+---------------+
///   | time to live  | sent          | code  |sta| 0 | 0             |
///   +---------------+---------------+-------+---+---+---------------+
///  48: body (bodyLength bytes), then payload (payload length bytes)
/// ```
///
/// * The header CRC (CRC32C) covers everything after itself up to the end of the body, so that lengths are trusted
///   before the payload is received. The payload has a CRC of its own, 0 if there is no payload.
/// * Time to live is in µs from the moment of sending, 0 for none; sent is the sender's own clock in µs, modulo
///   2^32: with the smallest difference seen so far, a receiver sees how long a frame was under way, whatever the
///   clocks say.
/// * Window is how many requests the frame's sender is willing to have under way from its peer.
/// * Bytes that are said to be 0 are checked to be 0.
///
/// Stateless: accessors over a segment and the offset of the header in it.
public final class FrameHeader {
    /// Bytes of a header.
    public static final int BYTES = 48;

    /// First four bytes of a frame: `BSLT`.
    public static final int MAGIC = 0x544c_5342;

    /// The version of the frame format.
    public static final int VERSION = 1;

    /// Most bytes of a body.
    public static final int BODY_BYTES_MAX = 192;

    /// Kind: a request, to be answered.
    public static final int KIND_REQUEST = 1;

    /// Kind: the answer to a request.
    public static final int KIND_ANSWER = 2;

    /// Kind: a sign of life; has neither body nor payload.
    public static final int KIND_HEARTBEAT = 3;

    /// Flag: nobody can have changed the payload between its checksum and its sending, so that a checksum that is
    /// wrong means damage on the way.
    public static final int FLAG_PAYLOAD_STABLE = 1;

    /// Status of an answer: the service answered; code, body and payload are its own.
    public static final int STATUS_ANSWERED = 0;

    /// Status of an answer: the payload did not match its checksum; not executed.
    public static final int STATUS_PAYLOAD_CHANGED = 1;

    /// Status of an answer: too much to do; not executed.
    public static final int STATUS_OVERLOADED = 2;

    /// Status of an answer: the time to live was over; not executed.
    public static final int STATUS_EXPIRED = 3;

    /// Offset of the first byte that the header CRC covers.
    public static final int CHECKED_FROM = 8;

    private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private static final int HEADER_CRC = 4;
    private static final int VERSION_AT = 8;
    private static final int KIND = 9;
    private static final int TYPE = 10;
    private static final int FLAGS = 11;
    private static final int BODY_LENGTH = 12;
    private static final int WINDOW = 14;
    private static final int REQUEST_ID = 16;
    private static final int PAYLOAD_LENGTH = 24;
    private static final int PAYLOAD_CRC = 28;
    private static final int TIME_TO_LIVE = 32;
    private static final int SENT = 36;
    private static final int CODE = 40;
    private static final int STATUS = 42;
    private static final int RESERVED = 43;
    private static final int RESERVED_WORD = 44;

    private FrameHeader() {}

    /// Begins a header: magic, version and kind are set, everything else is 0.
    public static void begin(MemorySegment frame, long at, int kind) {
        frame.set(LONG, at, MAGIC & 0xffff_ffffL);
        frame.set(LONG, at + VERSION_AT, VERSION | (long) kind << 8);
        frame.set(LONG, at + REQUEST_ID, 0L);
        frame.set(LONG, at + PAYLOAD_LENGTH, 0L);
        frame.set(LONG, at + TIME_TO_LIVE, 0L);
        frame.set(LONG, at + CODE, 0L);
    }

    /// What is wrong with a header by itself, null if nothing. Its CRC is not looked at. Allocates nothing.
    public static @Nullable String violation(MemorySegment frame, long at) {
        if (frame.get(INT, at) != MAGIC) {
            return "magic is wrong";
        }
        if (frame.get(BYTE, at + VERSION_AT) != VERSION) {
            return "version is unknown";
        }
        final int kind = kind(frame, at);
        if (kind < KIND_REQUEST || kind > KIND_HEARTBEAT) {
            return "kind is unknown";
        }
        if (bodyLength(frame, at) > BODY_BYTES_MAX) {
            return "body is too long";
        }
        if (payloadLength(frame, at) < 0) {
            return "payload is too long";
        }
        if ((flags(frame, at) & ~FLAG_PAYLOAD_STABLE) != 0) {
            return "flag is unknown";
        }
        if (frame.get(BYTE, at + RESERVED) != 0 || frame.get(INT, at + RESERVED_WORD) != 0) {
            return "reserved bytes are not zero";
        }
        return violationOfKind(frame, at, kind);
    }

    private static @Nullable String violationOfKind(MemorySegment frame, long at, int kind) {
        if (payloadLength(frame, at) == 0 && payloadCrc(frame, at) != 0) {
            return "checksum of no payload";
        }
        if (kind != KIND_ANSWER && (code(frame, at) != 0 || status(frame, at) != 0)) {
            return "code without answer";
        }
        if (kind == KIND_ANSWER) {
            if (status(frame, at) > STATUS_EXPIRED) {
                return "status is unknown";
            }
            if (status(frame, at) != STATUS_ANSWERED
                    && (bodyLength(frame, at) != 0 || payloadLength(frame, at) != 0 || code(frame, at) != 0)) {
                return "body, payload or code of an answer that is none";
            }
        }
        if (kind == KIND_HEARTBEAT
                && (bodyLength(frame, at) != 0
                        || payloadLength(frame, at) != 0
                        || requestId(frame, at) != 0
                        || type(frame, at) != 0
                        || timeToLive(frame, at) != 0)) {
            return "heartbeat is not empty";
        }
        return null;
    }

    /// CRC32C over the rest of the header and the body.
    public static int headerCrc(MemorySegment frame, long at) {
        return frame.get(INT, at + HEADER_CRC);
    }

    public static void headerCrc(MemorySegment frame, long at, int crc) {
        frame.set(INT, at + HEADER_CRC, crc);
    }

    /// One of `KIND_*`.
    public static int kind(MemorySegment frame, long at) {
        return frame.get(BYTE, at + KIND) & 0xff;
    }

    /// What a request asks, and its answer repeats: 0 to 255.
    public static int type(MemorySegment frame, long at) {
        return frame.get(BYTE, at + TYPE) & 0xff;
    }

    public static void type(MemorySegment frame, long at, int type) {
        frame.set(BYTE, at + TYPE, (byte) type);
    }

    /// Bits of `FLAG_*`.
    public static int flags(MemorySegment frame, long at) {
        return frame.get(BYTE, at + FLAGS) & 0xff;
    }

    public static void flags(MemorySegment frame, long at, int flags) {
        frame.set(BYTE, at + FLAGS, (byte) flags);
    }

    /// Bytes of body, 0 to 65535 until [#violation] has been asked.
    public static int bodyLength(MemorySegment frame, long at) {
        return frame.get(SHORT, at + BODY_LENGTH) & 0xffff;
    }

    public static void bodyLength(MemorySegment frame, long at, int length) {
        frame.set(SHORT, at + BODY_LENGTH, (short) length);
    }

    /// Requests that the frame's sender lets its peer have under way, 0 to 65535.
    public static int window(MemorySegment frame, long at) {
        return frame.get(SHORT, at + WINDOW) & 0xffff;
    }

    public static void window(MemorySegment frame, long at, int window) {
        frame.set(SHORT, at + WINDOW, (short) window);
    }

    /// Chosen by a request's sender, repeated by the answer.
    public static long requestId(MemorySegment frame, long at) {
        return frame.get(LONG, at + REQUEST_ID);
    }

    public static void requestId(MemorySegment frame, long at, long id) {
        frame.set(LONG, at + REQUEST_ID, id);
    }

    /// Bytes of payload; negative means more than `Integer.MAX_VALUE`, which [#violation] rejects.
    public static int payloadLength(MemorySegment frame, long at) {
        return frame.get(INT, at + PAYLOAD_LENGTH);
    }

    public static void payloadLength(MemorySegment frame, long at, int length) {
        frame.set(INT, at + PAYLOAD_LENGTH, length);
    }

    /// CRC32C of the payload, 0 if there is none.
    public static int payloadCrc(MemorySegment frame, long at) {
        return frame.get(INT, at + PAYLOAD_CRC);
    }

    public static void payloadCrc(MemorySegment frame, long at, int crc) {
        frame.set(INT, at + PAYLOAD_CRC, crc);
    }

    /// Microseconds that a request may be under way and wait, unsigned; 0 for no bound.
    public static int timeToLive(MemorySegment frame, long at) {
        return frame.get(INT, at + TIME_TO_LIVE);
    }

    public static void timeToLive(MemorySegment frame, long at, int micros) {
        frame.set(INT, at + TIME_TO_LIVE, micros);
    }

    /// The sender's clock when it sent, in microseconds modulo 2^32.
    public static int sent(MemorySegment frame, long at) {
        return frame.get(INT, at + SENT);
    }

    public static void sent(MemorySegment frame, long at, int micros) {
        frame.set(INT, at + SENT, micros);
    }

    /// What the service answered, 0 to 65535.
    public static int code(MemorySegment frame, long at) {
        return frame.get(SHORT, at + CODE) & 0xffff;
    }

    public static void code(MemorySegment frame, long at, int code) {
        frame.set(SHORT, at + CODE, (short) code);
    }

    /// One of `STATUS_*`.
    public static int status(MemorySegment frame, long at) {
        return frame.get(BYTE, at + STATUS) & 0xff;
    }

    public static void status(MemorySegment frame, long at, int status) {
        frame.set(BYTE, at + STATUS, (byte) status);
    }
}
