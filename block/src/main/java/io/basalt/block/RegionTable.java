package io.basalt.block;

import java.lang.foreign.MemorySegment;
import java.util.List;

/// An immutable list of memory regions that requests' data lies in: a guest's memory, or a buffer pool.
///
/// Data is named by (region, offset), never by a bare address, so that every access is bounds-checked by
/// the region's segment and a device can register whole regions with the kernel once. Shared between
/// reactors; the mappings outlive every request that names them (their owner unmaps only after all users
/// have acknowledged).
public final class RegionTable {
    /// A table of no regions.
    public static final RegionTable EMPTY = new RegionTable(List.of());

    private final MemorySegment[] segments;
    private final boolean sealed;

    /// Regions that nothing is known about.
    ///
    /// @param segments native segments, each of exactly the region's size
    public RegionTable(List<MemorySegment> segments) {
        this(segments, false);
    }

    /// @param segments native segments, each of exactly the region's size
    /// @param sealed see [#sealed()]
    public RegionTable(List<MemorySegment> segments, boolean sealed) {
        this.segments = segments.toArray(MemorySegment[]::new);
        this.sealed = sealed;
    }

    /// Whether nobody can take the memory away while it is mapped: it is this process's own, or its file is sealed
    /// against shrinking. What is sent from other memory is copied first, where the loss of it can be caught.
    public boolean sealed() {
        return sealed;
    }

    /// How many regions there are.
    public int count() {
        return segments.length;
    }

    /// The memory of a region.
    ///
    /// @param region index, 0 to [#count()] - 1
    public MemorySegment segment(int region) {
        return segments[region];
    }

    /// Bytes in a region.
    public long size(int region) {
        return segments[region].byteSize();
    }

    /// Address of a byte of a region in this process, for the kernel.
    public long address(int region, long offset) {
        assert offset >= 0 && offset < segments[region].byteSize();
        return segments[region].address() + offset;
    }
}
