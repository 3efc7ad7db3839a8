package io.basalt.virtio.queue;

import static io.basalt.virtio.queue.VirtqueueSpec.RING_ENTRIES;
import static io.basalt.virtio.queue.VirtqueueSpec.RING_FLAGS;
import static io.basalt.virtio.queue.VirtqueueSpec.RING_INDEX;
import static io.basalt.virtio.queue.VirtqueueSpec.VIRTQ_DESC_F_INDIRECT;
import static io.basalt.virtio.queue.VirtqueueSpec.VIRTQ_DESC_F_NEXT;
import static io.basalt.virtio.queue.VirtqueueSpec.VIRTQ_DESC_F_WRITE;

import io.basalt.linux.memory.HostMemory;
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
/// Invariants: filled - published is what [#publish()] will show; next - filled is what is in flight;
/// 0 <= seen - next <= size.
public final class SplitQueue extends Virtqueue {
    private static final int INDEX_MASK = 0xffff;
    /// How far the driver may run before the avail_event that keeps it quiet is moved on.
    private static final int QUIET_REFRESH = 0x4000;
    /// An avail_event this far from the driver's index is passed only after as many requests.
    private static final int QUIET_DISTANCE = 0x8000;

    // Of the second half of a descriptor, as [#walk] looks at it.
    private static final long LENGTH_MASK = 0xffff_ffffL;
    private static final long PLAIN_NEXT = (long) VIRTQ_DESC_F_NEXT << 32;
    private static final long PLAIN_WRITE = (long) VIRTQ_DESC_F_WRITE << 32;
    /// What makes a descriptor plain: its flags, and that its length is below 2^31.
    private static final long PLAIN_BITS = PLAIN_NEXT | PLAIN_WRITE | (long) VIRTQ_DESC_F_INDIRECT << 32 | 1L << 31;

    private final int mask;
    private final long usedEvent;
    private final long availableEvent;
    private final int[] batch;

    // Addresses in this process, of areas that lie whole in guest memory: checked when they are set.
    private long descriptors;
    private long availableRing;
    private long usedRing;
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
        final int used = HostMemory.loadAcquire16(usedRing, RING_INDEX);
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
        final int offered = HostMemory.loadAcquire16(availableRing, RING_INDEX) - used & INDEX_MASK;
        if (heads.length > offered || offered > size) {
            throw new QueueSetupException("queue " + setup.index() + ": inflight region has " + heads.length
                    + " requests in flight, the driver has offered " + offered + " of " + size);
        }
        recover(heads);
        for (int at = heads.length; at < offered; at++) {
            final int head = HostMemory.load16(availableRing, entryOffset(used + at));
            if (head < size && taken[head]) {
                throw new QueueSetupException("queue " + setup.index() + ": inflight region has head " + head
                        + " in flight, but it is still in the available ring");
            }
        }
    }

    private long descriptorsOf(QueueSetup from) {
        return part(
                from,
                "descriptor table",
                from.descriptorAddress(),
                VirtqueueSpec.descriptorBytes(size),
                VirtqueueSpec.DESCRIPTOR_ALIGNMENT);
    }

    private long availableRingOf(QueueSetup from) {
        return part(
                from,
                "available ring",
                from.driverAddress(),
                VirtqueueSpec.availableBytes(size),
                VirtqueueSpec.AVAILABLE_ALIGNMENT);
    }

    private long usedRingOf(QueueSetup from) {
        return part(
                from, "used ring", from.deviceAddress(), VirtqueueSpec.usedBytes(size), VirtqueueSpec.USED_ALIGNMENT);
    }

    @Override
    void resolve(QueueSetup next) {
        final long newDescriptors = descriptorsOf(next);
        final long newAvailable = availableRingOf(next);
        final long newUsed = usedRingOf(next);
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
        descriptors = scratch(VirtqueueSpec.descriptorBytes(size));
        availableRing = scratch(VirtqueueSpec.availableBytes(size));
        usedRing = scratch(VirtqueueSpec.usedBytes(size));
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
        final int index = HostMemory.loadAcquire16(availableRing, RING_INDEX);
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
        final int head = HostMemory.load16(availableRing, entryOffset(next));
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

    /// Copy a chain out of the descriptor table. Each half of a descriptor is loaded once.
    ///
    /// Most chains have three descriptors: a header, one piece of data, a status. They are copied without a
    /// loop, for which the compiler keeps more accounts than three steps take; as soon as one turns out to
    /// be another, [#copy] goes on with the descriptor that was loaded last.
    private @Nullable QueueFault walk(int head, DescriptorChain into) {
        into.reset(head);
        final long table = descriptors;
        final long first = (long) head << 4;
        final long firstAddress = HostMemory.load64(table, first);
        final long firstHalf = HostMemory.load64(table, first + 8);
        final int secondAt = (int) (firstHalf >>> 48);
        if ((firstHalf & PLAIN_BITS) != PLAIN_NEXT || secondAt >= size) {
            return copy(table, false, size, 0, firstAddress, firstHalf, into);
        }
        final long second = (long) secondAt << 4;
        final long secondAddress = HostMemory.load64(table, second);
        final long secondHalf = HostMemory.load64(table, second + 8);
        final int thirdAt = (int) (secondHalf >>> 48);
        if ((secondHalf & PLAIN_BITS & ~PLAIN_WRITE) != PLAIN_NEXT || thirdAt >= size || size < 3) {
            into.append(firstAddress, (int) firstHalf, false);
            return copy(table, false, size, 0, secondAddress, secondHalf, into);
        }
        final long third = (long) thirdAt << 4;
        final long thirdAddress = HostMemory.load64(table, third);
        final long thirdHalf = HostMemory.load64(table, third + 8);
        final boolean fits = (thirdHalf & PLAIN_BITS) == PLAIN_WRITE
                && into.fillThree(
                        (secondHalf & PLAIN_WRITE) == 0 ? 2 : 1,
                        firstAddress,
                        firstHalf & LENGTH_MASK,
                        secondAddress,
                        secondHalf & LENGTH_MASK,
                        thirdAddress,
                        thirdHalf & LENGTH_MASK);
        if (fits) {
            return into.violation();
        }
        into.append(firstAddress, (int) firstHalf, false);
        into.append(secondAddress, (int) secondHalf, (secondHalf & PLAIN_WRITE) != 0);
        return copy(table, false, size, 0, thirdAddress, thirdHalf, into);
    }

    /// Copy what a table holds of a chain, from a descriptor on that has been loaded. The walk ends after as many
    /// steps as the table has entries, so a loop is found however it is made. The chain's state is in locals
    /// meanwhile: stores to fields between loads of shared memory cannot be removed by the compiler.
    ///
    /// @param table address of a table of so many entries, whole in guest memory
    /// @param indirect whether it is an indirect table, which may not name another
    /// @param begin entries of the chain that are not from this table
    /// @param address of the loaded descriptor
    /// @param half second half of the loaded descriptor
    private @Nullable QueueFault copy(
            long table, boolean indirect, int entries, int begin, long address, long half, DescriptorChain into) {
        final long[] words = into.words;
        final int end = begin + Math.min(entries, into.capacity() - begin);
        int readable = into.readableCount();
        long bytes = into.byteCount();
        long nextAddress = address;
        long nextHalf = half;
        for (int count = into.count(); count < end; ) {
            final int length = (int) nextHalf;
            final int flags = (int) (nextHalf >>> 32);
            if ((flags & VIRTQ_DESC_F_INDIRECT) != 0) {
                into.extend(count, readable, bytes);
                return indirect ? QueueFault.INDIRECT_NESTED : copyTable(nextAddress, length, flags, into);
            }
            if (length < 0) {
                return QueueFault.DESCRIPTOR_TOO_LONG;
            }
            if ((flags & VIRTQ_DESC_F_WRITE) == 0) {
                if (readable != count) {
                    return QueueFault.READABLE_AFTER_WRITABLE;
                }
                readable++;
            }
            words[2 * count] = nextAddress;
            words[2 * count + 1] = length;
            count++;
            bytes += length;
            if ((flags & VIRTQ_DESC_F_NEXT) == 0) {
                into.extend(count, readable, bytes);
                return into.violation();
            }
            final int at = (int) (nextHalf >>> 48);
            if (at >= entries) {
                return QueueFault.NEXT_OUT_OF_RANGE;
            }
            if (count < end) {
                final long descriptor = (long) at << 4;
                nextAddress = HostMemory.load64(table, descriptor);
                nextHalf = HostMemory.load64(table, descriptor + 8);
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
        final long table = memory.hostAddress(region, tableAddress);
        final long address = HostMemory.load64(table, 0);
        return copy(table, true, length >>> 4, into.count(), address, HostMemory.load64(table, 8), into);
    }

    @Override
    public void complete(int id, int written) {
        assert taken[id];
        assert next != filled;
        // Id and length in one store: a half-written element never exists.
        HostMemory.store64(
                usedRing, RING_ENTRIES + ((long) (filled & mask) << 3), id | Integer.toUnsignedLong(written) << 32);
        filled = filled + 1 & INDEX_MASK;
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
        HostMemory.storeRelease16(usedRing, RING_INDEX, now);
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
                ? VirtqueueSpec.needsEvent(HostMemory.load16(availableRing, usedEvent), now, old)
                : (HostMemory.load16(availableRing, RING_FLAGS) & VirtqueueSpec.VIRTQ_AVAIL_F_NO_INTERRUPT) == 0;
        final boolean owed = callOwed && oweNoMore();
        return wanted || owed;
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
        HostMemory.store16(usedRing, RING_FLAGS, flags);
        logWrite(RING_FLAGS, Short.BYTES);
        if (eventIndex) {
            HostMemory.store16(usedRing, availableEvent, event);
            logWrite(availableEvent, Short.BYTES);
        }
    }

    @Override
    public int available() {
        if (fault() != null) {
            return 0;
        }
        return recovered() + (HostMemory.loadAcquire16(availableRing, RING_INDEX) - next & INDEX_MASK);
    }

    @Override
    public int offered() {
        if (gated) {
            return size;
        }
        return look() < 0 ? size : seen - next & INDEX_MASK;
    }

    @Override
    public int inFlight() {
        // Those to resubmit count as taken from the start.
        return next - filled & INDEX_MASK;
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
