package io.basalt.virtio.queue;

import static io.basalt.virtio.queue.VirtqueueSpec.RING_ENTRIES;
import static io.basalt.virtio.queue.VirtqueueSpec.RING_FLAGS;
import static io.basalt.virtio.queue.VirtqueueSpec.RING_INDEX;
import static io.basalt.virtio.queue.VirtqueueSpec.VIRTQ_DESC_F_INDIRECT;
import static io.basalt.virtio.queue.VirtqueueSpec.VIRTQ_DESC_F_NEXT;
import static io.basalt.virtio.queue.VirtqueueSpec.VIRTQ_DESC_F_WRITE;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/// The split layout, device side (virtio 1.2 section 2.7).
///
/// Indices are free-running 16-bit numbers kept in ints 0 to 65535.
///
/// ```
/// used ring:        published      filled           available ring:    next           seen
///           ...answered | completed | -> write          ...taken         | known       | unknown ->
/// ```
///
/// Invariants: filled - published is what [#publish()] will show; 0 <= seen - next <= size.
public final class SplitQueue extends Virtqueue {
    private static final int INDEX_MASK = 0xffff;
    /// How far the driver may run before the avail_event that keeps it quiet is moved on.
    private static final int QUIET_REFRESH = 0x4000;
    /// An avail_event this far from the driver's index is passed only after as many requests.
    private static final int QUIET_DISTANCE = 0x8000;

    private final int mask;
    private final long usedEvent;
    private final long availableEvent;
    private final int[] batch;

    private MemorySegment descriptors;
    private MemorySegment availableRing;
    private MemorySegment usedRing;
    private @Nullable SplitInflight inflight;

    private int next;
    private int seen;
    private int filled;
    private int published;
    private int batchCount;
    private boolean quiet;
    private int quietAt;

    SplitQueue(QueueSetup setup) {
        super(setup);
        if (Integer.bitCount(size) != 1) {
            throw new QueueSetupException(
                    "queue " + setup.index() + ": size " + size + " is not a power of two, as a split ring needs");
        }
        mask = size - 1;
        usedEvent = VirtqueueSpec.usedEventOffset(size);
        availableEvent = VirtqueueSpec.availableEventOffset(size);
        batch = new int[size];
        descriptors = descriptorsOf(setup);
        availableRing = availableRingOf(setup);
        usedRing = usedRingOf(setup);
        final int used = RingMemory.loadAcquire16(usedRing, RING_INDEX);
        filled = used;
        published = used;
        next = setup.base() & INDEX_MASK;
        final MemorySegment part = setup.inflight();
        if (part != null) {
            inflight = new SplitInflight(
                    Virtqueue.inflightPart(setup, part, SplitInflight.bytes(size)), setup.index(), size);
            startTracked(inflight, used);
        }
        seen = next;
        logAll();
    }

    /// With a region, everything that was taken is either answered (below used.idx) or in flight, so the next
    /// position follows from both. SET_VRING_BASE cannot be trusted for it: a front end whose back end died only
    /// knows used.idx.
    private void startTracked(SplitInflight region, int used) {
        next = used;
        if (region.fresh()) {
            region.initialise(used);
            return;
        }
        final int[] heads = region.recover(used);
        next = used + heads.length & INDEX_MASK;
        final int offered = RingMemory.loadAcquire16(availableRing, RING_INDEX) - used & INDEX_MASK;
        if (heads.length > offered || offered > size) {
            throw new QueueSetupException("queue " + setup.index() + ": inflight region has " + heads.length
                    + " requests in flight, the driver has offered " + offered + " of " + size);
        }
        recover(heads);
        for (int at = heads.length; at < offered; at++) {
            final int head = RingMemory.load16(availableRing, entryOffset(used + at));
            if (head < size && taken[head]) {
                throw new QueueSetupException("queue " + setup.index() + ": inflight region has head " + head
                        + " in flight, but it is still in the available ring");
            }
        }
    }

    private MemorySegment descriptorsOf(QueueSetup from) {
        return part(
                from,
                "descriptor table",
                from.descriptorAddress(),
                VirtqueueSpec.descriptorBytes(size),
                VirtqueueSpec.DESCRIPTOR_ALIGNMENT);
    }

    private MemorySegment availableRingOf(QueueSetup from) {
        return part(
                from,
                "available ring",
                from.driverAddress(),
                VirtqueueSpec.availableBytes(size),
                VirtqueueSpec.AVAILABLE_ALIGNMENT);
    }

    private MemorySegment usedRingOf(QueueSetup from) {
        return part(
                from, "used ring", from.deviceAddress(), VirtqueueSpec.usedBytes(size), VirtqueueSpec.USED_ALIGNMENT);
    }

    @Override
    void resolve(QueueSetup next) {
        final MemorySegment newDescriptors = descriptorsOf(next);
        final MemorySegment newAvailable = availableRingOf(next);
        final MemorySegment newUsed = usedRingOf(next);
        descriptors = newDescriptors;
        availableRing = newAvailable;
        usedRing = newUsed;
    }

    @Override
    void forgetSeen() {
        seen = next;
    }

    @Override
    void detach() {
        descriptors = scratch(descriptors);
        availableRing = scratch(availableRing);
        usedRing = scratch(usedRing);
        inflight = null;
        batchCount = 0;
    }

    @Override
    public int pop(DescriptorChain into) {
        if (next == seen) {
            if (gated) {
                return popGated(into);
            }
            final int state = look();
            if (state <= 0) {
                return state;
            }
        }
        return take(into);
    }

    /// Look at the driver's index: 0 if nothing is new, 1 if something is, negative if it jumped.
    private int look() {
        // Acquire: entries and descriptors are read after the index that says they are there.
        final int index = RingMemory.loadAcquire16(availableRing, RING_INDEX);
        final int count = index - next & INDEX_MASK;
        if (count == 0) {
            return 0;
        }
        if (count > size) {
            return breakRing(QueueFault.AVAILABLE_INDEX_JUMP);
        }
        if (quiet && (next - quietAt & INDEX_MASK) >= QUIET_REFRESH) {
            disableNotifications();
        }
        seen = index;
        return 1;
    }

    private int popGated(DescriptorChain into) {
        final int state = gate();
        if (state <= 0) {
            return state;
        }
        final int head = nextRecovered();
        final QueueFault broken = walk(head, into);
        if (broken != null) {
            return breakRing(broken);
        }
        advanceRecovered();
        return 1;
    }

    private int take(DescriptorChain into) {
        final int head = RingMemory.load16(availableRing, entryOffset(next));
        if (head >= size) {
            return breakRing(QueueFault.HEAD_OUT_OF_RANGE);
        }
        if (taken[head]) {
            return breakRing(QueueFault.HEAD_IN_FLIGHT);
        }
        final QueueFault broken = walk(head, into);
        if (broken != null) {
            return breakRing(broken);
        }
        taken[head] = true;
        inFlight++;
        final SplitInflight region = inflight;
        if (region != null) {
            region.take(head);
        }
        next = next + 1 & INDEX_MASK;
        return 1;
    }

    private long entryOffset(int index) {
        return RING_ENTRIES + ((long) (index & mask) << 1);
    }

    private @Nullable QueueFault walk(int head, DescriptorChain into) {
        into.reset(head);
        return copy(descriptors, false, 0, size, head, into);
    }

    /// Copy what a table holds of a chain. Each half of a descriptor is loaded once; the walk ends after as many
    /// steps as the table has entries, so a loop is found however it is made. The chain's state is in locals
    /// meanwhile: stores to fields between loads of shared memory cannot be removed by the compiler.
    ///
    /// @param indirect whether it is an indirect table, which may not name another
    /// @param start offset of the table in the segment
    /// @param first entry to begin with
    private @Nullable QueueFault copy(
            MemorySegment table, boolean indirect, long start, int entries, int first, DescriptorChain into) {
        final long[] addresses = into.addresses;
        final int[] lengths = into.lengths;
        final int begin = into.count();
        final int end = begin + Math.min(entries, lengths.length - begin);
        int readable = into.readableCount();
        long bytes = 0;
        long readableBytes = 0;
        int at = first;
        for (int count = begin; count < end; ) {
            final long offset = start + ((long) at << 4);
            final long address = RingMemory.load64(table, offset);
            final long half = RingMemory.load64(table, offset + 8);
            final int length = (int) half;
            final int flags = (int) (half >>> 32);
            if ((flags & VIRTQ_DESC_F_INDIRECT) != 0) {
                into.extend(count, readable, bytes, readableBytes);
                return indirect ? QueueFault.INDIRECT_NESTED : copyTable(address, length, flags, into);
            }
            if (length < 0) {
                return QueueFault.DESCRIPTOR_TOO_LONG;
            }
            if ((flags & VIRTQ_DESC_F_WRITE) == 0) {
                if (readable != count) {
                    return QueueFault.READABLE_AFTER_WRITABLE;
                }
                readable++;
                readableBytes += length;
            }
            addresses[count] = address;
            lengths[count++] = length;
            bytes += length;
            if ((flags & VIRTQ_DESC_F_NEXT) == 0) {
                into.extend(count, readable, bytes, readableBytes);
                return into.violation();
            }
            at = (int) (half >>> 48);
            if (at >= entries) {
                return QueueFault.NEXT_OUT_OF_RANGE;
            }
        }
        return end - begin == entries ? QueueFault.CHAIN_LOOP : QueueFault.CHAIN_TOO_LONG;
    }

    /// Copy the rest of a chain from an indirect table, which begins with its entry 0.
    private @Nullable QueueFault copyTable(long tableAddress, int length, int tableFlags, DescriptorChain into) {
        final QueueFault unfit = indirectViolation(length, tableFlags);
        if (unfit != null) {
            return unfit;
        }
        final int region = tableRegion(tableAddress, length);
        if (region < 0) {
            return QueueFault.INDIRECT_OUTSIDE_MEMORY;
        }
        return copy(memory.segment(region), true, tableAddress - memory.guestAddress(region), length >>> 4, 0, into);
    }

    @Override
    public void complete(int id, int written) {
        assert taken[id];
        assert inFlight > 0;
        // Id and length in one store: a half-written element never exists.
        RingMemory.store64(
                usedRing, RING_ENTRIES + ((long) (filled & mask) << 3), id | Integer.toUnsignedLong(written) << 32);
        filled = filled + 1 & INDEX_MASK;
        inFlight--;
        final SplitInflight region = inflight;
        if (region == null) {
            taken[id] = false;
        } else {
            // Taken until published: the mark of a head that the driver offers again too early must not be cleared.
            region.complete(id);
            batch[batchCount++] = id;
        }
    }

    @Override
    public boolean publish() {
        final int old = published;
        final int now = filled;
        if (old == now) {
            return callOwed && oweNoMore();
        }
        final boolean logging = log != null;
        if (logging) {
            logElements(old, now);
        }
        // Release: the elements, and the data they answer for, are seen before the index.
        RingMemory.storeRelease16(usedRing, RING_INDEX, now);
        published = now;
        if (logging) {
            logWrite(RING_INDEX, Short.BYTES);
        }
        if (batchCount > 0) {
            settle(now);
        }
        return wantsCall(now, old);
    }

    private boolean wantsCall(int now, int old) {
        // Full: the index must be visible before the driver's wish is read. Were the load to come first, a driver that
        // asks for a call and then finds no answer would sleep, and we would not have seen that it asked.
        VarHandle.fullFence();
        final boolean wanted = eventIndex
                ? VirtqueueSpec.needsEvent(RingMemory.load16(availableRing, usedEvent), now, old)
                : (RingMemory.load16(availableRing, RING_FLAGS) & VirtqueueSpec.VIRTQ_AVAIL_F_NO_INTERRUPT) == 0;
        final boolean owed = callOwed && oweNoMore();
        return wanted || owed;
    }

    private boolean oweNoMore() {
        callOwed = false;
        return fault() != QueueFault.MEMORY_LOST;
    }

    private void settle(int usedIndex) {
        final SplitInflight region = inflight;
        final int count = batchCount;
        for (int i = 0; i < count; i++) {
            taken[batch[i]] = false;
        }
        if (region != null) {
            region.settle(batch, count, usedIndex);
        }
        batchCount = 0;
    }

    @Override
    public boolean enableNotifications() {
        quiet = false;
        writeHints(0, next);
        // Full: the wish for kicks must be visible before the index is read, or the last request before sleep is lost.
        VarHandle.fullFence();
        return available() == 0;
    }

    @Override
    public void disableNotifications() {
        quiet = true;
        quietAt = next;
        writeHints(VirtqueueSpec.VIRTQ_USED_F_NO_NOTIFY, next - 1 + QUIET_DISTANCE);
    }

    private void writeHints(int flags, int event) {
        RingMemory.store16(usedRing, RING_FLAGS, flags);
        logWrite(RING_FLAGS, Short.BYTES);
        if (eventIndex) {
            RingMemory.store16(usedRing, availableEvent, event);
            logWrite(availableEvent, Short.BYTES);
        }
    }

    @Override
    public int available() {
        if (fault() != null) {
            return 0;
        }
        return recovered() + (RingMemory.loadAcquire16(availableRing, RING_INDEX) - next & INDEX_MASK);
    }

    @Override
    public int base() {
        return next;
    }

    private void logElements(int from, int to) {
        final int first = from & mask;
        final int count = to - from & INDEX_MASK;
        final int beforeWrap = Math.min(count, size - first);
        logWrite(RING_ENTRIES + 8L * first, 8L * beforeWrap);
        logWrite(RING_ENTRIES, 8L * (count - beforeWrap));
    }

    private void logWrite(long offset, long length) {
        if (log != null) {
            log.mark(setup.usedLogAddress() + offset, length);
        }
    }

    /// A process that died between a store and its mark leaves a page that the log misses: mark them all.
    private void logAll() {
        logWrite(0, VirtqueueSpec.usedBytes(size));
    }
}
