package io.basalt.nbd;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// A request's header.
///
/// ```
///           0       4       6       8               16              24      28      32
///           ┌───────┬───────┬───────┬───────────────┬───────────────┬───────┐
///  compact  │ magic │ flags │ type  │ cookie        │ offset        │length │
///           ├───────┼───────┼───────┼───────────────┼───────────────┼───────┴───────┐
///  extended │ magic │ flags │ type  │ cookie        │ offset        │ length        │
///           └───────┴───────┴───────┴───────────────┴───────────────┴───────────────┘
/// ```
final class RequestFormat {
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final int FLAGS = 4;
    private static final int TYPE = 6;
    private static final int COOKIE = 8;
    private static final int OFFSET = 16;
    private static final int LENGTH = 24;

    private RequestFormat() {}

    /// Read a header into a command.
    ///
    /// @return false, and the command is as it was, if there is no header of this style
    static boolean read(MemorySegment segment, long at, ReplyStyle style, Command into) {
        final boolean extended = style == ReplyStyle.EXTENDED;
        final int magic = extended ? NbdSpec.EXTENDED_REQUEST_MAGIC : NbdSpec.REQUEST_MAGIC;
        if (segment.get(INT, at) != magic) {
            return false;
        }
        into.flags = segment.get(SHORT, at + FLAGS) & 0xffff;
        into.type = segment.get(SHORT, at + TYPE) & 0xffff;
        into.cookie = segment.get(LONG, at + COOKIE);
        into.offset = segment.get(LONG, at + OFFSET);
        into.length = extended ? segment.get(LONG, at + LENGTH) : Integer.toUnsignedLong(segment.get(INT, at + LENGTH));
        return true;
    }
}
