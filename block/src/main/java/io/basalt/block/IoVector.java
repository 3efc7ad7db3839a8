package io.basalt.block;

import java.lang.foreign.MemorySegment;

/// A scatter-gather list over the regions of one [RegionTable]. Preallocated, reused, owned by one request.
///
/// Entries are (region, offset, length); lengths are positive. The list never grows: [#add] answers false when full.
public final class IoVector {
    private final int[] regions;
    private final long[] offsets;
    private final int[] lengths;
    private RegionTable table = RegionTable.EMPTY;
    private int count;
    private long byteCount;

    /// @param capacity most entries, at least 1
    public IoVector(int capacity) {
        regions = new int[capacity];
        offsets = new long[capacity];
        lengths = new int[capacity];
    }

    /// Empty the list and bind it to a table.
    public void reset(RegionTable regionTable) {
        if (table != regionTable) {
            table = regionTable;
        }
        count = 0;
        byteCount = 0;
    }

    /// Append a piece.
    ///
    /// @return false, and nothing is changed, if the list is full
    public boolean add(int region, long offset, int length) {
        assert length > 0;
        final int at = count;
        if (at == lengths.length) {
            return false;
        }
        regions[at] = region;
        offsets[at] = offset;
        lengths[at] = length;
        byteCount += length;
        count = at + 1;
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
        return regions[entry];
    }

    /// Offset of an entry in its region, in bytes.
    public long offset(int entry) {
        return offsets[entry];
    }

    /// Bytes of an entry.
    public int length(int entry) {
        return lengths[entry];
    }

    /// The region segment of an entry; the data is at [#offset(int)] in it.
    public MemorySegment segment(int entry) {
        return table.segment(regions[entry]);
    }

    /// Address of an entry in this process, for the kernel.
    public long address(int entry) {
        return table.address(regions[entry], offsets[entry]);
    }
}
