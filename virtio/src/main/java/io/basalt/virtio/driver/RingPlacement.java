package io.basalt.virtio.driver;

import io.basalt.virtio.queue.VirtqueueSpec;
import java.lang.foreign.MemorySegment;

/// Where the parts of a driver's ring lie, relative to its start.
///
/// ```
/// | descriptors | driver area | device area | table 0 | table 1 | ... | table size-1 |
/// ```
///
/// @param packed layout
/// @param size descriptors
/// @param tableLength descriptors in each indirect table, 0 for none
record RingPlacement(boolean packed, int size, int tableLength) {
    RingPlacement {
        if (size < 1 || size > VirtqueueSpec.QUEUE_SIZE_MAX || (!packed && Integer.bitCount(size) != 1)) {
            throw new IllegalArgumentException("queue size " + size + " does not suit a "
                    + (packed ? "packed ring: 1 to 32768" : "split ring: a power of two, 1 to 32768"));
        }
        if (tableLength < 0 || tableLength > VirtqueueSpec.QUEUE_SIZE_MAX) {
            throw new IllegalArgumentException("indirect table length " + tableLength + " is not 0 to 32768");
        }
    }

    static DriverQueue create(
            MemorySegment guest, long regionAddress, long offset, int size, long features, int tableLength) {
        final boolean packed = (features >>> VirtqueueSpec.VIRTIO_F_RING_PACKED & 1) != 0;
        final RingPlacement placement = new RingPlacement(packed, size, tableLength);
        if (offset < 0 || placement.bytes() > guest.byteSize() - offset) {
            throw new IllegalArgumentException("a ring of " + placement.bytes() + " bytes does not fit at offset "
                    + offset + " of " + guest.byteSize());
        }
        if (tableLength > 0 && (features >>> VirtqueueSpec.VIRTIO_F_INDIRECT_DESC & 1) == 0) {
            throw new IllegalArgumentException("indirect tables without VIRTIO_F_INDIRECT_DESC");
        }
        final MemorySegment ring = guest.asSlice(offset, placement.bytes());
        if (ring.address() % VirtqueueSpec.DESCRIPTOR_ALIGNMENT != 0) {
            throw new IllegalArgumentException("ring offset " + offset + " is not a multiple of 16");
        }
        ring.fill((byte) 0);
        final boolean eventIndex = (features >>> VirtqueueSpec.VIRTIO_F_EVENT_IDX & 1) != 0;
        return packed
                ? new PackedDriverQueue(ring, regionAddress + offset, placement, eventIndex)
                : new SplitDriverQueue(ring, regionAddress + offset, placement, eventIndex);
    }

    long descriptorBytes() {
        return VirtqueueSpec.descriptorBytes(size);
    }

    long driverOffset() {
        return descriptorBytes();
    }

    long driverBytes() {
        return packed ? VirtqueueSpec.EVENT_SUPPRESSION_BYTES : VirtqueueSpec.availableBytes(size);
    }

    /// On a cache line of its own, so that the two sides do not write to the same one.
    long deviceOffset() {
        return roundUp(driverOffset() + driverBytes());
    }

    long deviceBytes() {
        return packed ? VirtqueueSpec.EVENT_SUPPRESSION_BYTES : VirtqueueSpec.usedBytes(size);
    }

    long tableOffset(int id) {
        return roundUp(deviceOffset() + deviceBytes()) + (long) id * tableLength * VirtqueueSpec.DESCRIPTOR_BYTES;
    }

    long bytes() {
        return tableOffset(size);
    }

    private static long roundUp(long offset) {
        return offset + 63 & -64;
    }
}
