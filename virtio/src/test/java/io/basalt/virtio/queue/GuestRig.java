package io.basalt.virtio.queue;

import io.basalt.reactor.Signal;
import io.basalt.virtio.driver.DriverQueue;
import io.basalt.virtio.memory.DirtyLog;
import io.basalt.virtio.memory.GuestMemory;
import io.basalt.virtio.memory.GuestRegion;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A guest for tests: two adjacent memory regions, a driver with its ring in the first, and what a front end
/// would say of it. The ring's memory can be poked directly.
final class GuestRig {
    static final long REGION_BYTES = 1 << 18;
    static final long LOW = 0x10_0000;
    static final long HIGH = LOW + REGION_BYTES;
    static final long LOW_USER = 0x7f00_0000_0000L;
    static final long HIGH_USER = 0x7e00_0000_0000L;
    static final int TABLE_LENGTH = 16;
    static final long SPLIT = 1L << VirtqueueSpec.VIRTIO_F_VERSION_1;
    static final long PACKED = SPLIT | 1L << VirtqueueSpec.VIRTIO_F_RING_PACKED;
    static final long INDIRECT = 1L << VirtqueueSpec.VIRTIO_F_INDIRECT_DESC;
    static final long EVENT_IDX = 1L << VirtqueueSpec.VIRTIO_F_EVENT_IDX;

    /// Counts how often it was raised.
    static final class CountingSignal implements Signal {
        int count;

        @Override
        public void raise() {
            count++;
        }
    }

    final MemorySegment low = Arena.ofAuto().allocate(REGION_BYTES, 4096);
    final MemorySegment high = Arena.ofAuto().allocate(REGION_BYTES, 4096);
    final GuestMemory memory =
            GuestMemory.of(List.of(new GuestRegion(LOW, LOW_USER, low), new GuestRegion(HIGH, HIGH_USER, high)));
    final CountingSignal call = new CountingSignal();
    final CountingSignal error = new CountingSignal();
    final int size;
    final long features;
    final DriverQueue driver;
    final long descriptors;
    final long driverArea;
    final long deviceArea;
    final MemorySegment inflight;

    GuestRig(int size, long features) {
        this.size = size;
        this.features = features;
        final int tables = (features & INDIRECT) != 0 ? TABLE_LENGTH : 0;
        driver = DriverQueue.create(low, LOW, 0, size, features, tables);
        descriptors = driver.descriptorAddress() - LOW;
        driverArea = driver.driverAddress() - LOW;
        deviceArea = driver.deviceAddress() - LOW;
        inflight = Arena.ofAuto().allocate(new InflightLayout(packed(), 1, size).queueBytes(), 64);
    }

    boolean packed() {
        return (features & 1L << VirtqueueSpec.VIRTIO_F_RING_PACKED) != 0;
    }

    QueueSetup setup() {
        return setup(memory, driver.base(), true, null, null);
    }

    QueueSetup tracked() {
        return setup(memory, driver.base(), true, inflight, null);
    }

    QueueSetup setup(
            GuestMemory table, int base, boolean enabled, @Nullable MemorySegment region, @Nullable DirtyLog log) {
        return new QueueSetup(
                0,
                size,
                features,
                table,
                LOW_USER + descriptors,
                LOW_USER + driverArea,
                LOW_USER + deviceArea,
                base,
                enabled,
                -1,
                call,
                error,
                region,
                log,
                log == null ? -1 : LOW + deviceArea);
    }

    /// Write a split descriptor, or one of an indirect table when `table` is its guest address.
    void descriptor(long table, int index, long address, long length, int flags, int next) {
        final long offset = table - LOW + 16L * index;
        RingMemory.store64(low, offset, address);
        RingMemory.store32(low, offset + 8, (int) length);
        RingMemory.store16(low, offset + 12, flags);
        RingMemory.store16(low, offset + 14, next);
    }

    /// Write a split ring's own descriptor.
    void descriptor(int index, long address, long length, int flags, int next) {
        descriptor(LOW + descriptors, index, address, length, flags, next);
    }

    /// Write a packed ring's slot as available in the first lap.
    void slot(int index, long address, long length, int id, int flags) {
        descriptor(LOW + descriptors, index, address, length, id, flags | VirtqueueSpec.VIRTQ_DESC_F_AVAIL);
    }

    /// Put heads into the split available ring, from its start, and publish them.
    void offer(int... heads) {
        for (int i = 0; i < heads.length; i++) {
            RingMemory.store16(low, driverArea + 4 + 2L * (i % size), heads[i]);
        }
        RingMemory.store16(low, driverArea + 2, heads.length);
    }

    /// A chain of one readable and one writable buffer that carries a number in its first address.
    static DescriptorChain chain(long number) {
        final DescriptorChain chain = new DescriptorChain(2);
        chain.addReadable(HIGH + number, 16);
        chain.addWritable(HIGH, 1);
        return chain;
    }
}
