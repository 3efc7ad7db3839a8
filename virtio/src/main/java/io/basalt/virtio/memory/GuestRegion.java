package io.basalt.virtio.memory;

import java.lang.foreign.MemorySegment;

/// One piece of guest memory: where the guest, the front end and this process see it.
///
/// @param guestAddress guest physical address of the first byte
/// @param userAddress the same byte's address in the front end's process (what ring addresses are given in)
/// @param memory the region's bytes in this process, exactly as many as the region has
/// @param sealed whether nobody can take the memory away while it is mapped
public record GuestRegion(long guestAddress, long userAddress, MemorySegment memory, boolean sealed) {
    /// A region that may be taken away at any time.
    public GuestRegion(long guestAddress, long userAddress, MemorySegment memory) {
        this(guestAddress, userAddress, memory, false);
    }

    /// Bytes in the region.
    public long size() {
        return memory.byteSize();
    }
}
