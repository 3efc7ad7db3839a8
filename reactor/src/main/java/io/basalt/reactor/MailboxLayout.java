package io.basalt.reactor;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/// The memory of a mailbox: two groups of fields, one per side, and the ring of records.
///
/// ```
///    0  consumer's line: head          indices count messages since the beginning and never wrap;
///       consumer's copy of the tail    the record of index i has the place i mod capacity
///  128  producers' line: tail
///       producers' copy of the head
///  256  records, `stride` bytes each
///       spare lines, so that nothing else shares the last ones
/// ```
final class MailboxLayout {
    static final long HEAD = 0;
    static final long TAIL_COPY = 8;
    static final long TAIL = 128;
    static final long HEAD_COPY = 136;
    static final long RECORDS = 256;

    /// An index or sequence number, which other threads see: aligned.
    static final VarHandle INDEX = ValueLayout.JAVA_LONG.varHandle().withInvokeExactBehavior();

    /// A word of a message, ordered by the index that publishes it.
    static final ValueLayout.OfLong WORD = ValueLayout.JAVA_LONG_UNALIGNED;

    private static final long SPACING = 128;
    private static final int CAPACITY_MAX = 1 << 20;

    private MailboxLayout() {}

    static int checkedCapacity(int capacity) {
        if (capacity < 1 || capacity > CAPACITY_MAX || Integer.bitCount(capacity) != 1) {
            throw new IllegalArgumentException(
                    "mailbox capacity must be a power of two from 1 to " + CAPACITY_MAX + ", is " + capacity);
        }
        return capacity;
    }

    /// Zeroed memory for a mailbox, freed when nothing refers to it any more.
    static MemorySegment allocate(int capacity, long stride) {
        return Arena.ofAuto().allocate(RECORDS + capacity * stride + SPACING, SPACING);
    }
}
