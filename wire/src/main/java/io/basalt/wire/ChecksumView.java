package io.basalt.wire;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/// A memory region in the form in which [Checksum] reads it: buffers made once, since a buffer has at most 2 GiB
/// and making one allocates. One thread, because a buffer has a position.
public final class ChecksumView {
    private static final int WINDOW_SHIFT = 30;

    private final ByteBuffer[] windows;
    private final int windowShift;

    /// @param region native memory of any size
    public ChecksumView(MemorySegment region) {
        this(region, WINDOW_SHIFT);
    }

    ChecksumView(MemorySegment region, int windowShift) {
        this.windowShift = windowShift;
        final long windowBytes = 1L << windowShift;
        final int count = (int) ((region.byteSize() + windowBytes - 1) >> windowShift);
        windows = new ByteBuffer[count];
        for (int i = 0; i < count; i++) {
            final long from = (long) i << windowShift;
            windows[i] = region.asSlice(from, Math.min(windowBytes, region.byteSize() - from))
                    .asByteBuffer();
        }
    }

    /// Take a piece of the region into a checksum. Allocates nothing.
    public void update(Checksum checksum, long offset, int length) {
        final long windowBytes = 1L << windowShift;
        long at = offset;
        int left = length;
        while (left > 0) {
            final int from = (int) (at & windowBytes - 1);
            final int piece = (int) Math.min(left, windowBytes - from);
            checksum.update(windows[(int) (at >> windowShift)], from, piece);
            at += piece;
            left -= piece;
        }
    }
}
