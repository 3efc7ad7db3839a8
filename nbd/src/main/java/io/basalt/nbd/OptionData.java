package io.basalt.nbd;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The data of options that have any: what a client says, checked length by length before it is
/// believed.
final class OptionData {
    private OptionData() {}

    /// What `NBD_OPT_INFO` and `NBD_OPT_GO` ask.
    ///
    /// ```
    ///   │ length of name (4) │ name │ count (2) │ count × information wanted (2) │
    /// ```
    ///
    /// @param wants bit for each `NBD_INFO_*` below 32 that is asked for
    record ExportWish(String name, int wants) {
        boolean wants(int info) {
            return (wants >>> info & 1) != 0;
        }
    }

    /// What `NBD_OPT_LIST_META_CONTEXT` and `NBD_OPT_SET_META_CONTEXT` ask.
    ///
    /// ```
    ///   │ length of name (4) │ name │ count (4) │ count × { length (4) │ query } │
    /// ```
    record ContextWish(String name, List<String> queries) {}

    /// Take the data of INFO or GO apart.
    ///
    /// @return null if the data is malformed
    static @Nullable ExportWish exportWish(ByteBuffer data) {
        final String name = string(data);
        if (name == null || data.remaining() < Short.BYTES) {
            return null;
        }
        final int count = data.getShort() & 0xffff;
        if (data.remaining() != count * Short.BYTES) {
            return null;
        }
        int wants = 0;
        for (int i = 0; i < count; i++) {
            final int info = data.getShort() & 0xffff;
            wants |= info < Integer.SIZE ? 1 << info : 0;
        }
        return new ExportWish(name, wants);
    }

    /// Take the data of an option about contexts apart.
    ///
    /// @return null if the data is malformed
    static @Nullable ContextWish contextWish(ByteBuffer data) {
        final String name = string(data);
        if (name == null || data.remaining() < Integer.BYTES) {
            return null;
        }
        final int count = data.getInt();
        // Each query has its length at least, so the count is bounded before anything is made for it.
        if (count < 0 || count > data.remaining() / Integer.BYTES) {
            return null;
        }
        final List<String> queries = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            final String query = string(data);
            if (query == null) {
                return null;
            }
            queries.add(query);
        }
        return data.hasRemaining() ? null : new ContextWish(name, queries);
    }

    /// The data as one string without a length of its own.
    static String whole(ByteBuffer data) {
        return StandardCharsets.UTF_8.decode(data).toString();
    }

    private static @Nullable String string(ByteBuffer data) {
        if (data.remaining() < Integer.BYTES) {
            return null;
        }
        final int length = data.getInt();
        if (length < 0 || length > NbdSpec.STRING_BYTES_MAX || length > data.remaining()) {
            return null;
        }
        final ByteBuffer bytes = data.slice(data.position(), length);
        data.position(data.position() + length);
        return StandardCharsets.UTF_8.decode(bytes).toString();
    }
}
