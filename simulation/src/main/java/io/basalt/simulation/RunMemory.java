package io.basalt.simulation;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/// The native memory of one run, taken from slabs that the next run uses again: a cluster needs tens of megabytes for
/// the buffers of its processes, and to have them from the system anew costs more than a short run.
///
/// Memory that is given out is not cleared: who gets it has to write before reading, as with any pool. One run at a
/// time; what is given out is dead once the run is closed, and nobody checks that.
final class RunMemory implements Arena {
    private static final long SLAB_BYTES = 16 << 20;

    /// All slabs there are, by the run that has them at the moment.
    private static final List<MemorySegment> FREE = new ArrayList<>();

    private final List<MemorySegment> slabs = new ArrayList<>();
    private long used = SLAB_BYTES;

    @Override
    public MemorySegment allocate(long byteSize, long byteAlignment) {
        if (byteSize > SLAB_BYTES) {
            throw new IllegalArgumentException(byteSize + " bytes at once; at most " + SLAB_BYTES);
        }
        long from = (used + byteAlignment - 1) / byteAlignment * byteAlignment;
        if (from + byteSize > SLAB_BYTES) {
            slabs.add(slab());
            from = 0;
        }
        used = from + byteSize;
        return slabs.getLast().asSlice(from, byteSize, byteAlignment);
    }

    private static MemorySegment slab() {
        synchronized (FREE) {
            return FREE.isEmpty() ? Arena.ofAuto().allocate(SLAB_BYTES, 4096) : FREE.removeLast();
        }
    }

    @Override
    public MemorySegment.Scope scope() {
        return Arena.global().scope();
    }

    @Override
    public void close() {
        synchronized (FREE) {
            FREE.addAll(slabs);
        }
        slabs.clear();
        used = SLAB_BYTES;
    }
}
