package io.basalt.cli.bench;

import io.basalt.linux.event.EventFd;
import io.basalt.virtio.blk.BlkSpec;
import io.basalt.virtio.driver.DriverQueue;
import io.basalt.virtio.queue.DescriptorChain;
import io.basalt.virtio.vhostuser.FrontEndRing;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/// One queue under load: keeps a fixed number of requests in flight and times each.
///
/// One owner thread. Allocates nothing after it was made.
final class LoadQueue implements AutoCloseable {
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
    private static final int HEADER_BYTES = 16;
    private static final int SLOT_ALIGNMENT = 64;
    private static final int CHAIN_LENGTH = 3;
    private static final byte STATUS_UNSET = (byte) 0xff;
    private static final long LATENCY_MAX_NS = 60_000_000_000L;
    private static final int DRAW_LIMIT = 64;

    private final int index;
    private final Workload workload;
    private final MemorySegment memory;
    private final DriverQueue ring;
    private final EventFd kick = EventFd.create();
    private final EventFd call;
    private final @Nullable BlockStamps stamps;
    private final long blockCount;

    private final long[] headers;
    private final long[] statuses;
    private final long[] data;
    private final DescriptorChain[] reads;
    private final DescriptorChain[] writes;
    private final long[] startNs;
    private final long[] blocks;
    private final boolean[] writing;
    private final int[] idle;
    private final int[] slotOfId;
    private int idleCount;

    private final Histogram readLatency = new Histogram(LATENCY_MAX_NS, 3);
    private final Histogram writeLatency = new Histogram(LATENCY_MAX_NS, 3);
    private long random;
    private long nextBlock;
    private int nextUnread;
    private final long intervalNs;
    private long dueNs;
    private boolean counting;
    private long done;
    private long kicks;

    /// @param diskBlocks blocks of the workload's size on the disk
    /// @param intervalNs shortest time between the starts of two requests; 0 for as soon as there is room
    /// @param call what the disk signals if it is asked to; stays the caller's
    LoadQueue(
            int index,
            Workload workload,
            long intervalNs,
            GuestArena arena,
            long features,
            long diskBlocks,
            EventFd call) {
        this.intervalNs = intervalNs;
        this.call = call;
        this.index = index;
        dueNs = System.nanoTime();
        this.workload = workload;
        this.memory = arena.memory();
        this.blockCount = diskBlocks;
        final int tableLength = workload.indirect() ? CHAIN_LENGTH : 0;
        final long ringAt = arena.take(DriverQueue.bytes(workload.packed(), workload.queueSize(), tableLength), 4096);
        ring = DriverQueue.create(
                memory, GuestArena.GUEST_ADDRESS, ringAt, workload.queueSize(), features, tableLength);
        ring.disableCalls();
        stamps = workload.verify() ? new BlockStamps(workload.seed(), workload.blockSize(), (int) diskBlocks) : null;
        random = workload.seed() * 0x9E3779B97F4A7C15L + index + 1;
        nextBlock = index;
        final int depth = workload.depth();
        headers = new long[depth];
        statuses = new long[depth];
        data = new long[depth];
        reads = new DescriptorChain[depth];
        writes = new DescriptorChain[depth];
        startNs = new long[depth];
        blocks = new long[depth];
        writing = new boolean[depth];
        idle = new int[depth];
        slotOfId = new int[workload.queueSize()];
        for (int slot = 0; slot < depth; slot++) {
            makeSlot(slot, arena);
        }
    }

    private void makeSlot(int slot, GuestArena arena) {
        headers[slot] = arena.take(HEADER_BYTES, SLOT_ALIGNMENT);
        statuses[slot] = arena.take(1, SLOT_ALIGNMENT);
        data[slot] = arena.take(workload.blockSize(), 4096);
        final DescriptorChain read = new DescriptorChain(CHAIN_LENGTH);
        read.addReadable(GuestArena.guestAddress(headers[slot]), HEADER_BYTES);
        read.addWritable(GuestArena.guestAddress(data[slot]), workload.blockSize());
        read.addWritable(GuestArena.guestAddress(statuses[slot]), 1);
        final DescriptorChain write = new DescriptorChain(CHAIN_LENGTH);
        write.addReadable(GuestArena.guestAddress(headers[slot]), HEADER_BYTES);
        write.addReadable(GuestArena.guestAddress(data[slot]), workload.blockSize());
        write.addWritable(GuestArena.guestAddress(statuses[slot]), 1);
        reads[slot] = read;
        writes[slot] = write;
        idle[idleCount++] = slot;
    }

    FrontEndRing description(GuestArena arena) {
        return new FrontEndRing(
                index,
                workload.queueSize(),
                ring.base(),
                arena.userAddress(ring.descriptorAddress()),
                arena.userAddress(ring.driverAddress()),
                arena.userAddress(ring.deviceAddress()),
                -1,
                kick.fd(),
                call.fd(),
                -1);
    }

    // ---- load

    /// Fill the queue up, then take what is answered.
    ///
    /// @param fill whether to start new requests
    /// @return requests answered
    int pass(boolean fill) {
        final long nowNs = System.nanoTime();
        int started = 0;
        while (fill && idleCount > 0 && start(nowNs)) {
            started++;
        }
        if (started > 0) {
            publish();
        }
        int answered = 0;
        for (int id = ring.poll(); id >= 0; id = ring.poll()) {
            finish(slotOfId[id], System.nanoTime());
            answered++;
        }
        return answered;
    }

    /// Ask the disk for a call at its next answer.
    ///
    /// @return false if there already is an answer
    boolean enableCalls() {
        return ring.enableCalls();
    }

    void disableCalls() {
        ring.disableCalls();
    }

    private void publish() {
        if (ring.publish()) {
            kick.signal();
            kicks++;
        }
    }

    private boolean start(long nowNs) {
        if (intervalNs > 0 && nowNs - dueNs < 0) {
            return false;
        }
        final long block = nextBlock();
        if (block < 0) {
            return false;
        }
        // What was late is not made up for: a burst would not be the load that was asked for.
        dueNs = nowNs + intervalNs;
        final boolean write = nextRandom(100) >= workload.pattern().readPercent();
        issue(block, write, nowNs);
        return true;
    }

    private void issue(long block, boolean write, long nowNs) {
        final int slot = idle[--idleCount];
        memory.set(INT, headers[slot], write ? BlkSpec.VIRTIO_BLK_T_OUT : BlkSpec.VIRTIO_BLK_T_IN);
        memory.set(LONG, headers[slot] + Long.BYTES, block * (workload.blockSize() >> BlkSpec.SECTOR_SHIFT));
        memory.set(ValueLayout.JAVA_BYTE, statuses[slot], STATUS_UNSET);
        if (stamps != null) {
            stamps.busy((int) block, true);
            if (write) {
                stamps.stamp((int) block, memory, data[slot]);
            }
        }
        blocks[slot] = block;
        writing[slot] = write;
        startNs[slot] = nowNs;
        final int id = ring.add(write ? writes[slot] : reads[slot], workload.indirect());
        if (id < 0) {
            throw new IllegalStateException("queue " + index + " has no room for a request that must fit");
        }
        slotOfId[id] = slot;
    }

    private void finish(int slot, long nowNs) {
        final byte status = memory.get(ValueLayout.JAVA_BYTE, statuses[slot]);
        if (status != BlkSpec.VIRTIO_BLK_S_OK) {
            throw new IllegalStateException((writing[slot] ? "write" : "read") + " of block " + blocks[slot]
                    + " on queue " + index + " failed with status " + (status & 0xff));
        }
        if (stamps != null) {
            check(slot, stamps);
        }
        if (counting) {
            (writing[slot] ? writeLatency : readLatency)
                    .recordValue(Math.clamp(nowNs - startNs[slot], 1, LATENCY_MAX_NS));
        }
        done++;
        idle[idleCount++] = slot;
    }

    private void check(int slot, BlockStamps expected) {
        final int block = (int) blocks[slot];
        expected.busy(block, false);
        if (!writing[slot]) {
            final int at = expected.mismatch(block, memory, data[slot]);
            if (at >= 0) {
                throw new IllegalStateException("verify: block " + block + " of " + workload.blockSize()
                        + " bytes holds wrong data at byte " + at + " (seed " + workload.seed() + ")");
            }
        }
    }

    /// The next block of this queue, which owns every queueCount-th; -1 if those drawn are in flight.
    private long nextBlock() {
        final int stride = workload.queueCount();
        if (!workload.pattern().random()) {
            final long block = nextBlock;
            if (stamps != null && stamps.busy((int) block)) {
                return -1;
            }
            nextBlock = block + stride < blockCount ? block + stride : index;
            return block;
        }
        final long own = (blockCount - index + stride - 1) / stride;
        for (int draw = 0; draw < DRAW_LIMIT; draw++) {
            final long block = nextRandom(own) * stride + index;
            if (stamps == null || !stamps.busy((int) block)) {
                return block;
            }
        }
        return -1;
    }

    private long nextRandom(long bound) {
        random ^= random << 13;
        random ^= random >>> 7;
        random ^= random << 17;
        return Math.unsignedMultiplyHigh(random, bound);
    }

    // ---- after the load

    /// Read every block again that was written, a batch at a time.
    ///
    /// @return false when all have been asked for and answered
    boolean readBack() {
        final BlockStamps expected = stamps;
        if (expected == null) {
            return false;
        }
        int started = 0;
        while (idleCount > 0 && nextUnread < blockCount) {
            final int block = nextUnread++;
            if (expected.written(block)) {
                issue(block, false, System.nanoTime());
                started++;
            }
        }
        if (started > 0) {
            publish();
        }
        for (int id = ring.poll(); id >= 0; id = ring.poll()) {
            finish(slotOfId[id], System.nanoTime());
        }
        return nextUnread < blockCount || inFlight() > 0;
    }

    int inFlight() {
        return idle.length - idleCount;
    }

    /// Begin to count.
    void count(boolean now) {
        counting = now;
    }

    long done() {
        return done;
    }

    long kicks() {
        return kicks;
    }

    Histogram readLatency() {
        return readLatency;
    }

    Histogram writeLatency() {
        return writeLatency;
    }

    int index() {
        return index;
    }

    @Override
    public void close() {
        kick.close();
    }
}
