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
public sealed interface DriverQueue permits SplitDriverQueue, PackedDriverQueue {
    /// Bytes of guest memory that a queue takes.
    ///
    /// @param packed layout
    /// @param size descriptors
    /// @param tableLength descriptors in each indirect table, 0 for none
    static long bytes(boolean packed, int size, int tableLength) {
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
    static DriverQueue create(
            MemorySegment guest, long regionAddress, long offset, int size, long features, int tableLength) {
        return RingPlacement.create(guest, regionAddress, offset, size, features, tableLength);
    }

    /// Descriptors in the queue; ids are 0 to this - 1.
    int size();

    /// Guest physical address of the descriptors.
    long descriptorAddress();

    /// Guest physical address of the available ring or driver event suppression area.
    long driverAddress();

    /// Guest physical address of the used ring or device event suppression area.
    long deviceAddress();

    /// What SET_VRING_BASE says of a new queue.
    int base();

    /// Descriptors that are free: a direct chain takes as many as it has entries, an indirect one takes 1.
    int free();

    /// Put a chain into the ring; the device does not see it before [#publish()].
    ///
    /// @param indirect use the indirect table; the chain must fit in it
    /// @return the id that [#poll()] will answer, or -1 if there is no room
    int add(DescriptorChain chain, boolean indirect);

    /// Make added chains visible to the device.
    ///
    /// @return whether the device wants a kick
    boolean publish();

    /// Take the next answer.
    ///
    /// @return id of the answered chain, or -1 if there is none
    int poll();

    /// Bytes that the device said it wrote to the chain that [#poll()] returned last; unsigned.
    int usedLength();

    /// Ask for a call at the next answer.
    ///
    /// @return false if there already is an answer, for which no call may come
    boolean enableCalls();

    /// Ask for no calls. Stray ones may still come.
    void disableCalls();
}
