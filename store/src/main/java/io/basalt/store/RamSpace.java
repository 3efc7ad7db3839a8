package io.basalt.store;

import io.basalt.block.IoVector;
import java.lang.foreign.MemorySegment;

/// The bytes of a RAM volume: an immutable list of memory extents, one for each time the volume grew. Bounds are
/// the segments' own.
final class RamSpace {
    /// Zeros to copy from: `MemorySegment.fill` would need a slice for each call.
    private static final MemorySegment ZEROS =
            MemorySegment.ofArray(new byte[1 << 16]).asReadOnly();

    private final MemorySegment[] extents;
    private final long[] ends;

    RamSpace(MemorySegment... extents) {
        this.extents = extents;
        ends = new long[extents.length];
        long end = 0;
        for (int i = 0; i < extents.length; i++) {
            end += extents[i].byteSize();
            ends[i] = end;
        }
    }

    long sizeBytes() {
        return ends[ends.length - 1];
    }

    RamSpace grownBy(MemorySegment extent) {
        final MemorySegment[] more = java.util.Arrays.copyOf(extents, extents.length + 1);
        more[extents.length] = extent;
        return new RamSpace(more);
    }

    /// Copy from the space into a vector.
    void read(long offset, IoVector to) {
        long at = offset;
        for (int i = 0; i < to.count(); i++) {
            final MemorySegment segment = to.segment(i);
            long there = to.offset(i);
            long left = to.length(i);
            while (left > 0) {
                final int extent = extentOf(at);
                final long piece = Math.min(left, ends[extent] - at);
                MemorySegment.copy(extents[extent], within(extent, at), segment, there, piece);
                at += piece;
                there += piece;
                left -= piece;
            }
        }
    }

    /// Copy from a vector into the space.
    void write(long offset, IoVector from) {
        long at = offset;
        for (int i = 0; i < from.count(); i++) {
            final MemorySegment segment = from.segment(i);
            long there = from.offset(i);
            long left = from.length(i);
            while (left > 0) {
                final int extent = extentOf(at);
                final long piece = Math.min(left, ends[extent] - at);
                MemorySegment.copy(segment, there, extents[extent], within(extent, at), piece);
                at += piece;
                there += piece;
                left -= piece;
            }
        }
    }

    /// Fill a range with zeros.
    void zero(long offset, long length) {
        final long end = offset + length;
        long at = offset;
        while (at < end) {
            final int extent = extentOf(at);
            final long piece = Math.min(Math.min(end, ends[extent]) - at, ZEROS.byteSize());
            MemorySegment.copy(ZEROS, 0, extents[extent], within(extent, at), piece);
            at += piece;
        }
    }

    /// A volume grows a few times in its life: a walk beats a search.
    private int extentOf(long at) {
        int extent = 0;
        while (at >= ends[extent]) {
            extent++;
        }
        return extent;
    }

    private long within(int extent, long at) {
        return at - (ends[extent] - extents[extent].byteSize());
    }
}
