package io.basalt.endtoend.fuzz;

import static io.basalt.virtio.vhostuser.VhostUserSpec.*;
import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.endtoend.harness.HugePages;
import io.basalt.endtoend.harness.TestFolder;
import io.basalt.linux.event.EventFd;
import io.basalt.linux.memory.Mapping;
import io.basalt.linux.memory.MemFd;
import io.basalt.testkit.Await;
import io.basalt.virtio.blk.BlkSpec;
import io.basalt.virtio.driver.DriverQueue;
import io.basalt.virtio.queue.DescriptorChain;
import io.basalt.virtio.queue.VirtqueueSpec;
import io.basalt.virtio.vhostuser.RegionDescription;
import io.basalt.virtio.vhostuser.VhostUserMessage;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// A front end that is not QEMU: the messages of SPDK's virtio-user initiator, in its order, with its sizes and
/// flags, on a real gate. It enables rings before it sets them up, reads 256 bytes of configuration, acknowledges
/// nothing, polls, wants no calls, and takes replies whose flags are exactly version and reply.
@Timeout(1200)
class SpdkInitiatorSequenceTest {
    private static final int QUEUES = 2;
    private static final int QUEUE_SIZE = 128;
    private static final int CONFIG_BYTES = 256;
    private static final long HUGE_PAGE_BYTES = 2L << 20;
    private static final int HUGE_PAGES = 2;
    private static final long MEMORY_BYTES = HUGE_PAGES * HUGE_PAGE_BYTES;
    /// The initiator's own virtual address, which stands for the guest address too.
    private static final long MEMORY_ADDRESS = 0x2000_0020_0000L;
    private static final long RING_BYTES = 256L << 10;
    private static final long DATA_OFFSET = 1L << 20;
    private static final int BLOCK_BYTES = 4096;
    private static final int ROUNDS = 200;
    private static final Duration BOUND = Duration.ofMinutes(2);
    /// What bdev_virtio_blk asks for.
    private static final long WANTED = bit(BlkSpec.VIRTIO_BLK_F_SIZE_MAX)
            | bit(BlkSpec.VIRTIO_BLK_F_SEG_MAX)
            | bit(BlkSpec.VIRTIO_BLK_F_RO)
            | bit(BlkSpec.VIRTIO_BLK_F_BLK_SIZE)
            | bit(BlkSpec.VIRTIO_BLK_F_FLUSH)
            | bit(BlkSpec.VIRTIO_BLK_F_TOPOLOGY)
            | bit(BlkSpec.VIRTIO_BLK_F_MQ)
            | bit(BlkSpec.VIRTIO_BLK_F_DISCARD)
            | bit(VirtqueueSpec.VIRTIO_F_VERSION_1)
            | VHOST_USER_F_PROTOCOL_FEATURES;

    private static long bit(int feature) {
        return 1L << feature;
    }

    @ParameterizedTest(name = "idle mode {0}, event index {1}")
    @CsvSource({"poll, false", "poll, true", "adaptive, false", "adaptive, true"})
    void attachesReadsWritesAndDetachesTwice(String idle, boolean eventIndex) throws IOException {
        try (TestFolder folder = TestFolder.create();
                FuzzedGate gate = FuzzedGate.start(folder)) {
            gate.call("framework_set_idle", "{'mode':'" + idle + "'}");
            for (int attachment = 0; attachment < 2; attachment++) {
                try (Initiator initiator = new Initiator(gate, "ram", eventIndex, MemFd.create("spdk", MEMORY_BYTES))) {
                    initiator.attach();
                    initiator.moveData(idle.equals("poll"));
                    initiator.detach();
                }
            }
            assertThat(gate.output().errors()).isEmpty();
        }
    }

    @Test
    void worksOnHugePages() throws IOException {
        final String obstacle = HugePages.obstacle();
        if (!obstacle.isEmpty()) {
            System.out.println("skipped: " + obstacle);
            return;
        }
        try (TestFolder folder = TestFolder.create();
                FuzzedGate gate = FuzzedGate.start(folder);
                HugePages _ = HugePages.reserve(HUGE_PAGES);
                Initiator initiator =
                        new Initiator(gate, "file", false, MemFd.create("spdk", MEMORY_BYTES, HUGE_PAGE_BYTES))) {
            initiator.attach();
            initiator.moveData(false);
            initiator.detach();
        }
    }

    /// The initiator with its memory, rings and socket.
    private static final class Initiator implements AutoCloseable {
        private final MemFd file;
        private final Mapping mapping;
        private final MemorySegment memory;
        private final WireClient client;
        private final VhostUserMessage message = VhostUserMessage.allocate();
        private final boolean eventIndex;
        private final List<DriverQueue> rings = new ArrayList<>();
        private final List<EventFd> kicks = new ArrayList<>();
        private final List<EventFd> calls = new ArrayList<>();
        private long features;
        private int kickCount;

        Initiator(FuzzedGate gate, String controller, boolean eventIndex, MemFd file) {
            this.file = file;
            this.eventIndex = eventIndex;
            mapping = Mapping.ofFile(file.fd(), 0, MEMORY_BYTES, true);
            memory = mapping.segment();
            final WireClient connected = WireClient.tryConnect(gate.socket(controller));
            if (connected == null) {
                throw new AssertionError("nobody listens at " + controller);
            }
            client = connected;
        }

        void attach() {
            tell(message.begin(SET_OWNER, VERSION, 0));
            final long offered = askU64(GET_FEATURES);
            assertThat(offered & VHOST_USER_F_PROTOCOL_FEATURES).isNotZero();
            assertThat(offered >>> BlkSpec.VIRTIO_BLK_F_SEG_MAX & 1).isOne();
            features = offered & (WANTED | (eventIndex ? bit(VirtqueueSpec.VIRTIO_F_EVENT_IDX) : 0));
            tell(message.begin(SET_FEATURES, VERSION, U64_SIZE).u64(features));
            final long protocol = askU64(GET_PROTOCOL_FEATURES) & (PROTOCOL_F_MQ | PROTOCOL_F_CONFIG);
            assertThat(protocol).isEqualTo(0x201);
            tell(message.begin(SET_PROTOCOL_FEATURES, VERSION, U64_SIZE).u64(protocol));
            for (int read = 0; read < 5; read++) {
                readConfig();
            }
            for (int queue = 0; queue < QUEUES; queue++) {
                tell(message.begin(SET_VRING_ENABLE, VERSION, VRING_STATE_SIZE).state(queue, 1));
            }
            assertThat(askU64(GET_QUEUE_NUM)).isGreaterThanOrEqualTo(QUEUES);
            for (int queue = 0; queue < QUEUES; queue++) {
                calls.add(EventFd.create());
                tell(
                        message.begin(SET_VRING_CALL, VERSION, U64_SIZE).u64(queue),
                        calls.get(queue).fd());
            }
            handOverMemory();
            for (int queue = 0; queue < QUEUES; queue++) {
                startRing(queue);
            }
        }

        /// Size 256 at offset 0, whatever the device's own configuration has; the reply must be as long.
        private void readConfig() {
            message.begin(GET_CONFIG, VERSION, CONFIG_HEADER_SIZE + CONFIG_BYTES)
                    .config(0, CONFIG_BYTES, 0);
            ask(GET_CONFIG);
            assertThat(message.size()).isEqualTo(CONFIG_HEADER_SIZE + CONFIG_BYTES);
            assertThat(message.configSize()).isEqualTo(CONFIG_BYTES);
            final MemorySegment config = message.configBytes(CONFIG_BYTES);
            final ValueLayout.OfInt u32 = ValueLayout.JAVA_INT_UNALIGNED;
            assertThat(config.get(ValueLayout.JAVA_LONG_UNALIGNED, BlkSpec.CONFIG_CAPACITY))
                    .isPositive();
            assertThat(config.get(u32, BlkSpec.CONFIG_SEG_MAX)).isPositive();
            assertThat(config.get(u32, BlkSpec.CONFIG_BLK_SIZE) % 512).isZero();
            assertThat(config.asSlice(BlkSpec.CONFIG_LENGTH).toArray(ValueLayout.JAVA_BYTE))
                    .containsOnly(0);
        }

        private void handOverMemory() {
            message.begin(SET_MEM_TABLE, VERSION, MEMORY_HEADER_SIZE + MEMORY_REGION_SIZE)
                    .regionCount(1)
                    .region(0, new RegionDescription(MEMORY_ADDRESS, MEMORY_BYTES, MEMORY_ADDRESS, 0));
            tell(message, file.fd());
            // Without acknowledgements this says that the table has been taken.
            askU64(GET_FEATURES);
        }

        private void startRing(int queue) {
            final DriverQueue ring =
                    DriverQueue.create(memory, MEMORY_ADDRESS, queue * RING_BYTES, QUEUE_SIZE, features, 0);
            ring.disableCalls();
            rings.add(ring);
            kicks.add(EventFd.create());
            tell(message.begin(SET_VRING_NUM, VERSION, VRING_STATE_SIZE).state(queue, QUEUE_SIZE));
            tell(message.begin(SET_VRING_BASE, VERSION, VRING_STATE_SIZE).state(queue, 0));
            message.begin(SET_VRING_ADDR, VERSION, VRING_ADDR_SIZE)
                    .addresses(queue, 0, ring.descriptorAddress(), ring.deviceAddress(), ring.driverAddress(), 0);
            tell(message);
            tell(
                    message.begin(SET_VRING_KICK, VERSION, U64_SIZE).u64(queue),
                    kicks.get(queue).fd());
        }

        /// Writes on one queue what is read on the other.
        ///
        /// @param polled whether the gate polls, so that it needs to be kicked for nothing
        void moveData(boolean polled) {
            if (polled && !eventIndex) {
                for (final DriverQueue ring : rings) {
                    final long flags = ring.deviceAddress() - MEMORY_ADDRESS;
                    Await.until(
                            "the gate asks for no kicks",
                            BOUND,
                            () -> (memory.get(ValueLayout.JAVA_SHORT, flags) & VirtqueueSpec.VIRTQ_USED_F_NO_NOTIFY)
                                    != 0);
                }
            }
            final int kicksBefore = kickCount;
            for (int round = 0; round < ROUNDS; round++) {
                final long written = DATA_OFFSET;
                final long read = DATA_OFFSET + BLOCK_BYTES;
                for (int at = 0; at < BLOCK_BYTES; at += 8) {
                    memory.set(ValueLayout.JAVA_LONG, written + at, (long) round << 32 | at);
                }
                transfer(round % QUEUES, BlkSpec.VIRTIO_BLK_T_OUT, round * 8L, written);
                transfer((round + 1) % QUEUES, BlkSpec.VIRTIO_BLK_T_IN, round * 8L, read);
                assertThat(memory.asSlice(read, BLOCK_BYTES).mismatch(memory.asSlice(written, BLOCK_BYTES)))
                        .isEqualTo(-1);
            }
            if (polled) {
                // With an event index the gate can only leave its wish behind the driver's index, which comes round.
                assertThat(kickCount - kicksBefore).isLessThanOrEqualTo(QUEUES);
            }
            for (final EventFd call : calls) {
                assertThat(call.drain()).as("calls that nobody wanted").isZero();
            }
        }

        private void transfer(int queue, int type, long sector, long data) {
            final DriverQueue ring = rings.get(queue);
            final long header = DATA_OFFSET - 4096;
            final long status = header + 64;
            memory.set(ValueLayout.JAVA_INT, header, type);
            memory.set(ValueLayout.JAVA_LONG, header + BlkSpec.HEADER_SECTOR_OFFSET, sector);
            memory.set(ValueLayout.JAVA_BYTE, status, (byte) -1);
            final DescriptorChain chain = new DescriptorChain(3);
            chain.addReadable(MEMORY_ADDRESS + header, BlkSpec.HEADER_LENGTH);
            if (type == BlkSpec.VIRTIO_BLK_T_OUT) {
                chain.addReadable(MEMORY_ADDRESS + data, BLOCK_BYTES);
            } else {
                chain.addWritable(MEMORY_ADDRESS + data, BLOCK_BYTES);
            }
            chain.addWritable(MEMORY_ADDRESS + status, 1);
            assertThat(ring.add(chain, false)).isNotNegative();
            if (ring.publish()) {
                kicks.get(queue).signal();
                kickCount++;
            }
            Await.until("the request is answered", BOUND, () -> ring.poll() >= 0);
            assertThat(memory.get(ValueLayout.JAVA_BYTE, status)).isEqualTo((byte) BlkSpec.VIRTIO_BLK_S_OK);
        }

        void detach() {
            for (int queue = 0; queue < QUEUES; queue++) {
                message.begin(GET_VRING_BASE, VERSION, VRING_STATE_SIZE).state(queue, 0);
                ask(GET_VRING_BASE);
                assertThat(message.size()).isEqualTo(VRING_STATE_SIZE);
                assertThat(message.index()).isEqualTo(queue);
                assertThat(message.num()).isEqualTo(ROUNDS);
            }
            handOverMemory();
        }

        private void tell(VhostUserMessage built, int... fds) {
            client.send(built.bytes(), fds);
        }

        private long askU64(int request) {
            message.begin(request, VERSION, 0);
            ask(request);
            assertThat(message.size()).isEqualTo(U64_SIZE);
            return message.u64();
        }

        private void ask(int request) {
            client.send(message.bytes(), new int[0]);
            client.receive(message.buffer().asSlice(0, HEADER_SIZE), new int[0]);
            assertThat(message.request()).isEqualTo(request);
            assertThat(message.flags()).isEqualTo(REPLY_FLAGS);
            if (message.size() > 0) {
                client.receive(message.buffer().asSlice(HEADER_SIZE, message.size()), new int[0]);
            }
        }

        @Override
        public void close() {
            client.close();
            kicks.forEach(EventFd::close);
            calls.forEach(EventFd::close);
            mapping.close();
            file.close();
        }
    }
}
