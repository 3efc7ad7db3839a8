package io.basalt.virtio.vhostuser;

import io.basalt.virtio.queue.InflightLayout;
import java.lang.foreign.MemorySegment;

/// The memory in which queues note requests they have taken and not answered; the front end keeps it while this
/// process is away. One file for all queues (vhost-user, "Inflight I/O tracking"). The contents are the front
/// end's and not looked at here.
///
/// @param mapping the mapped bytes
/// @param mapOffset where they begin in their file
/// @param queueCount queues it has parts for
/// @param queueSize descriptors each part has entries for
record InflightRegion(MemoryMapper.Mapping mapping, long mapOffset, int queueCount, int queueSize) {
    /// A queue's part.
    ///
    /// @throws RefusedException if the region has no room for such a queue
    MemorySegment part(int index, int size, boolean packed) throws RefusedException {
        if (index >= queueCount || size > queueSize) {
            throw new RefusedException("inflight region: made for " + queueCount + " queues of " + queueSize
                    + " descriptors, queue " + index + " has " + size);
        }
        final InflightLayout layout = new InflightLayout(packed, queueCount, queueSize);
        if (layout.regionBytes() > mapping.memory().byteSize()) {
            throw new RefusedException("inflight region: " + mapping.memory().byteSize() + " bytes, want "
                    + layout.regionBytes() + "; the ring layout has changed since SET_INFLIGHT_FD");
        }
        return layout.part(mapping.memory(), index);
    }
}
