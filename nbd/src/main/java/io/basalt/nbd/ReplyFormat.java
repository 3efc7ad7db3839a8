package io.basalt.nbd;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// The headers of replies, written into memory. Allocates nothing.
///
/// ```
///             0       4               8               16      20      24              32
///             ┌───────┬───────────────┬───────────────┐
///  simple     │ magic │ error         │ cookie        │
///             ├───────┼───────┬───────┼───────────────┼───────┐
///  structured │ magic │ flags │ type  │ cookie        │length │
///             ├───────┼───────┼───────┼───────────────┼───────┴───────┬───────────────┐
///  extended   │ magic │ flags │ type  │ cookie        │ offset        │ length        │
///             └───────┴───────┴───────┴───────────────┴───────────────┴───────────────┘
/// ```
///
/// The length of a chunk is that of what follows its header.
final class ReplyFormat {
    /// The longest of all: an extended chunk that tells of an error at an offset.
    static final int BYTES_MAX = NbdSpec.EXTENDED_REPLY_BYTES + Integer.BYTES + Short.BYTES + Long.BYTES;

    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final int ERROR = 4;
    private static final int FLAGS = 4;
    private static final int TYPE = 6;
    private static final int COOKIE = 8;
    private static final int LENGTH = 16;
    private static final int EXTENDED_OFFSET = 16;
    private static final int EXTENDED_LENGTH = 24;

    private ReplyFormat() {}

    /// A simple reply.
    ///
    /// @return bytes written, as all methods
    static int simple(MemorySegment to, long at, int error, long cookie) {
        to.set(INT, at, NbdSpec.SIMPLE_REPLY_MAGIC);
        to.set(INT, at + ERROR, error);
        to.set(LONG, at + COOKIE, cookie);
        return NbdSpec.SIMPLE_REPLY_BYTES;
    }

    /// The header of a chunk.
    ///
    /// @param type `NBD_REPLY_TYPE_*`
    /// @param length bytes that follow
    static int chunk(
            MemorySegment to, long at, ReplyStyle style, Command command, int type, boolean done, long length) {
        final boolean extended = style == ReplyStyle.EXTENDED;
        to.set(INT, at, extended ? NbdSpec.EXTENDED_REPLY_MAGIC : NbdSpec.STRUCTURED_REPLY_MAGIC);
        to.set(SHORT, at + FLAGS, (short) (done ? NbdSpec.REPLY_FLAG_DONE : 0));
        to.set(SHORT, at + TYPE, (short) type);
        to.set(LONG, at + COOKIE, command.cookie);
        if (extended) {
            to.set(LONG, at + EXTENDED_OFFSET, command.offset);
            to.set(LONG, at + EXTENDED_LENGTH, length);
            return NbdSpec.EXTENDED_REPLY_BYTES;
        }
        to.set(INT, at + LENGTH, (int) length);
        return NbdSpec.STRUCTURED_REPLY_BYTES;
    }

    /// A chunk of content; the content itself follows.
    static int data(
            MemorySegment to, long at, ReplyStyle style, Command command, boolean done, long offset, int length) {
        final int header =
                chunk(to, at, style, command, NbdSpec.REPLY_TYPE_OFFSET_DATA, done, (long) Long.BYTES + length);
        to.set(LONG, at + header, offset);
        return header + Long.BYTES;
    }

    /// A chunk that tells of an error, as the last one and of the request as a whole.
    static int error(MemorySegment to, long at, ReplyStyle style, Command command, int error) {
        final int length = Integer.BYTES + Short.BYTES;
        final int header = chunk(to, at, style, command, NbdSpec.REPLY_TYPE_ERROR, true, length);
        to.set(INT, at + header, error);
        to.set(SHORT, at + header + Integer.BYTES, (short) 0);
        return header + length;
    }

    /// A chunk that tells of an error at an offset.
    static int errorAt(
            MemorySegment to, long at, ReplyStyle style, Command command, boolean done, int error, long offset) {
        final int length = Integer.BYTES + Short.BYTES + Long.BYTES;
        final int header = chunk(to, at, style, command, NbdSpec.REPLY_TYPE_ERROR_OFFSET, done, length);
        to.set(INT, at + header, error);
        to.set(SHORT, at + header + Integer.BYTES, (short) 0);
        to.set(LONG, at + header + Integer.BYTES + Short.BYTES, offset);
        return header + length;
    }

    /// What follows a chunk of block status: the context, and its extents.
    ///
    /// ```
    ///  structured │ context (4) │ extents × { length (4), flags (4) } │
    ///  extended   │ context (4) │ count (4) │ extents × { length (8), flags (8) } │
    /// ```
    static int extents(MemorySegment to, long at, ReplyStyle style, ExtentQuery query) {
        final boolean extended = style == ReplyStyle.EXTENDED;
        to.set(INT, at, MetaContexts.ALLOCATION_ID);
        long end = at + Integer.BYTES;
        if (extended) {
            to.set(INT, end, query.count());
            end += Integer.BYTES;
        }
        for (int i = 0; i < query.count(); i++) {
            if (extended) {
                to.set(LONG, end, query.length(i));
                to.set(LONG, end + Long.BYTES, query.flags(i));
                end += 2L * Long.BYTES;
            } else {
                to.set(INT, end, (int) query.length(i));
                to.set(INT, end + Integer.BYTES, query.flags(i));
                end += 2L * Integer.BYTES;
            }
        }
        return (int) (end - at);
    }
}
