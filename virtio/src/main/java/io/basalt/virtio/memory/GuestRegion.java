package io.basalt.virtio.memory;

import java.lang.foreign.MemorySegment;

/// One piece of guest memory: where the guest, the front end and this process see it.
///
/// @param guestAddress guest physical address of the first byte
/// @param userAddress the same byte's address in the front end's process (what ring addresses are given in)
/// @param memory the region's bytes in this process, exactly as many as the region has
public record GuestRegion(long guestAddress, long userAddress, MemorySegment memory) {
    /// Bytes in the region.
    public long size() {
        return memory.byteSize();
    }
}
