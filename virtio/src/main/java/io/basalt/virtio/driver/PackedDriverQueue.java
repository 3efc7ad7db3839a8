package io.basalt.virtio.driver;

import static io.basalt.virtio.queue.VirtqueueSpec.VIRTQ_DESC_F_AVAIL;
import static io.basalt.virtio.queue.VirtqueueSpec.VIRTQ_DESC_F_INDIRECT;
import static io.basalt.virtio.queue.VirtqueueSpec.VIRTQ_DESC_F_NEXT;
import static io.basalt.virtio.queue.VirtqueueSpec.VIRTQ_DESC_F_USED;
import static io.basalt.virtio.queue.VirtqueueSpec.VIRTQ_DESC_F_WRITE;

import io.basalt.virtio.queue.DescriptorChain;
import io.basalt.virtio.queue.RingMemory;
import io.basalt.virtio.queue.VirtqueueSpec;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/// The packed layout, driver side (virtio 1.2 section 2.8.21).
///
/// Ids come from a free list of their own; slots are taken in ring order. The first slot that was added since the
/// last publish is stored last, so the device sees all chains of a batch or none.
public final class PackedDriverQueue extends DriverQueue {
    private static final int AVAILABLE_OR_USED = VIRTQ_DESC_F_AVAIL | VIRTQ_DESC_F_USED;
    private static final int WRAP_SHIFT = 15;

    private final int[] freeIds;

    private int freeIdCount;
    private int next;
    private boolean nextWrap = true;
    private int taken;
    private boolean takenWrap = true;

    private int addedSlots;
    private int firstSlot;
    private long firstHalf;

    PackedDriverQueue(MemorySegment ring, long guestAddress, RingPlacement placement, boolean eventIndex) {
        super(ring, guestAddress, placement, eventIndex);
        freeIds = new int[size];
        for (int i = 0; i < size; i++) {
            freeIds[i] = size - 1 - i;
        }
        freeIdCount = size;
    }

    @Override
    public int base() {
        // Both positions 0, both wrap counters 1.
        return 1 << WRAP_SHIFT | 1 << 31;
    }

    @Override
    int addDirect(DescriptorChain chain) {
        final int id = takeId();
        final int count = chain.count();
        for (int i = 0; i < count; i++) {
            final int flags =
                    (i + 1 < count ? VIRTQ_DESC_F_NEXT : 0) | (i < chain.readableCount() ? 0 : VIRTQ_DESC_F_WRITE);
            writeSlot(chain.address(i), chain.length(i), id, flags);
        }
        return id;
    }

    @Override
    int addIndirect(DescriptorChain chain) {
        final int id = takeId();
        final long table = placement.tableOffset(id);
        final int count = chain.count();
        for (int i = 0; i < count; i++) {
            final long flags = i < chain.readableCount() ? 0 : VIRTQ_DESC_F_WRITE;
            RingMemory.store64(ring, table + ((long) i << 4), chain.address(i));
            RingMemory.store64(ring, table + ((long) i << 4) + 8, chain.length(i) | flags << 48);
        }
        writeSlot(guestAddress + table, count << 4, id, VIRTQ_DESC_F_INDIRECT);
        return id;
    }

    /// Chains in flight have a slot each at least, so with a free slot there is a free id.
    private int takeId() {
        return freeIds[--freeIdCount];
    }

    private void writeSlot(long address, int length, int id, int flags) {
        final int marked = flags | (nextWrap ? VIRTQ_DESC_F_AVAIL : VIRTQ_DESC_F_USED);
        final long half = length | (long) id << 32 | (long) marked << 48;
        final long offset = (long) next << 4;
        RingMemory.store64(ring, offset, address);
        if (addedSlots == 0) {
            firstSlot = next;
            firstHalf = half;
        } else {
            RingMemory.store64(ring, offset + 8, half);
        }
        addedSlots++;
        next++;
        if (next == size) {
            next = 0;
            nextWrap = !nextWrap;
        }
    }

    @Override
    public boolean publish() {
        final int passed = addedSlots;
        if (passed == 0) {
            return false;
        }
        // Release: all other slots are seen before the first one.
        RingMemory.storeRelease64(ring, ((long) firstSlot << 4) + 8, firstHalf);
        addedSlots = 0;
        // Full: the slots must be visible before the device's wish is read, or a device that goes to sleep in between
        // gets no kick.
        VarHandle.fullFence();
        final int wish = RingMemory.load32(ring, deviceArea);
        final int flags = wish >>> 16 & 3;
        if (flags == VirtqueueSpec.RING_EVENT_FLAGS_DESC && eventIndex) {
            final boolean sameLap = (wish >>> WRAP_SHIFT & 1) != 0 == nextWrap;
            final int slot = wish & 0x7fff;
            return VirtqueueSpec.needsEvent(sameLap ? slot : slot - size, next, next - passed);
        }
        return flags != VirtqueueSpec.RING_EVENT_FLAGS_DISABLE;
    }

    private boolean isUsed(long half) {
        return ((int) (half >>> 48) & AVAILABLE_OR_USED) == (takenWrap ? AVAILABLE_OR_USED : 0);
    }

    @Override
    public int poll() {
        // Acquire: the data that the answer is for is read after its flags. Slots never used yet have both flags 0, but
        // then the wrap counter is 1.
        final long half = RingMemory.loadAcquire64(ring, ((long) taken << 4) + 8);
        if (free == size || !isUsed(half)) {
            return -1;
        }
        final int id = (int) (half >>> 32) & 0xffff;
        if (id >= size || counts[id] == 0) {
            throw new IllegalStateException("descriptor ring: id " + id + " is not in flight");
        }
        usedLength = (int) half;
        final int count = counts[id];
        counts[id] = 0;
        freeIds[freeIdCount++] = id;
        free += count;
        taken += count;
        if (taken >= size) {
            taken -= size;
            takenWrap = !takenWrap;
        }
        return id;
    }

    @Override
    public boolean enableCalls() {
        if (eventIndex) {
            writeWish(taken | (takenWrap ? 1 << WRAP_SHIFT : 0), VirtqueueSpec.RING_EVENT_FLAGS_DESC);
        } else {
            writeWish(0, VirtqueueSpec.RING_EVENT_FLAGS_ENABLE);
        }
        // Full: the wish for calls must be visible before the ring is read, or the last answer before sleep is lost.
        VarHandle.fullFence();
        return free == size || !isUsed(RingMemory.loadAcquire64(ring, ((long) taken << 4) + 8));
    }

    @Override
    public void disableCalls() {
        writeWish(0, VirtqueueSpec.RING_EVENT_FLAGS_DISABLE);
    }

    private void writeWish(int offsetAndWrap, int flags) {
        RingMemory.store32(ring, driverArea, offsetAndWrap | flags << 16);
    }
}
