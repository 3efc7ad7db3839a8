package io.basalt.cli.image;

import io.basalt.cli.bench.GuestArena;
import io.basalt.cli.bench.SocketTransport;
import io.basalt.linux.event.EventFd;
import io.basalt.virtio.blk.BlkSpec;
import io.basalt.virtio.driver.DriverQueue;
import io.basalt.virtio.queue.DescriptorChain;
import io.basalt.virtio.vhostuser.FrontEndRing;
import io.basalt.virtio.vhostuser.VhostUserFrontEnd;
import io.basalt.virtio.vhostuser.VhostUserSpec;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/// A disk behind a vhost-user-blk socket, read and written piece by piece with several pieces under way.
///
/// Pieces use slots in turn: [#slot()] waits until the oldest is free, so requests may end in any order and their
/// owner still sees them in its own. One thread.
public final class BlockClient implements AutoCloseable {
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final Duration CONNECT_LIMIT = Duration.ofSeconds(10);
    private static final long ANSWER_LIMIT_NS = 60_000_000_000L;
    private static final long PARK_NS = 20_000;
    private static final int SPINS = 2000;
    private static final int CONFIG_BYTES = 60;
    private static final int CHAIN_LENGTH = 3;
    private static final int QUEUE_SIZE = 256;
    private static final int ALIGNMENT = 4096;
    private static final byte STATUS_UNSET = (byte) 0xff;
    private static final int FREE = -1;

    private final SocketTransport transport;
    private final VhostUserFrontEnd frontEnd;
    private final GuestArena arena;
    private final DriverQueue ring;
    private final EventFd kick = EventFd.create();
    private final EventFd call = EventFd.create();
    private final long capacityBytes;
    private final long features;
    private final int pieceBytes;
    private final long[] headers;
    private final long[] statuses;
    private final long[] data;
    private final boolean[] busy;
    private final long[] offsets;
    private final int[] slotOfId = new int[QUEUE_SIZE];
    private int next;

    private BlockClient(SocketTransport transport, int pieceBytes, int slots) {
        this.transport = transport;
        this.pieceBytes = pieceBytes;
        frontEnd = new VhostUserFrontEnd(transport);
        frontEnd.connect(VhostUserSpec.PROTOCOL_F_REPLY_ACK | VhostUserSpec.PROTOCOL_F_CONFIG, -1);
        features = frontEnd.features(1L << BlkSpec.VIRTIO_F_VERSION_1
                | 1L << BlkSpec.VIRTIO_BLK_F_FLUSH
                | 1L << BlkSpec.VIRTIO_BLK_F_RO
                | 1L << BlkSpec.VIRTIO_BLK_F_WRITE_ZEROES);
        capacityBytes = MemorySegment.ofArray(frontEnd.config(CONFIG_BYTES)).get(LONG, BlkSpec.CONFIG_CAPACITY)
                << BlkSpec.SECTOR_SHIFT;
        final long ringBytes = DriverQueue.bytes(false, QUEUE_SIZE, 0);
        arena = GuestArena.create(ringBytes + ALIGNMENT + (long) slots * (pieceBytes + 2L * ALIGNMENT), false);
        final long ringAt = arena.take(ringBytes, ALIGNMENT);
        ring = DriverQueue.create(arena.memory(), GuestArena.GUEST_ADDRESS, ringAt, QUEUE_SIZE, features, 0);
        ring.disableCalls();
        headers = new long[slots];
        statuses = new long[slots];
        data = new long[slots];
        busy = new boolean[slots];
        offsets = new long[slots];
        for (int slot = 0; slot < slots; slot++) {
            headers[slot] = arena.take(BlkSpec.HEADER_LENGTH + BlkSpec.SEGMENT_LENGTH, Long.BYTES);
            statuses[slot] = arena.take(1, Long.BYTES);
            data[slot] = arena.take(pieceBytes, ALIGNMENT);
        }
    }

    /// Connect to a back end and start one queue.
    ///
    /// @param pieceBytes longest request, a multiple of 512
    /// @param slots requests under way at most, 1 to 64
    /// @throws IllegalStateException if nobody answers there or the back end refuses
    public static BlockClient open(Path socket, int pieceBytes, int slots) {
        if (slots < 1 || slots > QUEUE_SIZE / (CHAIN_LENGTH + 1)) {
            throw new IllegalArgumentException("slots: " + slots + " is outside 1 to 64");
        }
        final SocketTransport transport = SocketTransport.connect(socket, CONNECT_LIMIT);
        try {
            final BlockClient client = new BlockClient(transport, pieceBytes, slots);
            client.start();
            return client;
        } catch (RuntimeException failure) {
            transport.close();
            throw failure;
        }
    }

    private void start() {
        frontEnd.memory(List.of(arena.description()));
        frontEnd.startRing(new FrontEndRing(
                0,
                QUEUE_SIZE,
                ring.base(),
                arena.userAddress(ring.descriptorAddress()),
                arena.userAddress(ring.driverAddress()),
                arena.userAddress(ring.deviceAddress()),
                -1,
                kick.fd(),
                call.fd(),
                -1));
        frontEnd.enableRing(0, true);
        frontEnd.barrier();
    }

    /// Size of the disk.
    public long capacityBytes() {
        return capacityBytes;
    }

    /// Whether the back end refuses writes.
    public boolean readOnly() {
        return (features & 1L << BlkSpec.VIRTIO_BLK_F_RO) != 0;
    }

    /// Whether [#writeZeroes] is understood.
    public boolean canWriteZeroes() {
        return (features & 1L << BlkSpec.VIRTIO_BLK_F_WRITE_ZEROES) != 0;
    }

    /// Slots, which are used in turn.
    public int slots() {
        return busy.length;
    }

    /// The next slot in turn, once its last request has ended well.
    ///
    /// @throws IllegalStateException if that request failed or is not answered
    public int slot() {
        final int slot = next;
        next = (next + 1) % busy.length;
        await(slot);
        return slot;
    }

    /// Memory of a slot, `pieceBytes` long.
    public MemorySegment buffer(int slot) {
        return arena.memory().asSlice(data[slot], pieceBytes);
    }

    /// Begin to read into a slot's memory.
    public void read(int slot, long offset, int length) {
        final DescriptorChain chain = header(slot, BlkSpec.VIRTIO_BLK_T_IN, offset);
        chain.addWritable(GuestArena.guestAddress(data[slot]), length);
        submit(slot, chain, offset);
    }

    /// Begin to write a slot's memory.
    public void write(int slot, long offset, int length) {
        final DescriptorChain chain = header(slot, BlkSpec.VIRTIO_BLK_T_OUT, offset);
        chain.addReadable(GuestArena.guestAddress(data[slot]), length);
        submit(slot, chain, offset);
    }

    /// Begin to make a range read as zeroes, giving its space back where that is possible.
    public void writeZeroes(int slot, long offset, int length) {
        final DescriptorChain chain = header(slot, BlkSpec.VIRTIO_BLK_T_WRITE_ZEROES, 0);
        final long range = headers[slot] + BlkSpec.HEADER_LENGTH;
        arena.memory().set(LONG, range, offset >> BlkSpec.SECTOR_SHIFT);
        arena.memory().set(INT, range + Long.BYTES, length >> BlkSpec.SECTOR_SHIFT);
        arena.memory().set(INT, range + Long.BYTES + Integer.BYTES, BlkSpec.VIRTIO_BLK_WRITE_ZEROES_FLAG_UNMAP);
        chain.addReadable(GuestArena.guestAddress(range), BlkSpec.SEGMENT_LENGTH);
        submit(slot, chain, offset);
    }

    /// Wait until everything that was begun has ended well, and make it durable.
    public void flush() {
        drain();
        if ((features & 1L << BlkSpec.VIRTIO_BLK_F_FLUSH) != 0) {
            submit(0, header(0, BlkSpec.VIRTIO_BLK_T_FLUSH, 0), FREE);
            drain();
        }
    }

    /// Wait until everything that was begun has ended well.
    public void drain() {
        for (int slot = 0; slot < busy.length; slot++) {
            await(slot);
        }
    }

    /// Wait for one slot.
    public void await(int slot) {
        long endNs = 0;
        for (int turn = 0; busy[slot]; turn++) {
            reap();
            if (!busy[slot] || turn < SPINS) {
                Thread.onSpinWait();
                continue;
            }
            endNs = endNs == 0 ? System.nanoTime() + ANSWER_LIMIT_NS : endNs;
            if (System.nanoTime() - endNs >= 0) {
                throw new IllegalStateException("the disk has not answered for " + ANSWER_LIMIT_NS / 1_000_000_000L
                        + " s; `basalt status` and the gate's log say more");
            }
            LockSupport.parkNanos(PARK_NS);
        }
    }

    private DescriptorChain header(int slot, int type, long offset) {
        assert !busy[slot] : "a slot has one request at a time";
        final MemorySegment memory = arena.memory();
        memory.set(INT, headers[slot], type);
        memory.set(INT, headers[slot] + Integer.BYTES, 0);
        memory.set(LONG, headers[slot] + BlkSpec.HEADER_SECTOR_OFFSET, offset >> BlkSpec.SECTOR_SHIFT);
        memory.set(ValueLayout.JAVA_BYTE, statuses[slot], STATUS_UNSET);
        final DescriptorChain chain = new DescriptorChain(CHAIN_LENGTH);
        chain.addReadable(GuestArena.guestAddress(headers[slot]), BlkSpec.HEADER_LENGTH);
        return chain;
    }

    private void submit(int slot, DescriptorChain chain, long offset) {
        chain.addWritable(GuestArena.guestAddress(statuses[slot]), 1);
        final int id = ring.add(chain, false);
        assert id >= 0 : "the ring has room for a request in each slot";
        slotOfId[id] = slot;
        busy[slot] = true;
        offsets[slot] = offset;
        if (ring.publish()) {
            kick.signal();
        }
    }

    private void reap() {
        for (int id = ring.poll(); id >= 0; id = ring.poll()) {
            final int slot = slotOfId[id];
            busy[slot] = false;
            final int status = arena.memory().get(ValueLayout.JAVA_BYTE, statuses[slot]) & 0xff;
            if (status != BlkSpec.VIRTIO_BLK_S_OK) {
                throw new IllegalStateException(
                        (offsets[slot] == FREE ? "the flush" : "the request at byte " + offsets[slot])
                                + " failed with virtio status " + status
                                + (readOnly() ? "; the disk is read-only" : "; the gate's log says why"));
            }
        }
    }

    @Override
    public void close() {
        try {
            frontEnd.stopRing(0);
        } finally {
            transport.close();
            arena.close();
            kick.close();
            call.close();
        }
    }
}
