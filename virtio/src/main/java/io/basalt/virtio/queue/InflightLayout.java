package io.basalt.virtio.queue;

import java.lang.foreign.MemorySegment;

/// Sizes and places in the inflight region that GET_INFLIGHT_FD hands out: one part for each queue, each a
/// multiple of 64 bytes, in queue order (vhost-user, "Inflight I/O tracking").
///
/// A new region must be all zeros; [Virtqueue#open] initialises a part whose version is 0.
///
/// @param packed whether VIRTIO_F_RING_PACKED was negotiated
/// @param queueCount queues, 1 to 65535
/// @param queueSize descriptors of each queue, 1 to 32768
public record InflightLayout(boolean packed, int queueCount, int queueSize) {
    private static final int PART_ALIGNMENT = 64;

    /// Checks the ranges: both numbers come from the front end.
    ///
    /// @throws QueueSetupException naming the bad number
    public InflightLayout {
        if (queueCount < 1 || queueCount > 65535) {
            throw new QueueSetupException("inflight region: num_queues " + queueCount + " is not 1 to 65535");
        }
        if (queueSize < 1 || queueSize > VirtqueueSpec.QUEUE_SIZE_MAX) {
            throw new QueueSetupException("inflight region: queue_size " + queueSize + " is not 1 to 32768");
        }
    }

    /// Bytes of one queue's part.
    public long queueBytes() {
        final long bytes = packed ? PackedInflight.bytes(queueSize) : SplitInflight.bytes(queueSize);
        return bytes + PART_ALIGNMENT - 1 & -PART_ALIGNMENT;
    }

    /// Bytes of the whole region.
    public long regionBytes() {
        return queueBytes() * queueCount;
    }

    /// Offset of a queue's part in the region.
    public long offset(int queue) {
        return queueBytes() * queue;
    }

    /// A queue's part of the mapped region.
    ///
    /// @throws QueueSetupException if the queue's part is not in the region
    public MemorySegment part(MemorySegment region, int queue) {
        if (queue < 0 || queue >= queueCount || offset(queue) + queueBytes() > region.byteSize()) {
            throw new QueueSetupException("inflight region: no part for queue " + queue + " in " + region.byteSize()
                    + " bytes, " + queueCount + " queues of " + queueSize);
        }
        return region.asSlice(offset(queue), queueBytes());
    }
}
