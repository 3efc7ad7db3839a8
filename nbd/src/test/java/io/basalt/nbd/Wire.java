package io.basalt.nbd;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/// Bytes as a client puts them together: a big-endian buffer that grows.
final class Wire {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    Wire u16(int value) {
        out.writeBytes(ByteBuffer.allocate(Short.BYTES).putShort((short) value).array());
        return this;
    }

    Wire u32(int value) {
        out.writeBytes(ByteBuffer.allocate(Integer.BYTES).putInt(value).array());
        return this;
    }

    Wire u64(long value) {
        out.writeBytes(ByteBuffer.allocate(Long.BYTES).putLong(value).array());
        return this;
    }

    Wire bytes(byte... bytes) {
        out.writeBytes(bytes);
        return this;
    }

    Wire text(String text) {
        return bytes(text.getBytes(StandardCharsets.UTF_8));
    }

    /// A text behind its length.
    Wire string(String text) {
        return u32(text.getBytes(StandardCharsets.UTF_8).length).text(text);
    }

    /// An option of the handshake.
    Wire option(int option, byte... data) {
        return u64(NbdSpec.IHAVEOPT).u32(option).u32(data.length).bytes(data);
    }

    /// A request.
    Wire request(ReplyStyle style, int type, int flags, long cookie, long offset, long length) {
        final boolean extended = style == ReplyStyle.EXTENDED;
        u32(extended ? NbdSpec.EXTENDED_REQUEST_MAGIC : NbdSpec.REQUEST_MAGIC);
        u16(flags | (extended && type == NbdSpec.CMD_WRITE ? NbdSpec.CMD_FLAG_PAYLOAD_LEN : 0));
        u16(type).u64(cookie).u64(offset);
        return extended ? u64(length) : u32((int) length);
    }

    byte[] toBytes() {
        return out.toByteArray();
    }
}
