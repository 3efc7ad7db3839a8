package io.basalt.gate.daemon;

import io.basalt.reactor.Reactor;
import io.basalt.reactor.Signal;
import io.basalt.store.NullVolume;
import io.basalt.virtio.blk.BlkDevice;
import io.basalt.virtio.blk.BlkLimits;
import io.basalt.virtio.blk.BlkQueue;
import io.basalt.virtio.blk.BlkSpec;
import io.basalt.virtio.driver.DriverQueue;
import io.basalt.virtio.memory.GuestMemory;
import io.basalt.virtio.memory.GuestRegion;
import io.basalt.virtio.queue.DescriptorChain;
import io.basalt.virtio.queue.QueueSetup;
import io.basalt.virtio.queue.VirtqueueSpec;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/// A disk that answers its own requests in the thread of a data reactor, so that the code which
/// serves guests is loaded and compiled before a guest waits for it.
final class WarmUp {
    private static final int ROUNDS = 12_000;
    private static final int DEPTH = 16;
    private static final int QUEUE_SIZE = 64;
    private static final int BLOCK_BYTES = 4096;
    private static final long DISK_BYTES = 1L << 30;
    private static final long GUEST_ADDRESS = 0x10_0000;
    private static final long USER_ADDRESS = 0x7000_0000_0000L;
    private static final long ARENA_BYTES = 1 << 20;
    private static final int HEADER_BYTES = 16;
    private static final int SLOT_BYTES = 2 * BLOCK_BYTES;
    private static final long SLOTS = 0x2_0000;

    private final Reactor reactor;
    private final MemorySegment guest;
    private final boolean packed;

    private WarmUp(Reactor reactor, MemorySegment guest, boolean packed) {
        this.reactor = reactor;
        this.guest = guest;
        this.packed = packed;
    }

    /// Run both ring layouts. In the reactor's thread, which does nothing else meanwhile.
    ///
    /// @return requests answered
    static long run(Reactor reactor) {
        long answered = 0;
        try (Arena arena = Arena.ofShared()) {
            final MemorySegment guest = arena.allocate(ARENA_BYTES, BLOCK_BYTES);
            for (final boolean packed : new boolean[] {false, true}) {
                guest.fill((byte) 0);
                answered += new WarmUp(reactor, guest, packed).serve();
            }
        }
        return answered;
    }

    private long serve() {
        final long features = 1L << VirtqueueSpec.VIRTIO_F_VERSION_1
                | 1L << BlkSpec.VIRTIO_BLK_F_FLUSH
                | (packed ? 1L << VirtqueueSpec.VIRTIO_F_RING_PACKED : 0);
        final DriverQueue driver = DriverQueue.create(guest, GUEST_ADDRESS, 0, QUEUE_SIZE, features, 0);
        driver.disableCalls();
        final NullVolume volume = new NullVolume("warm-up", DISK_BYTES, BLOCK_BYTES);
        final BlkDevice device = new BlkDevice(volume, "warm-up", false, true, BlkLimits.DEFAULT);
        final BlkQueue queue = new BlkQueue(device, 0, volume.openChannel(reactor), reactor.engine(), (_, _) -> {});
        queue.start(setup(driver, features));
        final DescriptorChain[] chains = new DescriptorChain[DEPTH];
        for (int slot = 0; slot < DEPTH; slot++) {
            chains[slot] = chain(slot);
        }
        long answered = 0;
        for (int round = 0; round < ROUNDS; round++) {
            for (final DescriptorChain chain : chains) {
                driver.add(chain, false);
            }
            driver.publish();
            queue.poll(reactor.nowNs());
            while (driver.poll() >= 0) {
                answered++;
            }
        }
        queue.stop(_ -> {});
        return answered;
    }

    private QueueSetup setup(DriverQueue driver, long features) {
        final GuestMemory memory = GuestMemory.of(List.of(new GuestRegion(GUEST_ADDRESS, USER_ADDRESS, guest)));
        return new QueueSetup(
                0,
                QUEUE_SIZE,
                features,
                memory,
                user(driver.descriptorAddress()),
                user(driver.driverAddress()),
                user(driver.deviceAddress()),
                driver.base(),
                true,
                -1,
                Signal.NONE,
                Signal.NONE,
                null,
                null,
                -1);
    }

    private static long user(long guestAddress) {
        return guestAddress - GUEST_ADDRESS + USER_ADDRESS;
    }

    /// A write in every second place, else a read.
    private DescriptorChain chain(int slot) {
        final boolean write = slot % 2 == 0;
        final long header = SLOTS + (long) slot * SLOT_BYTES;
        guest.set(ValueLayout.JAVA_INT, header, write ? BlkSpec.VIRTIO_BLK_T_OUT : BlkSpec.VIRTIO_BLK_T_IN);
        guest.set(ValueLayout.JAVA_LONG, header + Long.BYTES, ((long) slot * BLOCK_BYTES) >> BlkSpec.SECTOR_SHIFT);
        final DescriptorChain chain = new DescriptorChain(3);
        chain.addReadable(GUEST_ADDRESS + header, HEADER_BYTES);
        if (write) {
            chain.addReadable(GUEST_ADDRESS + header + BLOCK_BYTES, BLOCK_BYTES);
        } else {
            chain.addWritable(GUEST_ADDRESS + header + BLOCK_BYTES, BLOCK_BYTES);
        }
        chain.addWritable(GUEST_ADDRESS + header + HEADER_BYTES, 1);
        return chain;
    }
}
