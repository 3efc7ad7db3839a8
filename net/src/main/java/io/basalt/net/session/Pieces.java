package io.basalt.net.session;

import java.lang.foreign.MemorySegment;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A list of pieces of memory that one send gathers from, or one receive scatters into. Preallocated, used again.
///
/// Pieces lie in whatever segments; what has been transferred is dropped from the front.
public final class Pieces {
    private final @Nullable MemorySegment[] segments;
    private final long[] offsets;
    private final int[] lengths;
    private int first;
    private int end;
    private long byteCount;

    /// @param capacity most pieces
    public Pieces(int capacity) {
        segments = new @Nullable MemorySegment[capacity];
        offsets = new long[capacity];
        lengths = new int[capacity];
    }

    /// Empty the list.
    public void clear() {
        first = 0;
        end = 0;
        byteCount = 0;
    }

    /// Append a piece; one that follows the last in the same segment makes it longer.
    ///
    /// @param length 1 and up
    public void add(MemorySegment segment, long offset, int length) {
        assert length > 0;
        byteCount += length;
        final int last = end - 1;
        if (last >= first && offsets[last] + lengths[last] == offset && segment.equals(segments[last])) {
            lengths[last] += length;
            return;
        }
        segments[end] = segment;
        offsets[end] = offset;
        lengths[end] = length;
        end++;
    }

    /// Take bytes that have been transferred off the front.
    ///
    /// @param length at most [#byteCount()]
    public void drop(long length) {
        assert length <= byteCount;
        byteCount -= length;
        long left = length;
        while (left > 0 && left >= lengths[first]) {
            left -= lengths[first];
            first++;
        }
        if (left > 0) {
            offsets[first] += left;
            lengths[first] -= (int) left;
        }
    }

    /// How many pieces can be added.
    public int room() {
        return lengths.length - end;
    }

    /// Number of pieces.
    public int count() {
        return end - first;
    }

    /// Sum of all lengths.
    public long byteCount() {
        return byteCount;
    }

    /// The segment that a piece lies in.
    public MemorySegment segment(int piece) {
        return Objects.requireNonNull(segments[first + piece], "a piece has a segment");
    }

    /// Where a piece begins in its segment.
    public long offset(int piece) {
        return offsets[first + piece];
    }

    /// Bytes of a piece.
    public int length(int piece) {
        return lengths[first + piece];
    }
}
