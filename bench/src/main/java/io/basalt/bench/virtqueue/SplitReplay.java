package io.basalt.bench.virtqueue;

import io.basalt.linux.memory.HostMemory;
import io.basalt.virtio.queue.RingMemory;
import io.basalt.virtio.queue.VirtqueueSpec;
import java.lang.foreign.MemorySegment;

/// A split ring whose descriptors and available entries never change: offering is one store of the index.
final class SplitReplay extends ReplayRing {
    private static final int SIZE = 256;
    private static final int CHAIN_LENGTH = 3;
    private static final int INDEX_MASK = 0xffff;
    private static final long AVAILABLE = VirtqueueSpec.descriptorBytes(SIZE);
    private static final long USED = 8192;

    private final boolean indirect;
    private final long availableIndex;
    private int index;

    SplitReplay(MemorySegment guest, boolean indirect) {
        super(guest);
        this.indirect = indirect;
        availableIndex = guest.address() + AVAILABLE + VirtqueueSpec.RING_INDEX;
        for (int request = 0; request < REQUESTS; request++) {
            if (indirect) {
                writeChain(table(request), request, 0);
                writeDescriptor(
                        (long) request << 4,
                        table(request),
                        half(CHAIN_LENGTH * VirtqueueSpec.DESCRIPTOR_BYTES, VirtqueueSpec.VIRTQ_DESC_F_INDIRECT, 0));
            } else {
                writeChain((long) head(request) << 4, request, head(request));
            }
        }
        for (int i = 0; i < SIZE; i++) {
            RingMemory.store16(guest, AVAILABLE + VirtqueueSpec.RING_ENTRIES + 2L * i, head(i % REQUESTS));
        }
        RingMemory.store16(guest, AVAILABLE, VirtqueueSpec.VIRTQ_AVAIL_F_NO_INTERRUPT);
    }

    private int head(int request) {
        return indirect ? request : CHAIN_LENGTH * request;
    }

    @Override
    public void offer(int count) {
        index = index + count & INDEX_MASK;
        // As lean as the C baseline's: this is the driver, not what is measured.
        HostMemory.storeRelease16(availableIndex, 0, index);
    }

    @Override
    public int size() {
        return SIZE;
    }

    @Override
    public long features() {
        return 1L << VirtqueueSpec.VIRTIO_F_VERSION_1 | (indirect ? 1L << VirtqueueSpec.VIRTIO_F_INDIRECT_DESC : 0);
    }

    @Override
    public int base() {
        return 0;
    }

    @Override
    public long driverAddress() {
        return AVAILABLE;
    }

    @Override
    public long deviceAddress() {
        return USED;
    }
}
