package io.basalt.endtoend.chaos.load;

import io.basalt.cli.bench.GuestArena;
import io.basalt.cli.bench.SocketTransport;
import io.basalt.linux.event.EventFd;
import io.basalt.virtio.blk.BlkSpec;
import io.basalt.virtio.driver.DriverQueue;
import io.basalt.virtio.queue.DescriptorChain;
import io.basalt.virtio.queue.VirtqueueSpec;
import io.basalt.virtio.vhostuser.FrontEndRing;
import io.basalt.virtio.vhostuser.VhostUserFrontEnd;
import io.basalt.virtio.vhostuser.VhostUserSpec;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/// A connection to a disk: one queue with a fixed number of slots, each for a request of one block. One thread.
final class GuestDisk implements AutoCloseable {
    /// Status of a request that has none yet.
    static final int NO_STATUS = 0xff;

    private static final Duration CONNECT_LIMIT = Duration.ofSeconds(30);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
    private static final int QUEUE_SIZE = 256;
    private static final int HEADER_BYTES = 16;
    private static final int RANGE_BYTES = 16;
    private static final int CHAIN_LENGTH = 3;
    private static final int SLOT_ALIGNMENT = 64;
    private static final int PAGE = 4096;
    private static final int CONFIG_BYTES = 60;
    private static final int SLEEP_MS = 5;

    private final SocketTransport transport;
    private final VhostUserFrontEnd frontEnd;
    private final GuestArena arena;
    private final MemorySegment memory;
    private final DriverQueue ring;
    private final EventFd kick = EventFd.create();
    private final EventFd call = EventFd.create();
    private final long capacityBytes;
    private final int blockBytes;
    private final long[] headers;
    private final long[] buffers;
    private final long[] statuses;
    private final DescriptorChain[][] chains;
    private final int[] slotOfId = new int[QUEUE_SIZE];

    private GuestDisk(
            SocketTransport transport,
            VhostUserFrontEnd frontEnd,
            GuestArena arena,
            long capacityBytes,
            int depth,
            int blockBytes) {
        this.transport = transport;
        this.frontEnd = frontEnd;
        this.arena = arena;
        this.capacityBytes = capacityBytes;
        this.blockBytes = blockBytes;
        memory = arena.memory();
        final long ringAt = arena.take(DriverQueue.bytes(false, QUEUE_SIZE, 0), PAGE);
        ring = DriverQueue.create(memory, GuestArena.GUEST_ADDRESS, ringAt, QUEUE_SIZE, frontEnd.features(), 0);
        ring.disableCalls();
        headers = new long[depth];
        buffers = new long[depth];
        statuses = new long[depth];
        chains = new DescriptorChain[depth][];
        for (int slot = 0; slot < depth; slot++) {
            makeSlot(slot);
        }
        frontEnd.memory(List.of(arena.description()));
        frontEnd.startRing(description());
        frontEnd.enableRing(0, true);
        frontEnd.barrier();
    }

    /// Connect to a disk.
    ///
    /// @param depth slots
    /// @param blockBytes of each request
    /// @throws IllegalStateException if nobody serves it
    static GuestDisk connect(Path socket, int depth, int blockBytes) {
        final SocketTransport transport = SocketTransport.connect(socket, CONNECT_LIMIT);
        try {
            final VhostUserFrontEnd frontEnd = new VhostUserFrontEnd(transport);
            frontEnd.connect(
                    VhostUserSpec.PROTOCOL_F_MQ | VhostUserSpec.PROTOCOL_F_REPLY_ACK | VhostUserSpec.PROTOCOL_F_CONFIG,
                    -1);
            // FLUSH too, as every guest does: without it each write has to be durable when it is answered.
            frontEnd.features(1L << VirtqueueSpec.VIRTIO_F_VERSION_1
                    | 1L << BlkSpec.VIRTIO_BLK_F_FLUSH
                    | 1L << BlkSpec.VIRTIO_BLK_F_DISCARD);
            final MemorySegment config = MemorySegment.ofArray(frontEnd.config(CONFIG_BYTES));
            final long capacity = config.get(
                            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN), BlkSpec.CONFIG_CAPACITY)
                    << BlkSpec.SECTOR_SHIFT;
            final long bytes = (long) depth * (blockBytes + 3L * PAGE) + (1L << 20);
            return new GuestDisk(transport, frontEnd, GuestArena.create(bytes, false), capacity, depth, blockBytes);
        } catch (RuntimeException failure) {
            transport.close();
            throw failure;
        }
    }

    private void makeSlot(int slot) {
        headers[slot] = arena.take(HEADER_BYTES, SLOT_ALIGNMENT);
        statuses[slot] = arena.take(1, SLOT_ALIGNMENT);
        buffers[slot] = arena.take(Math.max(blockBytes, RANGE_BYTES), PAGE);
        final DescriptorChain[] own = new DescriptorChain[RequestKind.values().length];
        for (final RequestKind kind : RequestKind.values()) {
            final DescriptorChain chain = new DescriptorChain(CHAIN_LENGTH);
            final long buffer = GuestArena.guestAddress(buffers[slot]);
            chain.addReadable(GuestArena.guestAddress(headers[slot]), HEADER_BYTES);
            switch (kind) {
                case READ -> chain.addWritable(buffer, blockBytes);
                case WRITE -> chain.addReadable(buffer, blockBytes);
                case DISCARD -> chain.addReadable(buffer, RANGE_BYTES);
            }
            chain.addWritable(GuestArena.guestAddress(statuses[slot]), 1);
            own[kind.number()] = chain;
        }
        chains[slot] = own;
    }

    private FrontEndRing description() {
        return new FrontEndRing(
                0,
                QUEUE_SIZE,
                ring.base(),
                arena.userAddress(ring.descriptorAddress()),
                arena.userAddress(ring.driverAddress()),
                arena.userAddress(ring.deviceAddress()),
                -1,
                kick.fd(),
                call.fd(),
                -1);
    }

    long capacityBytes() {
        return capacityBytes;
    }

    /// Where the data of a slot's request is, in [#memory()].
    long buffer(int slot) {
        return buffers[slot];
    }

    MemorySegment memory() {
        return memory;
    }

    /// Put a request into the ring; its buffer is filled if it writes.
    void add(int slot, RequestKind kind, long sector) {
        memory.set(INT, headers[slot], kind.type());
        memory.set(LONG, headers[slot] + Long.BYTES, kind == RequestKind.DISCARD ? 0 : sector);
        memory.set(ValueLayout.JAVA_BYTE, statuses[slot], (byte) NO_STATUS);
        if (kind == RequestKind.DISCARD) {
            // struct virtio_blk_discard_write_zeroes, virtio 1.2, 5.2.6.
            memory.set(LONG, buffers[slot], sector);
            memory.set(INT, buffers[slot] + Long.BYTES, blockBytes >> BlkSpec.SECTOR_SHIFT);
            memory.set(INT, buffers[slot] + Long.BYTES + Integer.BYTES, 0);
        }
        final int id = ring.add(chains[slot][kind.number()], false);
        if (id < 0) {
            throw new IllegalStateException("the ring has no room for a request that must fit");
        }
        slotOfId[id] = slot;
    }

    /// Show the disk what was put into the ring.
    void publish() {
        if (ring.publish()) {
            kick.signal();
        }
    }

    /// A slot whose request is answered, or -1.
    int poll() {
        final int id = ring.poll();
        return id < 0 ? -1 : slotOfId[id];
    }

    /// The status of a slot's request.
    int status(int slot) {
        return memory.get(ValueLayout.JAVA_BYTE, statuses[slot]) & 0xff;
    }

    /// Sleep until the disk calls, for a moment at most.
    void rest() {
        if (ring.enableCalls()) {
            call.await(SLEEP_MS);
        }
        call.drain();
        ring.disableCalls();
    }

    /// Take the ring back; everything must be answered.
    void stop() {
        frontEnd.stopRing(0);
    }

    @Override
    public void close() {
        transport.close();
        arena.close();
        kick.close();
        call.close();
    }
}
