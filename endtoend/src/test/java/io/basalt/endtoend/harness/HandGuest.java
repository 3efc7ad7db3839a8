package io.basalt.endtoend.harness;

import io.basalt.cli.bench.GuestArena;
import io.basalt.cli.bench.SocketTransport;
import io.basalt.linux.event.EventFd;
import io.basalt.linux.memory.MemFd;
import io.basalt.testkit.Await;
import io.basalt.virtio.blk.BlkSpec;
import io.basalt.virtio.driver.DriverQueue;
import io.basalt.virtio.queue.DescriptorChain;
import io.basalt.virtio.queue.VirtqueueSpec;
import io.basalt.virtio.vhostuser.FrontEndRing;
import io.basalt.virtio.vhostuser.VhostUserFrontEnd;
import io.basalt.virtio.vhostuser.VhostUserSpec;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.time.Duration;
import java.util.BitSet;
import java.util.List;

/// A guest without a processor: memory with one split queue in it, whose requests a test makes one by
/// one. Any number of front ends may be connected for it, as the virtual machine monitors of a guest
/// that moves are; which of them runs the queue is the test's decision.
public final class HandGuest implements AutoCloseable {
    public static final int BLOCK_BYTES = 4096;

    private static final Duration BOUND = Duration.ofMinutes(5);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
    private static final long MEMORY_BYTES = 4 << 20;
    private static final int QUEUE_SIZE = 64;
    private static final int HEADER_BYTES = 16;
    private static final int LOG_BYTES = 4096;
    private static final long VERSION_1 = 1L << VirtqueueSpec.VIRTIO_F_VERSION_1;
    private static final byte UNANSWERED = (byte) 0xff;

    private final GuestArena arena = GuestArena.create(MEMORY_BYTES, false);
    private final EventFd kick = EventFd.create();
    private final EventFd call = EventFd.create();
    private final DriverQueue ring;
    private final long[] data = new long[QUEUE_SIZE];
    private final long[] header = new long[QUEUE_SIZE];
    private final BitSet answered = new BitSet();
    private int base;
    private int asked;

    /// A guest that has not asked for anything.
    public HandGuest() {
        final long at = arena.take(DriverQueue.bytes(false, QUEUE_SIZE, 0), 4096);
        ring = DriverQueue.create(arena.memory(), GuestArena.GUEST_ADDRESS, at, QUEUE_SIZE, VERSION_1, 0);
    }

    /// Connects one more front end.
    public FrontEnd connect(Path socket) {
        return new FrontEnd(socket);
    }

    // ---- what the guest does

    /// Asks for a block to be filled with a number.
    ///
    /// @return the request
    public int write(long block, long number) {
        return ask(BlkSpec.VIRTIO_BLK_T_OUT, block, number);
    }

    /// Asks for a block.
    ///
    /// @return the request
    public int read(long block) {
        return ask(BlkSpec.VIRTIO_BLK_T_IN, block, 0);
    }

    private int ask(int type, long block, long number) {
        final long headerAt = arena.take(HEADER_BYTES + 1, 64);
        final long dataAt = arena.take(BLOCK_BYTES, 4096);
        final MemorySegment memory = arena.memory();
        memory.set(INT, headerAt, type);
        memory.set(LONG, headerAt + Long.BYTES, block * (BLOCK_BYTES >> BlkSpec.SECTOR_SHIFT));
        memory.set(ValueLayout.JAVA_BYTE, headerAt + HEADER_BYTES, UNANSWERED);
        for (int offset = 0; offset < BLOCK_BYTES; offset += Long.BYTES) {
            memory.set(LONG, dataAt + offset, number);
        }
        final DescriptorChain chain = new DescriptorChain(3);
        chain.addReadable(GuestArena.guestAddress(headerAt), HEADER_BYTES);
        if (type == BlkSpec.VIRTIO_BLK_T_OUT) {
            chain.addReadable(GuestArena.guestAddress(dataAt), BLOCK_BYTES);
        } else {
            chain.addWritable(GuestArena.guestAddress(dataAt), BLOCK_BYTES);
        }
        chain.addWritable(GuestArena.guestAddress(headerAt + HEADER_BYTES), 1);
        final int id = ring.add(chain, false);
        if (id < 0) {
            throw new IllegalStateException("the queue is full");
        }
        answered.clear(id);
        data[id] = dataAt;
        header[id] = headerAt;
        asked++;
        ring.publish();
        kick.signal();
        return id;
    }

    /// Whether a request has been answered.
    public boolean isAnswered(int request) {
        for (int id = ring.poll(); id >= 0; id = ring.poll()) {
            answered.set(id);
        }
        return answered.get(request);
    }

    /// Waits for an answer.
    ///
    /// @return its status
    public int await(int request) {
        Await.until("request " + request + " is answered", BOUND, () -> isAnswered(request));
        return arena.memory().get(ValueLayout.JAVA_BYTE, header[request] + HEADER_BYTES);
    }

    /// Waits for a block.
    ///
    /// @return the number that it is filled with, or -1 if it is not, or was not read
    public long number(int read) {
        if (await(read) != BlkSpec.VIRTIO_BLK_S_OK) {
            return -1;
        }
        final long first = arena.memory().get(LONG, data[read]);
        for (int offset = 0; offset < BLOCK_BYTES; offset += Long.BYTES) {
            if (arena.memory().get(LONG, data[read] + offset) != first) {
                return -1;
            }
        }
        return first;
    }

    @Override
    public void close() {
        arena.close();
        kick.close();
        call.close();
    }

    /// One connection of a virtual machine monitor of the guest.
    public final class FrontEnd implements AutoCloseable {
        private final SocketTransport transport;
        private final VhostUserFrontEnd protocol;
        private final MemFd log = MemFd.create("dirty-log", LOG_BYTES);
        private boolean runs;

        private FrontEnd(Path socket) {
            transport = SocketTransport.connect(socket, BOUND);
            protocol = new VhostUserFrontEnd(transport);
            try {
                protocol.connect(
                        VhostUserSpec.PROTOCOL_F_REPLY_ACK
                                | VhostUserSpec.PROTOCOL_F_CONFIG
                                | VhostUserSpec.PROTOCOL_F_LOG_SHMFD,
                        -1);
                protocol.features(VERSION_1);
            } catch (RuntimeException refused) {
                close();
                throw refused;
            }
        }

        /// Runs the guest's queue, from where it was stopped last.
        public void start() {
            protocol.features(VERSION_1);
            protocol.memory(List.of(arena.description()));
            protocol.startRing(new FrontEndRing(
                    0,
                    QUEUE_SIZE,
                    base,
                    arena.userAddress(ring.descriptorAddress()),
                    arena.userAddress(ring.driverAddress()),
                    arena.userAddress(ring.deviceAddress()),
                    -1,
                    kick.fd(),
                    call.fd(),
                    -1));
            protocol.enableRing(0, true);
            runs = true;
        }

        /// Begins to move the guest away: from now on its disk says what it writes to memory.
        public void beginToMove() {
            protocol.logBase(LOG_BYTES, 0, log.fd());
            protocol.features(VERSION_1 | VhostUserSpec.VHOST_F_LOG_ALL);
        }

        /// Stops the queue, once its requests are answered.
        public void stop() {
            protocol.enableRing(0, false);
            base = protocol.stopRing(0);
            runs = false;
        }

        /// Waits until all that was said has been heard.
        public void barrier() {
            protocol.barrier();
        }

        /// Hangs up, whatever runs. Requests that are not answered then never are.
        public void hangUp() {
            if (runs) {
                runs = false;
                base = asked & 0xffff;
            }
            transport.close();
        }

        @Override
        public void close() {
            hangUp();
            log.close();
        }
    }
}
