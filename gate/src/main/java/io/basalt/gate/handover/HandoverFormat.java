package io.basalt.gate.handover;

import io.basalt.wire.Checksum;
import io.basalt.wire.meta.FieldReader;
import io.basalt.wire.meta.FieldWriter;
import io.basalt.wire.meta.MetaFormatException;
import java.lang.foreign.MemorySegment;

/// The frame around each [HandoverMessage], little-endian.
///
/// ```
/// 0         4        6        8         12        16             20              24
/// +---------+--------+--------+---------+---------+--------------+---------------+------------
/// | magic   | format | type   | length  | fds     | body crc32c  | header crc32c | body ...
/// | "BHOV"  |   16   |  16    |   32    |   32    |     32       |  of 0..20     | length bytes
/// +---------+--------+--------+---------+---------+--------------+---------------+------------
/// ```
///
/// `fds` descriptors travel with the frame's first bytes (SCM_RIGHTS), at most 253 with each of them;
/// the body names them by their place in that row, -1 is none.
///
/// Each frame is written in the oldest format that has all of it, so that one of a version before can read what
/// it needs.
///
/// History. 1: the first. 2: a Switch may end with an attachment.
public final class HandoverFormat {
    /// The newest format written and read.
    public static final int FORMAT = 2;
    /// The first that has attachments.
    static final int ATTACHMENTS = 2;
    /// The oldest read.
    public static final int FORMAT_MIN = 1;
    /// Bytes before a body.
    public static final int HEADER_BYTES = 24;
    /// Longest body.
    public static final int BODY_BYTES_MAX = 64 << 20;
    /// Most descriptors of one message.
    public static final int FD_COUNT_MAX = 4096;

    private static final int MAGIC = 'B' | 'H' << 8 | 'O' << 16 | 'V' << 24;
    private static final int CHECKED_BYTES = 20;

    private HandoverFormat() {}

    /// The fields of a header that was found sound.
    record Header(int type, int length, int fdCount, int bodyChecksum) {}

    /// A whole frame.
    static byte[] frame(int format, int type, byte[] body, int fdCount) {
        assert body.length <= BODY_BYTES_MAX;
        assert fdCount <= FD_COUNT_MAX;
        final FieldWriter header = new FieldWriter()
                .putInt(MAGIC)
                .putShort(format)
                .putShort(type)
                .putInt(body.length)
                .putInt(fdCount)
                .putInt(checksum(body));
        return header.putInt(checksum(header.toByteArray())).putRaw(body).toByteArray();
    }

    /// @param bytes [#HEADER_BYTES]
    /// @throws MetaFormatException naming the field that is wrong
    static Header header(byte[] bytes) {
        final FieldReader in = new FieldReader(bytes);
        if (in.takeInt("magic") != MAGIC) {
            throw new MetaFormatException("magic: this is no gate that hands over");
        }
        final int format = in.takeShort("format");
        final Header header = new Header(
                in.takeShort("type"),
                in.takeInt("length"),
                in.takeInt("descriptor count"),
                in.takeInt("body checksum"));
        final byte[] checked = new byte[CHECKED_BYTES];
        System.arraycopy(bytes, 0, checked, 0, CHECKED_BYTES);
        if (in.takeInt("header checksum") != checksum(checked)) {
            throw new MetaFormatException("header checksum is wrong");
        }
        if (format < FORMAT_MIN || format > FORMAT) {
            throw new MetaFormatException(
                    "format " + format + " is not known here, " + FORMAT_MIN + " to " + FORMAT + " are");
        }
        if (header.length() < 0 || header.length() > BODY_BYTES_MAX) {
            throw new MetaFormatException("length " + header.length() + " is above " + BODY_BYTES_MAX);
        }
        if (header.fdCount() < 0 || header.fdCount() > FD_COUNT_MAX) {
            throw new MetaFormatException("descriptor count " + header.fdCount() + " is above " + FD_COUNT_MAX);
        }
        return header;
    }

    /// @throws MetaFormatException if the body is not what its header says
    static void check(Header header, byte[] body) {
        if (checksum(body) != header.bodyChecksum()) {
            throw new MetaFormatException("body checksum of message type " + header.type() + " is wrong");
        }
    }

    private static int checksum(byte[] bytes) {
        return Checksum.of(MemorySegment.ofArray(bytes), 0, bytes.length);
    }
}
