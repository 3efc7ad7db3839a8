package io.basalt.virtio.queue;

import static io.basalt.virtio.queue.VirtqueueSpec.VIRTQ_DESC_F_AVAIL;
import static io.basalt.virtio.queue.VirtqueueSpec.VIRTQ_DESC_F_INDIRECT;
import static io.basalt.virtio.queue.VirtqueueSpec.VIRTQ_DESC_F_NEXT;
import static io.basalt.virtio.queue.VirtqueueSpec.VIRTQ_DESC_F_USED;
import static io.basalt.virtio.queue.VirtqueueSpec.VIRTQ_DESC_F_WRITE;

import io.basalt.linux.memory.HostMemory;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/// The packed layout, device side (virtio 1.2 section 2.8).
///
/// One ring holds both what the driver offers and what the device answers. A slot is available if its AVAIL flag
/// equals the wrap counter of the lap and its USED flag does not; it is used if both equal it. An answer goes to
/// the slot at the used position and moves it on by as many slots as its chain had, whatever its id.
///
/// ```
///                 used              next
///   driver's slots  | taken by the device | offered or free |
/// ----------------->+-------------------->+---------------->  (mod size, wrap counter flips at 0)
/// ```
///
/// Invariants: committed (slots from used to next) <= size; the first answer of a batch is stored last, so the
/// driver, which looks at the slots in order, sees all of a batch or nothing.
///
/// A `half` is the second 64-bit word of a descriptor: length, id, flags from low to high.
public final class PackedQueue extends Virtqueue {
    private static final int AVAILABLE_OR_USED = VIRTQ_DESC_F_AVAIL | VIRTQ_DESC_F_USED;
    private static final int POSITION_MASK = 0x7fff;
    private static final int WRAP_SHIFT = 15;

    /// By buffer id: slots its chain takes in the ring.
    private final int[] slots;
    private final int[] batch;

    // Addresses in this process, of areas that lie whole in guest memory: checked when they are set.
    private long descriptors;
    private long driverArea;
    private long deviceArea;
    private @Nullable PackedInflight inflight;
    private long ringLogAddress;

    private int next;
    private boolean nextWrap;
    private int used;
    private boolean usedWrap;
    private int committed;

    private int inFlight;
    private int batchCount;
    private int batchSlots;
    private int firstSlot;
    private long firstHalf;

    PackedQueue(QueueSetup setup) {
        super(setup);
        slots = new int[size];
        batch = new int[size];
        descriptors = descriptorsOf(setup);
        driverArea = driverAreaOf(setup);
        deviceArea = deviceAreaOf(setup);
        ringLogAddress = ringLogAddressOf(setup);
        next = position("available", setup.base());
        nextWrap = (setup.base() >>> WRAP_SHIFT & 1) != 0;
        used = position("used", setup.base() >>> 16);
        usedWrap = setup.base() < 0;
        final MemorySegment part = setup.inflight();
        if (part != null) {
            inflight = new PackedInflight(inflightPart(setup, part, PackedInflight.bytes(size)), setup.index(), size);
            startTracked(inflight);
        } else {
            // What is between the positions was lost with the process that took it.
            committed = distance(used, usedWrap, next, nextWrap);
        }
        logAll();
    }

    private int position(String name, int base) {
        final int position = base & POSITION_MASK;
        if (position >= size) {
            throw new QueueSetupException("queue " + setup.index() + ": " + name + " index " + position
                    + " of the vring base is not below the queue size " + size);
        }
        return position;
    }

    private int distance(int from, boolean fromWrap, int to, boolean toWrap) {
        final int distance = fromWrap == toWrap ? to - from : to - from + size;
        if (distance < 0 || distance > size) {
            throw new QueueSetupException("queue " + setup.index() + ": vring base 0x"
                    + Integer.toHexString(setup.base()) + " has more than " + size + " descriptors in flight");
        }
        return distance;
    }

    private void startTracked(PackedInflight region) {
        if (region.fresh()) {
            region.initialise(used, usedWrap ? 1 : 0);
            next = used;
            nextWrap = usedWrap;
            return;
        }
        final int[] ids = region.recover(descriptors);
        used = region.usedIndex();
        usedWrap = region.usedWrap();
        next = used;
        nextWrap = usedWrap;
        for (final int id : ids) {
            slots[id] = region.numOf(id);
            commitSlots(slots[id]);
        }
        retractAnswers();
        inFlight = ids.length;
        recover(ids);
    }

    /// Undo answers that a dead process stored behind a batch's first one but never showed: the driver would take
    /// them for new once it gets there.
    private void retractAnswers() {
        int at = used;
        boolean wrap = usedWrap;
        for (int i = 0; i < committed; i++) {
            final long flagsAt = offset(at) + 14;
            final int flags = HostMemory.load16(descriptors, flagsAt);
            if ((flags & AVAILABLE_OR_USED) == (wrap ? AVAILABLE_OR_USED : 0)) {
                HostMemory.store16(descriptors, flagsAt, flags ^ VIRTQ_DESC_F_USED);
            }
            at++;
            if (at == size) {
                at = 0;
                wrap = !wrap;
            }
        }
        VarHandle.releaseFence();
    }

    private long descriptorsOf(QueueSetup from) {
        return part(
                from,
                "descriptor ring",
                from.descriptorAddress(),
                VirtqueueSpec.descriptorBytes(size),
                VirtqueueSpec.DESCRIPTOR_ALIGNMENT);
    }

    private static long driverAreaOf(QueueSetup from) {
        return part(
                from,
                "driver event suppression",
                from.driverAddress(),
                VirtqueueSpec.EVENT_SUPPRESSION_BYTES,
                VirtqueueSpec.EVENT_SUPPRESSION_ALIGNMENT);
    }

    private static long deviceAreaOf(QueueSetup from) {
        return part(
                from,
                "device event suppression",
                from.deviceAddress(),
                VirtqueueSpec.EVENT_SUPPRESSION_BYTES,
                VirtqueueSpec.EVENT_SUPPRESSION_ALIGNMENT);
    }

    /// The log address of the setup is that of the device area; answers go to the descriptor ring, which is
    /// logged where the guest sees it.
    private long ringLogAddressOf(QueueSetup from) {
        return from.memory().guestAddressOfUser(from.descriptorAddress(), VirtqueueSpec.descriptorBytes(size));
    }

    @Override
    void resolve(QueueSetup next) {
        final long newDescriptors = descriptorsOf(next);
        final long newDriverArea = driverAreaOf(next);
        final long newDeviceArea = deviceAreaOf(next);
        descriptors = newDescriptors;
        driverArea = newDriverArea;
        deviceArea = newDeviceArea;
        ringLogAddress = ringLogAddressOf(next);
    }

    @Override
    void forgetSeen() {
        // Every pop looks at the ring and at the gate.
    }

    @Override
    void detach() {
        descriptors = scratch(VirtqueueSpec.descriptorBytes(size));
        driverArea = scratch(VirtqueueSpec.EVENT_SUPPRESSION_BYTES);
        deviceArea = scratch(VirtqueueSpec.EVENT_SUPPRESSION_BYTES);
        inflight = null;
    }

    private static long offset(int slot) {
        return (long) slot << 4;
    }

    private boolean isAvailable(int flags) {
        return (flags & AVAILABLE_OR_USED) == (nextWrap ? VIRTQ_DESC_F_AVAIL : VIRTQ_DESC_F_USED);
    }

    @Override
    public int pop(DescriptorChain into) {
        if (gated) {
            return popGated(into);
        }
        // Acquire: the rest of the chain is read after the flags that say it is there. This is also the one load of the
        // head's length and id.
        final long half = HostMemory.loadAcquire64(descriptors, offset(next) + 8);
        if (!isAvailable((int) (half >>> 48)) || committed == size) {
            return 0;
        }
        return take(half, into);
    }

    private int popGated(DescriptorChain into) {
        final int state = gate();
        if (state <= 0) {
            return state;
        }
        final PackedInflight region = inflight;
        if (region == null) {
            throw new IllegalStateException("recovered chains without an inflight region");
        }
        final int id = nextRecovered();
        final QueueFault broken = walkCopies(region, id, into);
        if (broken != null) {
            return breakRing(broken);
        }
        advanceRecovered();
        return 1;
    }

    private @Nullable QueueFault walkCopies(PackedInflight region, int id, DescriptorChain into) {
        into.reset(id);
        int slot = region.slotOf(id);
        for (int left = slots[id]; left > 0; left--) {
            final QueueFault broken = appendOne(region.address(slot), region.half(slot), into);
            if (broken != null) {
                return broken;
            }
            slot = region.nextOf(slot);
        }
        return into.violation();
    }

    private int take(long headHalf, DescriptorChain into) {
        into.reset(0);
        final int count = walk(headHalf, into);
        if (count < 0) {
            return count;
        }
        final int id = into.id();
        taken[id] = true;
        slots[id] = count;
        inFlight++;
        final PackedInflight region = inflight;
        if (region != null) {
            region.take(id);
        }
        commitSlots(count);
        return 1;
    }

    private void commitSlots(int count) {
        committed += count;
        next += count;
        if (next >= size) {
            next -= size;
            nextWrap = !nextWrap;
        }
    }

    /// Copy a chain: how many slots it has, or the negative code of a fault. Chains are consecutive slots, so one
    /// that never ends runs into the slots that are already taken.
    private int walk(long headHalf, DescriptorChain into) {
        final long ring = descriptors;
        final PackedInflight region = inflight;
        if (region != null) {
            region.begin();
        }
        final int room = size - committed;
        int at = next;
        long half = headHalf;
        for (int count = 1; count <= room; count++) {
            final long address = HostMemory.load64(ring, offset(at));
            final QueueFault broken = appendOne(address, half, into);
            if (broken != null) {
                return breakRing(broken);
            }
            if (region != null) {
                region.copy(address, half);
            }
            if (((int) (half >>> 48) & VIRTQ_DESC_F_NEXT) == 0) {
                return finish(half, count, into);
            }
            at = at + 1 == size ? 0 : at + 1;
            half = HostMemory.load64(ring, offset(at) + 8);
        }
        return breakRing(QueueFault.RING_OVERCOMMITTED);
    }

    private int finish(long lastHalf, int count, DescriptorChain into) {
        final int id = (int) (lastHalf >>> 32) & 0xffff;
        if (id >= size) {
            return breakRing(QueueFault.ID_OUT_OF_RANGE);
        }
        if (taken[id]) {
            return breakRing(QueueFault.HEAD_IN_FLIGHT);
        }
        final QueueFault broken = into.violation();
        if (broken != null) {
            return breakRing(broken);
        }
        into.id(id);
        return count;
    }

    private @Nullable QueueFault appendOne(long address, long half, DescriptorChain into) {
        final int flags = (int) (half >>> 48);
        if ((flags & VIRTQ_DESC_F_INDIRECT) != 0) {
            return appendTable(address, (int) half, flags, into);
        }
        return into.append(address, (int) half, (flags & VIRTQ_DESC_F_WRITE) != 0);
    }

    /// Copy an indirect table. Its descriptors follow each other; all flags but WRITE are reserved and ignored
    /// there (virtio 1.2 section 2.8.8), so tables neither nest nor loop.
    private @Nullable QueueFault appendTable(long tableAddress, int length, int tableFlags, DescriptorChain into) {
        final QueueFault unfit = indirectViolation(length, tableFlags);
        if (unfit != null) {
            return unfit;
        }
        final int region = tableRegion(tableAddress, length);
        if (region < 0) {
            return QueueFault.INDIRECT_OUTSIDE_MEMORY;
        }
        final long table = memory.hostAddress(region, tableAddress);
        for (int offset = 0; offset < length; offset += VirtqueueSpec.DESCRIPTOR_BYTES) {
            final long address = HostMemory.load64(table, offset);
            final long half = HostMemory.load64(table, offset + 8);
            final QueueFault broken = into.append(address, (int) half, ((int) (half >>> 48) & VIRTQ_DESC_F_WRITE) != 0);
            if (broken != null) {
                return broken;
            }
        }
        return null;
    }

    @Override
    public void complete(int id, int written) {
        assert taken[id];
        assert inFlight > 0;
        final int flags = (usedWrap ? AVAILABLE_OR_USED : 0) | (written == 0 ? 0 : VIRTQ_DESC_F_WRITE);
        final long half = Integer.toUnsignedLong(written) | (long) id << 32 | (long) flags << 48;
        if (batchCount == 0) {
            firstSlot = used;
            firstHalf = half;
        } else {
            HostMemory.store64(descriptors, offset(used) + 8, half);
        }
        batch[batchCount++] = id;
        final int count = slots[id];
        batchSlots += count;
        used += count;
        if (used >= size) {
            used -= size;
            usedWrap = !usedWrap;
        }
        inFlight--;
    }

    @Override
    public boolean publish() {
        final int count = batchCount;
        if (count == 0) {
            return callOwed && oweNoMore();
        }
        final PackedInflight region = inflight;
        if (region != null) {
            region.prepare(batch, count, used, usedWrap);
        }
        final boolean logging = log != null;
        if (logging) {
            logSlots();
        }
        // Release: the other answers, and the data they are for, are seen before the first one.
        HostMemory.storeRelease64(descriptors, offset(firstSlot) + 8, firstHalf);
        if (logging) {
            logSlots();
        }
        for (int i = 0; i < count; i++) {
            taken[batch[i]] = false;
        }
        if (region != null) {
            region.settle(batch, count);
        }
        final int passed = batchSlots;
        committed -= passed;
        batchCount = 0;
        batchSlots = 0;
        return wantsCall(passed);
    }

    private boolean wantsCall(int passed) {
        // Full: the answers must be visible before the driver's wish is read, see SplitQueue.
        VarHandle.fullFence();
        final int wish = HostMemory.load32(driverArea, 0);
        final int flags = wish >>> 16 & 3;
        final boolean wanted;
        if (flags == VirtqueueSpec.RING_EVENT_FLAGS_DESC && eventIndex) {
            wanted = passes(wish & 0xffff, passed);
        } else {
            wanted = flags != VirtqueueSpec.RING_EVENT_FLAGS_DISABLE;
        }
        final boolean owed = callOwed && oweNoMore();
        return wanted || owed;
    }

    /// Whether the used position passed a slot with its last steps. Positions of the lap before are negative.
    private boolean passes(int offsetAndWrap, int passed) {
        final int slot = offsetAndWrap & POSITION_MASK;
        final boolean sameLap = offsetAndWrap >>> WRAP_SHIFT != 0 == usedWrap;
        final int position = sameLap ? slot : slot - size;
        return VirtqueueSpec.needsEvent(position, used, used - passed);
    }

    @Override
    public boolean enableNotifications() {
        if (eventIndex) {
            writeWish(next | (nextWrap ? 1 << WRAP_SHIFT : 0), VirtqueueSpec.RING_EVENT_FLAGS_DESC);
        } else {
            writeWish(0, VirtqueueSpec.RING_EVENT_FLAGS_ENABLE);
        }
        // Full: the wish for kicks must be visible before the ring is read, or the last request before sleep is lost.
        VarHandle.fullFence();
        return available() == 0;
    }

    @Override
    public void disableNotifications() {
        writeWish(0, VirtqueueSpec.RING_EVENT_FLAGS_DISABLE);
    }

    private void writeWish(int offsetAndWrap, int flags) {
        HostMemory.store32(deviceArea, 0, offsetAndWrap | flags << 16);
        if (log != null) {
            log.mark(setup.usedLogAddress(), VirtqueueSpec.EVENT_SUPPRESSION_BYTES);
        }
    }

    @Override
    public int available() {
        if (fault() != null) {
            return 0;
        }
        final int flags = (int) (HostMemory.loadAcquire64(descriptors, offset(next) + 8) >>> 48);
        return recovered() + (isAvailable(flags) && committed < size ? 1 : 0);
    }

    @Override
    public int offered() {
        // There is no index: each head has to be looked at.
        return size;
    }

    @Override
    public int inFlight() {
        return inFlight;
    }

    @Override
    public int base() {
        return next | (nextWrap ? 1 << WRAP_SHIFT : 0) | used << 16 | (usedWrap ? 1 << 31 : 0);
    }

    private void logSlots() {
        final int beforeWrap = Math.min(batchSlots, size - firstSlot);
        logRing(firstSlot, beforeWrap);
        logRing(0, batchSlots - beforeWrap);
    }

    private void logRing(int slot, int count) {
        if (log != null) {
            log.mark(ringLogAddress + offset(slot), (long) count * VirtqueueSpec.DESCRIPTOR_BYTES);
        }
    }

    /// As in SplitQueue: marks that a dead process could not make.
    private void logAll() {
        logRing(0, size);
        if (log != null) {
            log.mark(setup.usedLogAddress(), VirtqueueSpec.EVENT_SUPPRESSION_BYTES);
        }
    }
}
