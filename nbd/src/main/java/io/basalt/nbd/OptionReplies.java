package io.basalt.nbd;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// What a handshake has to send: bytes in a buffer that grows with the list of exports. Control plane.
///
/// ```
///   0               8           12          16          20
///   ┌───────────────┬───────────┬───────────┬───────────┬──────
///   │ magic         │ option    │ type      │ length    │ data
///   └───────────────┴───────────┴───────────┴───────────┴──────
/// ```
final class OptionReplies {
    private static final int BYTES_FIRST = 512;

    private ByteBuffer buffer = ByteBuffer.allocate(BYTES_FIRST);

    /// Room for as many bytes more.
    private ByteBuffer room(int length) {
        if (buffer.remaining() < length) {
            final byte[] more =
                    Arrays.copyOf(buffer.array(), Math.max(2 * buffer.capacity(), buffer.position() + length));
            buffer = ByteBuffer.wrap(more).position(buffer.position());
        }
        return buffer;
    }

    /// The server's greeting.
    void greeting(int flags) {
        room(Long.BYTES + Long.BYTES + Short.BYTES)
                .putLong(NbdSpec.INIT_PASSWD)
                .putLong(NbdSpec.IHAVEOPT)
                .putShort((short) flags);
    }

    /// The answer to `NBD_OPT_EXPORT_NAME`, which has no header.
    void exportName(long sizeBytes, int flags, boolean zeroes) {
        final int tail = zeroes ? NbdSpec.EXPORT_NAME_ZEROES : 0;
        room(Long.BYTES + Short.BYTES + tail)
                .putLong(sizeBytes)
                .putShort((short) flags)
                .put(new byte[tail]);
    }

    private ByteBuffer header(int option, int type, int length) {
        return room(NbdSpec.OPTION_REPLY_HEADER_BYTES + length)
                .putLong(NbdSpec.REPLY_MAGIC)
                .putInt(option)
                .putInt(type)
                .putInt(length);
    }

    void acknowledge(int option) {
        header(option, NbdSpec.REP_ACK, 0);
    }

    /// @param type `NBD_REP_ERR_*`
    /// @param text for people
    void error(int option, int type, String text) {
        final byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        header(option, type, bytes.length).put(bytes);
    }

    /// One line of the list of exports.
    void server(Export export) {
        final byte[] name = export.name().getBytes(StandardCharsets.UTF_8);
        final byte[] description = export.description().getBytes(StandardCharsets.UTF_8);
        header(NbdSpec.OPT_LIST, NbdSpec.REP_SERVER, Integer.BYTES + name.length + description.length)
                .putInt(name.length)
                .put(name)
                .put(description);
    }

    void exportInfo(int option, long sizeBytes, int flags) {
        header(option, NbdSpec.REP_INFO, Short.BYTES + Long.BYTES + Short.BYTES)
                .putShort((short) NbdSpec.INFO_EXPORT)
                .putLong(sizeBytes)
                .putShort((short) flags);
    }

    void textInfo(int option, int info, String text) {
        final byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        header(option, NbdSpec.REP_INFO, Short.BYTES + bytes.length)
                .putShort((short) info)
                .put(bytes);
    }

    void blockSizeInfo(int option, Export export) {
        header(option, NbdSpec.REP_INFO, Short.BYTES + 3 * Integer.BYTES)
                .putShort((short) NbdSpec.INFO_BLOCK_SIZE)
                .putInt(export.minimumBlockBytes())
                .putInt(export.preferredBlockBytes())
                .putInt(Export.PAYLOAD_BYTES_MAX);
    }

    void metaContext(int option, int id, String name) {
        final byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
        header(option, NbdSpec.REP_META_CONTEXT, Integer.BYTES + bytes.length)
                .putInt(id)
                .put(bytes);
    }

    /// Take what is to be sent, and begin anew.
    byte[] take() {
        final byte[] bytes = Arrays.copyOf(buffer.array(), buffer.position());
        buffer.clear();
        return bytes;
    }

    boolean isEmpty() {
        return buffer.position() == 0;
    }
}
