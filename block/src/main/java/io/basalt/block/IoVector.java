package io.basalt.block;

import java.lang.foreign.MemorySegment;

/// A scatter-gather list over the regions of one [RegionTable]. Preallocated, reused, owned by one request.
///
/// Entries are (region, offset, length); lengths are positive. The list never grows: [#add] answers false when
/// full.
public final class IoVector {
    /// Two words an entry, so that one bounds check serves both: offset, then region (high half) and length.
    private final long[] words;

    private RegionTable table = RegionTable.EMPTY;
    private int count;
    private long byteCount;

    /// @param capacity most entries, at least 1
    public IoVector(int capacity) {
        words = new long[2 * capacity];
    }

    /// Empty the list and bind it to a table.
    public void reset(RegionTable regionTable) {
        // A load and a branch cost less than the collector's store barrier, and the table hardly ever changes.
        if (table != regionTable) {
            table = regionTable;
        }
        count = 0;
        byteCount = 0;
    }

    /// Become a list of one piece, in a table.
    ///
    /// @param length bytes, at least 1
    public void hold(RegionTable regionTable, int region, long offset, int length) {
        assert length > 0;
        if (table != regionTable) {
            table = regionTable;
        }
        words[1] = (long) region << 32 | length;
        words[0] = offset;
        count = 1;
        byteCount = length;
    }

    /// Append a piece.
    ///
    /// @return false, and nothing is changed, if the list is full
    public boolean add(int region, long offset, int length) {
        assert length > 0;
        final int at = 2 * count;
        if (at == words.length) {
            return false;
        }
        words[at] = offset;
        words[at + 1] = (long) region << 32 | length;
        byteCount += length;
        count++;
        return true;
    }

    /// The regions that the entries are in.
    public RegionTable table() {
        return table;
    }

    /// Entries in the list.
    public int count() {
        return count;
    }

    /// Sum of all lengths.
    public long byteCount() {
        return byteCount;
    }

    /// Region index of an entry.
    public int region(int entry) {
        return (int) (words[2 * entry + 1] >>> 32);
    }

    /// Offset of an entry in its region, in bytes.
    public long offset(int entry) {
        return words[2 * entry];
    }

    /// Bytes of an entry.
    public int length(int entry) {
        return (int) words[2 * entry + 1];
    }

    /// The region segment of an entry; the data is at [#offset(int)] in it.
    public MemorySegment segment(int entry) {
        return table.segment(region(entry));
    }

    /// Address of an entry in this process, for the kernel.
    public long address(int entry) {
        return table.address(region(entry), offset(entry));
    }
}
