package io.basalt.virtio.memory;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/// The bitmap in which a migrating front end is told which guest pages the device wrote: one bit for each 4 KiB
/// page, bit n of byte n/8 (vhost-user, "Migration"). Shared by all queues of a device, hence atomic.
///
/// What of a range lies beyond the bitmap is left out, never written: the size comes from the front end.
public final class DirtyLog {
    private static final int PAGE_SHIFT = 12;
    private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();

    private final MemorySegment bitmap;
    private final long pageCount;

    /// @param bitmap the mapped log, a multiple of 8 bytes and 8-byte aligned
    public DirtyLog(MemorySegment bitmap) {
        this.bitmap = bitmap.asSlice(0, bitmap.byteSize() & -8L, 8);
        this.pageCount = this.bitmap.byteSize() * 8;
    }

    /// Mark the pages of a guest range dirty. Call after the data is written and before the guest can see that it
    /// is. Allocates nothing.
    ///
    /// @return false if part of the range lies beyond the bitmap
    public boolean mark(long guestAddress, long length) {
        if (length <= 0) {
            return true;
        }
        final long lastByte = guestAddress + length - 1;
        final boolean wraps = Long.compareUnsigned(lastByte, guestAddress) < 0;
        final long first = guestAddress >>> PAGE_SHIFT;
        final long last = (wraps ? -1L : lastByte) >>> PAGE_SHIFT;
        final long end = Math.min(last, pageCount - 1);
        for (long page = first; page <= end; page++) {
            // Always the atomic, never a plain look first: a front end that clears the bit and copies the page between
            // our data store and our look would lose the data.
            LONG.getAndBitwiseOr(bitmap, page >>> 6 << 3, 1L << (page & 63));
        }
        return !wraps && last < pageCount;
    }
}
