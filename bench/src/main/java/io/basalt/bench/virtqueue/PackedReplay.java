package io.basalt.bench.virtqueue;

import io.basalt.virtio.queue.RingMemory;
import io.basalt.virtio.queue.VirtqueueSpec;
import java.lang.foreign.MemorySegment;

/// A packed ring that holds a whole number of requests, so that each always lies in the same slots. The device
/// overwrites the first descriptor of a chain with its answer: offering writes the second halves of all three
/// again.
final class PackedReplay extends ReplayRing {
    private static final int CHAIN_LENGTH = 3;
    private static final int SIZE = CHAIN_LENGTH * REQUESTS;
    private static final long DRIVER_AREA = 4096;
    private static final long DEVICE_AREA = 8192;
    private static final int BASE = 0x8000_8000;
    private static final int ID_SHIFT = 32;
    private static final int FLAGS_SHIFT = 48;

    private int next;
    private boolean wrap = true;

    PackedReplay(MemorySegment guest) {
        super(guest);
        for (int request = 0; request < REQUESTS; request++) {
            final long at = at(request);
            RingMemory.store64(guest, at, header(request));
            RingMemory.store64(guest, at + 16, data(request));
            RingMemory.store64(guest, at + 32, status(request));
        }
        RingMemory.store32(guest, DRIVER_AREA, VirtqueueSpec.RING_EVENT_FLAGS_DISABLE << 16);
    }

    private static long at(int request) {
        return (long) request * CHAIN_LENGTH * VirtqueueSpec.DESCRIPTOR_BYTES;
    }

    private static long secondHalf(int length, int id, int flags) {
        return length | (long) id << ID_SHIFT | (long) flags << FLAGS_SHIFT;
    }

    @Override
    public void offer(int count) {
        for (int i = 0; i < count; i++) {
            offerNext();
        }
    }

    private void offerNext() {
        final long at = at(next);
        final int available = wrap ? VirtqueueSpec.VIRTQ_DESC_F_AVAIL : VirtqueueSpec.VIRTQ_DESC_F_USED;
        final int chained = available | VirtqueueSpec.VIRTQ_DESC_F_NEXT;
        final int write = VirtqueueSpec.VIRTQ_DESC_F_WRITE;
        RingMemory.store64(guest, at + 24, secondHalf(DATA_BYTES, next, chained | write));
        RingMemory.store64(guest, at + 40, secondHalf(STATUS_BYTES, next, available | write));
        // Release: the chain is whole before its first descriptor says that it is there.
        RingMemory.storeRelease64(guest, at + 8, secondHalf(HEADER_BYTES, next, chained));
        next++;
        if (next == REQUESTS) {
            next = 0;
            wrap = !wrap;
        }
    }

    @Override
    public int size() {
        return SIZE;
    }

    @Override
    public long features() {
        return 1L << VirtqueueSpec.VIRTIO_F_VERSION_1 | 1L << VirtqueueSpec.VIRTIO_F_RING_PACKED;
    }

    @Override
    public int base() {
        return BASE;
    }

    @Override
    public long driverAddress() {
        return DRIVER_AREA;
    }

    @Override
    public long deviceAddress() {
        return DEVICE_AREA;
    }
}
