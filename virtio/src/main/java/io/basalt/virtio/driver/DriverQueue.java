package io.basalt.virtio.driver;

import io.basalt.virtio.queue.DescriptorChain;
import java.lang.foreign.MemorySegment;

/// The driver's side of one virtqueue: puts chains into a ring in guest memory and takes the answers out.
///
/// One owner thread. Calls on the way of a request ([#add], [#publish], [#poll]) allocate nothing. The device on
/// the other side is trusted to follow the specification; an answer that breaks it raises
/// [IllegalStateException].
///
/// The ring lies in one piece of guest memory: descriptors first (which is what the piece must be aligned for),
/// driver area, device area, then a table for each descriptor when indirect descriptors are in use.
public abstract sealed class DriverQueue permits SplitDriverQueue, PackedDriverQueue {
    final MemorySegment ring;
    final long guestAddress;
    final RingPlacement placement;
    final boolean eventIndex;
    final int size;
    /// Offsets in the ring's memory.
    final long driverArea;

    final long deviceArea;
    /// By id: descriptors of the chain in the ring, 0 if not in flight.
    final int[] counts;

    int free;
    int usedLength;

    DriverQueue(MemorySegment ring, long guestAddress, RingPlacement placement, boolean eventIndex) {
        this.ring = ring;
        this.guestAddress = guestAddress;
        this.placement = placement;
        this.eventIndex = eventIndex;
        size = placement.size();
        driverArea = placement.driverOffset();
        deviceArea = placement.deviceOffset();
        counts = new int[size];
        free = size;
    }

    /// Bytes of guest memory that a queue takes.
    ///
    /// @param packed layout
    /// @param size descriptors
    /// @param tableLength descriptors in each indirect table, 0 for none
    public static long bytes(boolean packed, int size, int tableLength) {
        return new RingPlacement(packed, size, tableLength).bytes();
    }

    /// Make an empty queue. The ring's bytes are zeroed.
    ///
    /// @param guest a region of guest memory
    /// @param regionAddress guest physical address of the region's first byte
    /// @param offset where in the region the ring starts; the address in this process must be a multiple of 16
    /// @param size descriptors: split, a power of two; at most 32768
    /// @param features negotiated feature bits: RING_PACKED chooses the layout, EVENT_IDX the suppression,
    ///     INDIRECT_DESC must be there for indirect chains
    /// @param tableLength descriptors in each indirect table, 0 for none
    /// @throws IllegalArgumentException naming what does not fit
    public static DriverQueue create(
            MemorySegment guest, long regionAddress, long offset, int size, long features, int tableLength) {
        return RingPlacement.create(guest, regionAddress, offset, size, features, tableLength);
    }

    /// Descriptors in the queue; ids are 0 to this - 1.
    public final int size() {
        return size;
    }

    /// Guest physical address of the descriptors.
    public final long descriptorAddress() {
        return guestAddress;
    }

    /// Guest physical address of the available ring or driver event suppression area.
    public final long driverAddress() {
        return guestAddress + driverArea;
    }

    /// Guest physical address of the used ring or device event suppression area.
    public final long deviceAddress() {
        return guestAddress + deviceArea;
    }

    /// What SET_VRING_BASE says of a new queue.
    public abstract int base();

    /// Descriptors that are free: a direct chain takes as many as it has entries, an indirect one takes 1.
    public final int free() {
        return free;
    }

    /// Put a chain into the ring; the device does not see it before [#publish()].
    ///
    /// @param indirect use the indirect table; the chain must fit in it
    /// @return the id that [#poll()] will answer, or -1 if there is no room
    public final int add(DescriptorChain chain, boolean indirect) {
        final int count = chain.count();
        assert count > 0;
        assert !indirect || count <= placement.tableLength();
        final int needed = indirect ? 1 : count;
        if (needed > free) {
            return -1;
        }
        final int id = indirect ? addIndirect(chain) : addDirect(chain);
        free -= needed;
        counts[id] = needed;
        return id;
    }

    /// Put a chain into the ring as it is; there is room.
    ///
    /// @return its id
    abstract int addDirect(DescriptorChain chain);

    /// Put a chain into the table of its id, and that into the ring; there is room.
    ///
    /// @return its id
    abstract int addIndirect(DescriptorChain chain);

    /// Make added chains visible to the device.
    ///
    /// @return whether the device wants a kick
    public abstract boolean publish();

    /// Take the next answer.
    ///
    /// @return id of the answered chain, or -1 if there is none
    public abstract int poll();

    /// Bytes that the device said it wrote to the chain that [#poll()] returned last; unsigned.
    public final int usedLength() {
        return usedLength;
    }

    /// Ask for a call at the next answer.
    ///
    /// @return false if there already is an answer, for which no call may come
    public abstract boolean enableCalls();

    /// Ask for no calls. Stray ones may still come.
    public abstract void disableCalls();
}
