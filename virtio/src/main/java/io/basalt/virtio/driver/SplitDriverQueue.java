package io.basalt.virtio.driver;

import static io.basalt.virtio.queue.VirtqueueSpec.RING_ENTRIES;
import static io.basalt.virtio.queue.VirtqueueSpec.RING_FLAGS;
import static io.basalt.virtio.queue.VirtqueueSpec.RING_INDEX;
import static io.basalt.virtio.queue.VirtqueueSpec.VIRTQ_DESC_F_INDIRECT;
import static io.basalt.virtio.queue.VirtqueueSpec.VIRTQ_DESC_F_NEXT;
import static io.basalt.virtio.queue.VirtqueueSpec.VIRTQ_DESC_F_WRITE;

import io.basalt.virtio.queue.DescriptorChain;
import io.basalt.virtio.queue.RingMemory;
import io.basalt.virtio.queue.VirtqueueSpec;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/// The split layout, driver side (virtio 1.2 section 2.7.13).
///
/// Free descriptors form a list in private memory, as the `next` fields in the ring are for the device to read.
/// The id of a chain is its head. Indices are free-running 16-bit numbers.
public final class SplitDriverQueue extends DriverQueue {
    private static final int INDEX_MASK = 0xffff;
    /// An event this far away is not passed soon: no calls.
    private static final int QUIET_DISTANCE = 0x8000;

    private final int mask;
    private final long usedEvent;
    private final long availableEvent;
    private final int[] next;

    private int freeHead;
    private int added;
    private int published;
    private int taken;
    private boolean quiet;

    SplitDriverQueue(MemorySegment ring, long guestAddress, RingPlacement placement, boolean eventIndex) {
        super(ring, guestAddress, placement, eventIndex);
        mask = size - 1;
        usedEvent = driverArea + VirtqueueSpec.usedEventOffset(size);
        availableEvent = deviceArea + VirtqueueSpec.availableEventOffset(size);
        next = new int[size];
        for (int i = 0; i < size; i++) {
            next[i] = i + 1;
        }
    }

    @Override
    public int base() {
        return 0;
    }

    @Override
    int addDirect(DescriptorChain chain) {
        final int head = freeHead;
        final int last = chain.count() - 1;
        int at = head;
        for (int i = 0; i < last; i++) {
            writeEntry((long) at << 4, chain, i, VIRTQ_DESC_F_NEXT, next[at]);
            at = next[at];
        }
        writeEntry((long) at << 4, chain, last, 0, 0);
        offer(head, next[at]);
        return head;
    }

    @Override
    int addIndirect(DescriptorChain chain) {
        final int head = freeHead;
        final long table = placement.tableOffset(head);
        final int last = chain.count() - 1;
        for (int i = 0; i < last; i++) {
            writeEntry(table + ((long) i << 4), chain, i, VIRTQ_DESC_F_NEXT, i + 1);
        }
        writeEntry(table + ((long) last << 4), chain, last, 0, 0);
        final long offset = (long) head << 4;
        RingMemory.store64(ring, offset, guestAddress + table);
        RingMemory.store64(ring, offset + 8, (long) chain.count() << 4 | (long) VIRTQ_DESC_F_INDIRECT << 32);
        offer(head, next[head]);
        return head;
    }

    private void offer(int head, int behind) {
        freeHead = behind;
        RingMemory.store16(ring, driverArea + RING_ENTRIES + ((long) (added & mask) << 1), head);
        added = added + 1 & INDEX_MASK;
    }

    private void writeEntry(long offset, DescriptorChain chain, int entry, int nextFlag, int nextIndex) {
        final int flags = nextFlag | (entry < chain.readableCount() ? 0 : VIRTQ_DESC_F_WRITE);
        RingMemory.store64(ring, offset, chain.address(entry));
        RingMemory.store64(ring, offset + 8, chain.length(entry) | (long) flags << 32 | (long) nextIndex << 48);
    }

    @Override
    public boolean publish() {
        final int old = published;
        final int now = added;
        if (old == now) {
            return false;
        }
        // Release: entries and descriptors are seen before the index.
        RingMemory.storeRelease16(ring, driverArea + RING_INDEX, now);
        published = now;
        // Full: the index must be visible before the device's wish is read, or a device that goes to sleep in between
        // gets no kick.
        VarHandle.fullFence();
        return eventIndex
                ? VirtqueueSpec.needsEvent(RingMemory.load16(ring, availableEvent), now, old)
                : (RingMemory.load16(ring, deviceArea + RING_FLAGS) & VirtqueueSpec.VIRTQ_USED_F_NO_NOTIFY) == 0;
    }

    @Override
    public int poll() {
        // Acquire: the element, and the data it answers for, are read after the index.
        if (RingMemory.loadAcquire16(ring, deviceArea + RING_INDEX) == taken) {
            return -1;
        }
        final long element = RingMemory.load64(ring, deviceArea + RING_ENTRIES + ((long) (taken & mask) << 3));
        final int id = (int) element;
        if (id < 0 || id >= size || counts[id] == 0) {
            throw new IllegalStateException("used ring: id " + id + " is not in flight");
        }
        usedLength = (int) (element >>> 32);
        taken = taken + 1 & INDEX_MASK;
        release(id);
        if (quiet && (taken & 0x3fff) == 0) {
            disableCalls();
        }
        return id;
    }

    private void release(int head) {
        final int count = counts[head];
        int last = head;
        for (int i = 1; i < count; i++) {
            last = next[last];
        }
        next[last] = freeHead;
        freeHead = head;
        free += count;
        counts[head] = 0;
    }

    @Override
    public boolean enableCalls() {
        quiet = false;
        RingMemory.store16(ring, driverArea + RING_FLAGS, 0);
        if (eventIndex) {
            RingMemory.store16(ring, usedEvent, taken);
        }
        // Full: the wish for calls must be visible before the index is read, or the last answer before sleep is lost.
        VarHandle.fullFence();
        return RingMemory.loadAcquire16(ring, deviceArea + RING_INDEX) == taken;
    }

    @Override
    public void disableCalls() {
        quiet = true;
        RingMemory.store16(ring, driverArea + RING_FLAGS, VirtqueueSpec.VIRTQ_AVAIL_F_NO_INTERRUPT);
        if (eventIndex) {
            RingMemory.store16(ring, usedEvent, taken - 1 + QUIET_DISTANCE);
        }
    }
}
