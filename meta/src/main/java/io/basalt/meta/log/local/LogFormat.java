package io.basalt.meta.log.local;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/// The bytes of the log's files. All numbers are little-endian. `docs/FORMAT-META.md` tells the whole story.
///
/// ```
/// file header, 64 bytes                       record, 32 bytes + payload, padded with zeroes to 8
///  0 u64 magic BSLTMLOG or BSLTMSNP            0 u32 magic MREC
///  8 u32 version                               4 u32 payload length, 1 to 4 MiB
/// 12 u32 zero                                  8 u64 index
/// 16 u64 log: index of its first record       16 u64 index that was durable when this was written
///        snapshot: index of its last entry    24 u32 CRC32C of bytes 0 to 23
/// 24 u64 snapshot: payload length             28 u32 CRC32C of the payload
/// 32 u32 snapshot: CRC32C of the payload
/// 36 ... zero
/// 60 u32 CRC32C of bytes 0 to 59
/// ```
final class LogFormat {
    static final int VERSION = 1;
    static final int HEADER_BYTES = 64;
    static final int RECORD_HEADER_BYTES = 32;
    static final int ALIGNMENT = 8;

    static final long LOG_MAGIC = magic("BSLTMLOG");
    static final long SNAPSHOT_MAGIC = magic("BSLTMSNP");
    static final int RECORD_MAGIC = 'M' | 'R' << 8 | 'E' << 16 | 'C' << 24;

    private static final int CRC_OFFSET = HEADER_BYTES - Integer.BYTES;

    private LogFormat() {}

    /// What a file's header says.
    record Header(long magic, int version, long index, long payloadLength, int payloadCrc) {}

    /// A buffer in the formats' byte order.
    static ByteBuffer buffer(int capacity) {
        return ByteBuffer.allocate(capacity).order(ByteOrder.LITTLE_ENDIAN);
    }

    /// A view of bytes in the formats' byte order.
    static ByteBuffer view(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    static ByteBuffer header(long magic, long index, byte[] payload) {
        final ByteBuffer header = buffer(HEADER_BYTES);
        header.putLong(0, magic).putInt(8, VERSION).putLong(16, index);
        if (payload.length > 0) {
            header.putLong(24, payload.length).putInt(32, crc(ByteBuffer.wrap(payload)));
        }
        header.putInt(CRC_OFFSET, crc(header.slice(0, CRC_OFFSET)));
        return header;
    }

    /// What the first bytes of a file say.
    ///
    /// @return null if they are no header
    static @Nullable Header parseHeader(ByteBuffer file) {
        if (file.limit() < HEADER_BYTES || file.getInt(CRC_OFFSET) != crc(file.slice(0, CRC_OFFSET))) {
            return null;
        }
        return new Header(file.getLong(0), file.getInt(8), file.getLong(16), file.getLong(24), file.getInt(32));
    }

    /// Bytes that a record takes in the file.
    static int recordBytes(int payloadLength) {
        return RECORD_HEADER_BYTES + (payloadLength + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }

    /// Appends a record to a buffer that has room for it.
    static void putRecord(ByteBuffer out, long index, long durableIndex, byte[] payload) {
        final int start = out.position();
        out.putInt(RECORD_MAGIC).putInt(payload.length).putLong(index).putLong(durableIndex);
        out.putInt(crc(out.slice(start, 24))).putInt(crc(ByteBuffer.wrap(payload)));
        out.put(payload);
        while (out.position() < start + recordBytes(payload.length)) {
            out.put((byte) 0);
        }
    }

    /// Whether there is a whole and undamaged record.
    ///
    /// @param payloadMax longest payload
    static boolean isRecord(ByteBuffer file, int offset, int payloadMax) {
        final int left = file.limit() - offset;
        if (left < RECORD_HEADER_BYTES
                || file.getInt(offset) != RECORD_MAGIC
                || file.getInt(offset + 24) != crc(file.slice(offset, 24))) {
            return false;
        }
        final int length = file.getInt(offset + 4);
        return length > 0
                && length <= payloadMax
                && recordBytes(length) <= left
                && file.getInt(offset + 28) == crc(file.slice(offset + RECORD_HEADER_BYTES, length))
                && isZero(file, offset + RECORD_HEADER_BYTES + length, offset + recordBytes(length));
    }

    private static boolean isZero(ByteBuffer file, int from, int to) {
        for (int at = from; at < to; at++) {
            if (file.get(at) != 0) {
                return false;
            }
        }
        return true;
    }

    static long recordIndex(ByteBuffer file, int offset) {
        return file.getLong(offset + 8);
    }

    static long recordDurableIndex(ByteBuffer file, int offset) {
        return file.getLong(offset + 16);
    }

    static byte[] recordPayload(ByteBuffer file, int offset) {
        final byte[] payload = new byte[file.getInt(offset + 4)];
        file.get(offset + RECORD_HEADER_BYTES, payload);
        return payload;
    }

    static int crc(ByteBuffer bytes) {
        final CRC32C crc = new CRC32C();
        crc.update(bytes);
        return (int) crc.getValue();
    }

    private static long magic(String text) {
        long value = 0;
        for (int at = text.length() - 1; at >= 0; at--) {
            value = value << 8 | text.charAt(at);
        }
        return value;
    }
}
