package io.basalt.gate.rehearsal;

import io.basalt.gate.handover.HandoverMessage.RingBase;
import io.basalt.linux.event.EventFd;
import io.basalt.linux.file.FileDescriptor;
import io.basalt.linux.memory.Mapping;
import io.basalt.linux.memory.MemFd;
import io.basalt.linux.socket.UnixSocket;
import io.basalt.virtio.blk.BlkSpec;
import io.basalt.virtio.driver.DriverQueue;
import io.basalt.virtio.queue.DescriptorChain;
import io.basalt.virtio.queue.InflightLayout;
import io.basalt.virtio.queue.VirtqueueSpec;
import io.basalt.virtio.vhostuser.RegionDescription;
import io.basalt.virtio.vhostuser.SessionImage;
import io.basalt.virtio.vhostuser.VhostUserSpec;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/// A guest without a processor, whose rings a thread of this process fills: a disk has somebody to serve.
/// Its session begins as an image, as if another process had served it before.
///
/// One owner thread, which sleeps until it is answered.
final class PracticeGuest implements AutoCloseable {
    private static final int RINGS = 2;
    private static final int QUEUE_SIZE = 128;
    private static final int DEPTH = 32;
    private static final int BLOCK_BYTES = 4096;
    private static final int HEADER_BYTES = 16;
    private static final int SLOT_BYTES = 2 * BLOCK_BYTES;
    private static final long GUEST_ADDRESS = 0x10_0000;
    private static final long USER_ADDRESS = 0x7000_0000_0000L;
    private static final long RING_BYTES = 1L << 16;
    private static final long SLOTS = RINGS * RING_BYTES;
    private static final long MEMORY_BYTES = SLOTS + (long) RINGS * DEPTH * SLOT_BYTES;
    private static final int LOOK_MS = 100;
    private static final long ANSWER_LIMIT_NS = 10_000_000_000L;

    private final long features;
    private final MemFd memory = MemFd.create("basalt-practice", MEMORY_BYTES);
    private final MemFd inflight;
    private final Mapping mapping;
    private final UnixSocket.Pair connection = UnixSocket.pair();
    private final EventFd call = EventFd.create();
    private final List<EventFd> kicks = new ArrayList<>();
    private final List<DriverQueue> rings = new ArrayList<>();
    private final DescriptorChain[][] chains = new DescriptorChain[RINGS][DEPTH];

    /// @param packed layout of the rings
    /// @param blocks of the disk, each of 4096 bytes; at least 64
    PracticeGuest(boolean packed, long blocks) {
        features = 1L << VirtqueueSpec.VIRTIO_F_VERSION_1
                | 1L << BlkSpec.VIRTIO_BLK_F_FLUSH
                | (packed ? 1L << VirtqueueSpec.VIRTIO_F_RING_PACKED : 0)
                | VhostUserSpec.VHOST_USER_F_PROTOCOL_FEATURES;
        inflight = MemFd.create(
                "basalt-practice", Math.max(BLOCK_BYTES, new InflightLayout(packed, RINGS, QUEUE_SIZE).regionBytes()));
        mapping = Mapping.ofFilePopulated(memory.fd(), 0, MEMORY_BYTES, true);
        for (int index = 0; index < RINGS; index++) {
            final DriverQueue ring =
                    DriverQueue.create(mapping.segment(), GUEST_ADDRESS, index * RING_BYTES, QUEUE_SIZE, features, 0);
            ring.disableCalls();
            rings.add(ring);
            kicks.add(EventFd.create());
            for (int slot = 0; slot < DEPTH; slot++) {
                final int number = index * DEPTH + slot;
                chains[index][slot] = chain(number, number * (blocks / (RINGS * DEPTH)));
            }
        }
    }

    /// A write in every second place, else a read.
    private DescriptorChain chain(int slot, long block) {
        final MemorySegment guest = mapping.segment();
        final boolean write = slot % 2 == 0;
        final long header = SLOTS + (long) slot * SLOT_BYTES;
        guest.set(ValueLayout.JAVA_INT, header, write ? BlkSpec.VIRTIO_BLK_T_OUT : BlkSpec.VIRTIO_BLK_T_IN);
        guest.set(ValueLayout.JAVA_LONG, header + Long.BYTES, (block * BLOCK_BYTES) >> BlkSpec.SECTOR_SHIFT);
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

    /// The session as the gate before would have left it, with descriptors of its own, which are the caller's.
    SessionImage image() {
        final List<SessionImage.RingImage> images = new ArrayList<>();
        for (int index = 0; index < RINGS; index++) {
            final DriverQueue ring = rings.get(index);
            images.add(new SessionImage.RingImage(
                    index,
                    QUEUE_SIZE,
                    true,
                    user(ring.descriptorAddress()),
                    user(ring.driverAddress()),
                    user(ring.deviceAddress()),
                    -1,
                    ring.base(),
                    true,
                    true,
                    duplicate(kicks.get(index).fd()),
                    duplicate(call.fd()),
                    -1));
        }
        return new SessionImage(
                features,
                VhostUserSpec.PROTOCOL_F_MQ
                        | VhostUserSpec.PROTOCOL_F_REPLY_ACK
                        | VhostUserSpec.PROTOCOL_F_CONFIG
                        | VhostUserSpec.PROTOCOL_F_INFLIGHT_SHMFD,
                0,
                true,
                false,
                true,
                -1,
                List.of(new SessionImage.Region(
                        new RegionDescription(GUEST_ADDRESS, MEMORY_BYTES, USER_ADDRESS, 0), duplicate(memory.fd()))),
                new SessionImage.Inflight(0, RINGS, QUEUE_SIZE, duplicate(inflight.fd())),
                null,
                images);
    }

    /// The connection that goes with the session; the caller's.
    int connection() {
        return duplicate(connection.left().fd());
    }

    /// Where the rings stood when the session began.
    List<RingBase> bases() {
        final List<RingBase> bases = new ArrayList<>();
        for (int index = 0; index < RINGS; index++) {
            bases.add(new RingBase(index, rings.get(index).base()));
        }
        return bases;
    }

    private static int duplicate(int fd) {
        final int own = FileDescriptor.duplicate(fd);
        if (own < 0) {
            throw new io.basalt.linux.LinuxException("fcntl F_DUPFD_CLOEXEC", -own, "fd " + fd);
        }
        return own;
    }

    private static long user(long guestAddress) {
        return guestAddress - GUEST_ADDRESS + USER_ADDRESS;
    }

    /// Fill every ring, and wait until all is answered.
    ///
    /// @return requests answered
    /// @throws IllegalStateException if that does not come to an end
    int ask() {
        for (int index = 0; index < RINGS; index++) {
            final DriverQueue ring = rings.get(index);
            for (final DescriptorChain chain : chains[index]) {
                ring.add(chain, false);
            }
            if (ring.publish()) {
                kicks.get(index).signal();
            }
        }
        final long startNs = System.nanoTime();
        int answered = 0;
        while (answered < RINGS * DEPTH) {
            final int now = collect();
            answered += now;
            if (now == 0) {
                rest();
            }
            if (System.nanoTime() - startNs > ANSWER_LIMIT_NS) {
                throw new IllegalStateException("a practice disk does not answer");
            }
        }
        return answered;
    }

    private int collect() {
        int answered = 0;
        for (final DriverQueue ring : rings) {
            while (ring.poll() >= 0) {
                answered++;
            }
        }
        return answered;
    }

    private void rest() {
        boolean empty = true;
        for (final DriverQueue ring : rings) {
            empty &= ring.enableCalls();
        }
        if (empty) {
            call.await(LOOK_MS);
        }
        call.drain();
        rings.forEach(DriverQueue::disableCalls);
    }

    @Override
    public void close() {
        mapping.close();
        memory.close();
        inflight.close();
        connection.close();
        call.close();
        kicks.forEach(EventFd::close);
    }
}
