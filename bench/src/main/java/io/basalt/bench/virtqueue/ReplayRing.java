package io.basalt.bench.virtqueue;

import io.basalt.virtio.memory.GuestMemory;
import io.basalt.virtio.memory.GuestRegion;
import io.basalt.virtio.queue.RingMemory;
import io.basalt.virtio.queue.VirtqueueSpec;
import java.lang.foreign.MemorySegment;
import java.util.List;

/// A driver that offers the same prepared requests again and again, at next to no cost of its own: what is
/// measured is the device. One owner thread.
///
/// Guest memory is laid out as in `vqbaseline.c`:
///
/// ```
/// 0            32768             65536                  131072
/// | ring       | indirect tables | headers and statuses | data, 4 KiB a request |
/// ```
///
/// Requests are reads of 4 KiB, [#REQUESTS] different ones: header (16), data (4096), status (1).
public abstract sealed class ReplayRing permits SplitReplay, PackedReplay {
    /// Bytes of guest memory.
    public static final long MEMORY_BYTES = 16L << 20;
    /// Different requests.
    public static final int REQUESTS = 85;
    /// Bytes of data of a request.
    public static final int DATA_BYTES = 4096;

    static final int HEADER_BYTES = 16;
    static final int STATUS_BYTES = 1;

    private static final int TABLES = 32768;
    private static final int TABLE_BYTES = 64;
    private static final int HEADERS = 65536;
    private static final int HEADER_STRIDE = 128;
    private static final int STATUS_OFFSET = 64;
    private static final int DATA = 131072;
    private static final int SECTOR_OFFSET = 8;
    private static final long SECTORS_PER_REQUEST = 8;
    /// Requests are spread over 8000 places of the disk by a multiplier that has no divisor in common with them.
    private static final int PLACES = 8000;

    private static final int PLACE_STEP = 977;
    private static final long SECOND_REGION = 1L << 32;
    private static final long SECOND_REGION_BYTES = 4096;

    final MemorySegment guest;
    private final GuestMemory memory;

    ReplayRing(MemorySegment guest) {
        this.guest = guest;
        // Two regions, as a guest with more than 3 GiB has.
        memory = GuestMemory.of(List.of(
                new GuestRegion(0, 0, guest),
                new GuestRegion(SECOND_REGION, SECOND_REGION, guest.asSlice(0, SECOND_REGION_BYTES))));
        for (int i = 0; i < REQUESTS; i++) {
            RingMemory.store64(guest, header(i), 0);
            RingMemory.store64(guest, header(i) + SECTOR_OFFSET, (long) i * PLACE_STEP % PLACES * SECTORS_PER_REQUEST);
        }
    }

    /// Make a ring in guest memory.
    ///
    /// @param guest zeroed, [#MEMORY_BYTES] long
    public static ReplayRing create(RingKind kind, MemorySegment guest) {
        return switch (kind) {
            case SPLIT -> new SplitReplay(guest, false);
            case SPLIT_INDIRECT -> new SplitReplay(guest, true);
            case PACKED -> new PackedReplay(guest);
        };
    }

    /// Offer the next requests; the device has answered all that were offered before.
    ///
    /// @param count 1 to 32
    public abstract void offer(int count);

    /// Descriptors in the ring.
    public abstract int size();

    /// Feature bits that the ring needs.
    public abstract long features();

    /// Value of SET_VRING_BASE.
    public abstract int base();

    /// Guest and user address of the available ring or driver event suppression area.
    public abstract long driverAddress();

    /// Guest and user address of the used ring or device event suppression area.
    public abstract long deviceAddress();

    /// The guest's memory; user addresses equal guest addresses. Descriptors are at 0.
    public final GuestMemory memory() {
        return memory;
    }

    static long header(int request) {
        return HEADERS + (long) HEADER_STRIDE * request;
    }

    static long status(int request) {
        return header(request) + STATUS_OFFSET;
    }

    static long data(int request) {
        return DATA + (long) DATA_BYTES * request;
    }

    static long table(int request) {
        return TABLES + (long) TABLE_BYTES * request;
    }

    /// Second half of a split descriptor.
    static long half(int length, int flags, int next) {
        return length | (long) flags << 32 | (long) next << 48;
    }

    /// Write the three descriptors of a split chain.
    ///
    /// @param at where the first one is
    /// @param first index of the first one in its table
    final void writeChain(long at, int request, int first) {
        final int next = VirtqueueSpec.VIRTQ_DESC_F_NEXT;
        final int write = VirtqueueSpec.VIRTQ_DESC_F_WRITE;
        writeDescriptor(at, header(request), half(HEADER_BYTES, next, first + 1));
        writeDescriptor(at + VirtqueueSpec.DESCRIPTOR_BYTES, data(request), half(DATA_BYTES, next | write, first + 2));
        writeDescriptor(at + 2L * VirtqueueSpec.DESCRIPTOR_BYTES, status(request), half(STATUS_BYTES, write, 0));
    }

    final void writeDescriptor(long at, long address, long half) {
        RingMemory.store64(guest, at, address);
        RingMemory.store64(guest, at + 8, half);
    }
}
