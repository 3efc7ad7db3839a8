package io.basalt.endtoend.fuzz;

import io.basalt.linux.event.EventFd;
import io.basalt.virtio.blk.BlkSpec;
import io.basalt.virtio.driver.DriverQueue;
import io.basalt.virtio.queue.DescriptorChain;
import io.basalt.virtio.queue.VirtqueueSpec;
import io.basalt.virtio.vhostuser.FrontEndRing;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.random.RandomGenerator;

/// A ring in a kit's memory: used as the specification says until its owner begins to damage it.
final class GuestRing {
    private static final ValueLayout.OfShort U16 = ValueLayout.JAVA_SHORT_UNALIGNED;
    private static final ValueLayout.OfInt U32 = ValueLayout.JAVA_INT_UNALIGNED;
    private static final ValueLayout.OfLong U64 = ValueLayout.JAVA_LONG_UNALIGNED;
    private static final long RING_BYTES = GuestKit.DATA_OFFSET / GuestKit.QUEUES_MAX;
    private static final long DATA_BYTES = (GuestKit.FIRST_BYTES - GuestKit.DATA_OFFSET) / GuestKit.QUEUES_MAX;
    private static final int TABLE_LENGTH = 6;
    private static final int SLOT_BYTES = 16 << 10;
    private static final int SLOTS = (int) (DATA_BYTES / SLOT_BYTES);
    private static final int SECTORS = 1024;
    private static final int[] TYPES = {
        BlkSpec.VIRTIO_BLK_T_IN,
        BlkSpec.VIRTIO_BLK_T_IN,
        BlkSpec.VIRTIO_BLK_T_OUT,
        BlkSpec.VIRTIO_BLK_T_OUT,
        BlkSpec.VIRTIO_BLK_T_FLUSH,
        BlkSpec.VIRTIO_BLK_T_GET_ID,
        BlkSpec.VIRTIO_BLK_T_DISCARD,
        BlkSpec.VIRTIO_BLK_T_WRITE_ZEROES,
        99
    };

    private final int index;
    private final GuestKit kit;
    private final MemorySegment memory;
    private final DriverQueue queue;
    private final boolean packed;
    private final boolean indirect;
    private final long dataAt;
    private final DescriptorChain chain = new DescriptorChain(TABLE_LENGTH);
    private int nextSlot;

    GuestRing(int index, GuestKit kit, int size, long features) {
        this.index = index;
        this.kit = kit;
        memory = kit.first();
        packed = (features >>> VirtqueueSpec.VIRTIO_F_RING_PACKED & 1) != 0;
        indirect = (features >>> VirtqueueSpec.VIRTIO_F_INDIRECT_DESC & 1) != 0;
        queue = DriverQueue.create(
                memory, GuestKit.FIRST_ADDRESS, index * RING_BYTES, size, features, indirect ? TABLE_LENGTH : 0);
        dataAt = GuestKit.DATA_OFFSET + index * DATA_BYTES;
    }

    int index() {
        return index;
    }

    /// As [VhostUserFrontEnd] hands it over.
    ///
    /// @param base where it goes on
    FrontEndRing description(int base, boolean logged) {
        return new FrontEndRing(
                index,
                queue.size(),
                base,
                kit.userAddress(queue.descriptorAddress()),
                kit.userAddress(queue.driverAddress()),
                kit.userAddress(queue.deviceAddress()),
                logged ? queue.deviceAddress() : -1,
                kit.kick(index).fd(),
                kit.call(index).fd(),
                kit.error().fd());
    }

    FrontEndRing description() {
        return description(queue.base(), false);
    }

    EventFd kick() {
        return kit.kick(index);
    }

    // ---- as it should be

    /// Adds a request of any kind if there is room.
    boolean add(RandomGenerator random) {
        final long slot = dataAt + (long) (nextSlot++ % SLOTS) * SLOT_BYTES;
        final int type = TYPES[random.nextInt(TYPES.length)];
        memory.set(U32, slot, type);
        memory.set(U64, slot + 8, random.nextInt(SECTORS));
        chain.clear();
        chain.addReadable(GuestKit.FIRST_ADDRESS + slot, BlkSpec.HEADER_LENGTH);
        final boolean toDevice = type == BlkSpec.VIRTIO_BLK_T_OUT
                || type == BlkSpec.VIRTIO_BLK_T_DISCARD
                || type == BlkSpec.VIRTIO_BLK_T_WRITE_ZEROES;
        long at = slot + 512;
        for (int parts = type == BlkSpec.VIRTIO_BLK_T_FLUSH ? 0 : random.nextInt(1, 3); parts > 0; parts--) {
            final int length = type == BlkSpec.VIRTIO_BLK_T_GET_ID ? 20 : 512 * random.nextInt(1, 9);
            if (toDevice) {
                memory.set(U64, at, random.nextInt(SECTORS));
                memory.set(U32, at + 8, random.nextInt(64));
                chain.addReadable(GuestKit.FIRST_ADDRESS + at, length);
            } else {
                chain.addWritable(GuestKit.FIRST_ADDRESS + at, length);
            }
            at += length;
        }
        chain.addWritable(GuestKit.FIRST_ADDRESS + slot + 256, 1);
        return queue.add(chain, indirect && random.nextBoolean()) >= 0;
    }

    void publish() {
        if (queue.publish()) {
            kick().signal();
        }
    }

    /// The next answer, as [DriverQueue#poll()].
    int poll() {
        return queue.poll();
    }

    // ---- as it should not be

    /// Does one wrong thing to the ring.
    void damage(RandomGenerator random) {
        switch (random.nextInt(packed ? 5 : 7)) {
            case 0 -> scribble(random);
            case 1, 2 -> descriptor(random, random.nextInt(queue.size()));
            case 3 -> {
                for (int entry = 0; entry < queue.size(); entry++) {
                    descriptor(random, entry);
                }
            }
            case 4 -> header(random);
            case 5 -> {
                final long entry = driver() + VirtqueueSpec.RING_ENTRIES + 2L * random.nextInt(queue.size());
                memory.set(U16, entry, (short) (random.nextBoolean() ? 0 : Chance.number(random)));
            }
            default -> {
                final int now = memory.get(U16, driver() + VirtqueueSpec.RING_INDEX);
                final int ahead = Chance.oneIn(random, 3) ? (int) Chance.number(random) : random.nextInt(1, 5);
                memory.set(U16, driver() + VirtqueueSpec.RING_INDEX, (short) (now + ahead));
            }
        }
    }

    /// Changes bytes that the device reads at this moment, for a while.
    void flicker(RandomGenerator random) {
        final long bytes = 16L * queue.size();
        for (int count = random.nextInt(100, 3000); count > 0; count--) {
            final long at = descriptors() + random.nextLong(bytes - 8);
            memory.set(U64, at, memory.get(U64, at) ^ 1L << random.nextInt(64));
            if (count % 64 == 0) {
                kick().signal();
            }
        }
    }

    private void scribble(RandomGenerator random) {
        final long at = index * RING_BYTES + random.nextLong(RING_BYTES - 8);
        switch (random.nextInt(3)) {
            case 0 -> memory.set(ValueLayout.JAVA_BYTE, at, (byte) random.nextInt());
            case 1 -> memory.set(U16, at & -2, (short) Chance.number(random));
            default -> memory.set(U64, at & -8, Chance.number(random));
        }
    }

    /// A descriptor that is believable in most of its fields.
    private void descriptor(RandomGenerator random, int entry) {
        final long at = descriptors() + 16L * entry;
        memory.set(U64, at, address(random));
        memory.set(U32, at + 8, length(random));
        final int flags = random.nextInt(8);
        if (packed) {
            final int position = random.nextInt(4);
            memory.set(U16, at + 12, (short) (random.nextBoolean() ? entry : random.nextInt(1 << 16)));
            memory.set(U16, at + 14, (short) (flags
                    | ((position & 1) == 0 ? 0 : VirtqueueSpec.VIRTQ_DESC_F_AVAIL)
                    | ((position & 2) == 0 ? 0 : VirtqueueSpec.VIRTQ_DESC_F_USED)));
        } else {
            memory.set(U16, at + 12, (short) flags);
            memory.set(U16, at + 14, (short) random.nextInt(queue.size() + (Chance.oneIn(random, 8) ? 8 : 0)));
        }
    }

    private long address(RandomGenerator random) {
        return switch (random.nextInt(8)) {
            case 0 -> Chance.number(random);
            case 1 -> queue.descriptorAddress() + random.nextInt(4096);
            case 2 -> GuestKit.FIRST_ADDRESS + GuestKit.FIRST_BYTES - random.nextInt(1024);
            case 3 -> queue.deviceAddress() + random.nextInt(64);
            default -> GuestKit.FIRST_ADDRESS + dataAt + random.nextLong(DATA_BYTES) / 16 * 16;
        };
    }

    private static int length(RandomGenerator random) {
        return switch (random.nextInt(6)) {
            case 0 -> (int) Chance.number(random);
            case 1 -> BlkSpec.HEADER_LENGTH;
            case 2 -> 1;
            case 3 -> TABLE_LENGTH * 16;
            default -> 512 * random.nextInt(16);
        };
    }

    private void header(RandomGenerator random) {
        final long slot = dataAt + (long) random.nextInt(SLOTS) * SLOT_BYTES;
        memory.set(U32, slot, Chance.oneIn(random, 4) ? (int) Chance.number(random) : random.nextInt(16));
        memory.set(U64, slot + 8, Chance.number(random));
    }

    private long descriptors() {
        return queue.descriptorAddress() - GuestKit.FIRST_ADDRESS;
    }

    private long driver() {
        return queue.driverAddress() - GuestKit.FIRST_ADDRESS;
    }
}
