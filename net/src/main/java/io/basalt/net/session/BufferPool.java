package io.basalt.net.session;

import java.util.Arrays;

/// The division of one region of memory into buffers: a buddy allocator over units of 4 KiB, without allocation,
/// whose buffers are all aligned to 4096 bytes.
///
/// ```
///  order 2  ├───────────────────────────────┤
///  order 1  ├───────────────┼───────────────┤      a buffer of order k has 2^k units and begins at a multiple of them;
///  order 0  ├───────┼───────┼───────┼───────┤      two free buddies become one buffer of the order above
/// ```
///
/// One thread.
public final class BufferPool {
    /// Bytes of a unit, the alignment of every buffer.
    public static final int UNIT_BYTES = 4096;

    /// The answer when no buffer is free.
    public static final long NONE = -1;

    private static final int UNIT_SHIFT = 12;
    private static final int NIL = -1;
    private static final byte INSIDE = -1;

    private final int orders;

    /// Per order, the first unit of the first free buffer.
    private final int[] free;

    /// Per unit that begins a free buffer, its neighbours in the list of its order.
    private final int[] next;

    private final int[] previous;

    /// Per unit that begins a buffer, its order; [#INSIDE] elsewhere.
    private final byte[] order;

    private final boolean[] taken;
    private int freeUnits;

    /// @param bytes of the region, a multiple of `largest`
    /// @param largest bytes of the largest buffer, a power of two, 4096 and up
    public BufferPool(int bytes, int largest) {
        assert Integer.bitCount(largest) == 1;
        assert largest >= UNIT_BYTES;
        assert bytes % largest == 0;
        final int units = bytes >> UNIT_SHIFT;
        orders = Integer.numberOfTrailingZeros(largest) - UNIT_SHIFT + 1;
        free = new int[orders];
        next = new int[units];
        previous = new int[units];
        order = new byte[units];
        taken = new boolean[units];
        Arrays.fill(free, NIL);
        Arrays.fill(order, INSIDE);
        final int step = largest >> UNIT_SHIFT;
        for (int unit = units - step; unit >= 0; unit -= step) {
            link(unit, orders - 1);
        }
        freeUnits = units;
    }

    /// Take a buffer.
    ///
    /// @param bytes 1 to the largest
    /// @return its offset in the region, or [#NONE]
    public long take(int bytes) {
        final int wanted = orderOf(bytes);
        assert wanted < orders;
        int at = wanted;
        while (at < orders && free[at] == NIL) {
            at++;
        }
        if (at == orders) {
            return NONE;
        }
        final int unit = free[at];
        unlink(unit, at);
        while (at > wanted) {
            at--;
            link(unit + (1 << at), at);
        }
        order[unit] = (byte) wanted;
        taken[unit] = true;
        freeUnits -= 1 << wanted;
        return (long) unit << UNIT_SHIFT;
    }

    /// Give a buffer back.
    ///
    /// @param offset as [#take] answered it
    public void give(long offset) {
        int unit = (int) (offset >> UNIT_SHIFT);
        assert taken[unit] : "a buffer is given back once";
        int at = order[unit];
        taken[unit] = false;
        freeUnits += 1 << at;
        order[unit] = INSIDE;
        while (at < orders - 1) {
            final int buddy = unit ^ 1 << at;
            if (taken[buddy] || order[buddy] != at) {
                break;
            }
            unlink(buddy, at);
            unit = Math.min(unit, buddy);
            at++;
        }
        link(unit, at);
    }

    /// Bytes that a buffer really has.
    public int capacity(long offset) {
        return UNIT_BYTES << order[(int) (offset >> UNIT_SHIFT)];
    }

    /// Bytes that are not taken.
    public long freeBytes() {
        return (long) freeUnits << UNIT_SHIFT;
    }

    private static int orderOf(int bytes) {
        assert bytes > 0;
        return Integer.SIZE - Integer.numberOfLeadingZeros((bytes - 1) >> UNIT_SHIFT);
    }

    private void link(int unit, int at) {
        final int head = free[at];
        order[unit] = (byte) at;
        next[unit] = head;
        previous[unit] = NIL;
        if (head != NIL) {
            previous[head] = unit;
        }
        free[at] = unit;
    }

    private void unlink(int unit, int at) {
        final int after = next[unit];
        final int before = previous[unit];
        if (before == NIL) {
            free[at] = after;
        } else {
            next[before] = after;
        }
        if (after != NIL) {
            previous[after] = before;
        }
        order[unit] = INSIDE;
    }
}
