package io.basalt.gate.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.block.BlockOperation;
import io.basalt.block.BlockStatus;
import io.basalt.block.RegionTable;
import io.basalt.net.Call;
import io.basalt.net.CallStatus;
import io.basalt.net.Connection;
import io.basalt.net.ConnectionListener;
import io.basalt.net.ConnectionState;
import io.basalt.net.NetCounters;
import io.basalt.net.Network;
import io.basalt.net.NodeAddress;
import io.basalt.net.PeerIdentity;
import io.basalt.net.Service;
import io.basalt.reactor.Reactor;
import io.basalt.reactor.ReactorConfiguration;
import io.basalt.testkit.AllocationProbe;
import io.basalt.testkit.ManualClock;
import io.basalt.wire.data.AnswerBody;
import io.basalt.wire.data.AnswerCode;
import io.basalt.wire.data.ServiceTimes;
import io.basalt.wire.meta.VolumeRecord;
import java.lang.foreign.Arena;
import java.util.List;
import org.junit.jupiter.api.Test;

/// The data path allocates nothing, whatever happens to a request.
class ClusterAllocationTest {
    private static final int DEPTH = 32;

    private final ManualClock clock = new ManualClock(1_000_000_000L);
    private final Reactor reactor = new Reactor(
            ReactorConfiguration.of("test", 0), clock::nanoTime, new NoEngine(), () -> true, (where, source, fault) -> {
                throw new AssertionError(source + " failed", fault);
            });
    private final QuickNetwork network = new QuickNetwork(reactor);
    private final ClusterPort port = new ClusterPort(reactor, network, ClusterTimes.DEFAULT, 1);
    private final RegionTable table = new RegionTable(List.of(Arena.ofAuto().allocate(1 << 20, 4096)), true);
    private final TestRequest[] requests = new TestRequest[DEPTH];
    private ClusterChannel channel;
    private long round;

    ClusterAllocationTest() {
        final VolumeRecord record = TestMaps.record(64 << 20, 1 << 20);
        final ClusterVolume volume =
                new ClusterVolume("disk", "vol", 512, record.sizeBytes(), 0, reactor, List.of(port));
        channel = (ClusterChannel) volume.openChannel(reactor);
        volume.attached(record);
        port.mapChanged(TestMaps.SET, TestMaps.map(16));
        reactor.runOnce();
        for (int i = 0; i < DEPTH; i++) {
            requests[i] = new TestRequest();
        }
    }

    /// Peers that answer everything in the next turn, with a code of the test's.
    private static final class QuickNetwork implements Network {
        private final Reactor reactor;
        private final Call[] sent = new Call[1024];
        private int head;
        private int tail;
        private int count;
        private int credits = 1024;
        private int trouble;
        private CallStatus troubleStatus = CallStatus.ANSWERED;
        private AnswerCode troubleCode = AnswerCode.OK;

        QuickNetwork(Reactor reactor) {
            this.reactor = reactor;
        }

        void answerAll() {
            final int last = tail;
            while (head != last) {
                count--;
                answer(sent[head++ & sent.length - 1]);
            }
        }

        private void answer(Call call) {
            final boolean troubled = trouble > 0 && trouble-- > 0;
            final CallStatus status = troubled ? troubleStatus : CallStatus.ANSWERED;
            final AnswerCode code = troubled ? troubleCode : AnswerCode.OK;
            AnswerBody.set(call.answerBody(), 1, 0, 0);
            ServiceTimes.set(call.answerBody(), 1, 0, 1_000);
            ServiceTimes.replicas(call.answerBody(), 2, 2_000, 3, 3_000);
            final boolean told = status == CallStatus.ANSWERED && code == AnswerCode.OK;
            call.answerBodyLength(told ? ServiceTimes.BYTES : AnswerBody.BYTES);
            call.answerPayloadLength(call.incoming().byteCount());
            call.completed(status, status == CallStatus.ANSWERED ? code.code() : 0);
        }

        @Override
        public Connection connect(NodeAddress address, Service service, ConnectionListener listener) {
            final Connection made = new Connection() {
                @Override
                public boolean send(Call call) {
                    if (count >= credits) {
                        return false;
                    }
                    count++;
                    sent[tail++ & sent.length - 1] = call;
                    return true;
                }

                @Override
                public boolean endedByPeer() {
                    return false;
                }

                @Override
                public ConnectionState state() {
                    return ConnectionState.READY;
                }

                @Override
                public PeerIdentity peer() {
                    return new PeerIdentity(PeerIdentity.Role.CHUNK, 1, "chunk");
                }

                @Override
                public int payloadBytesMax() {
                    return 64 << 10;
                }

                @Override
                public int inFlight() {
                    return count;
                }

                @Override
                public void close() {}
            };
            reactor.post(() -> listener.ready(made));
            return made;
        }

        @Override
        public NodeAddress listen(NodeAddress address, Acceptor acceptor) {
            throw new AssertionError("a gate takes no connections");
        }

        @Override
        public Reactor reactor() {
            return reactor;
        }

        @Override
        public RegionTable payloadTable() {
            return RegionTable.EMPTY;
        }

        @Override
        public void releasePayload(long payloadOffset) {}

        @Override
        public void useMemory(RegionTable memory, MemoryKind kind) {}

        @Override
        public void releaseMemory(RegionTable memory) {}

        @Override
        public NetCounters counters() {
            return new NetCounters();
        }

        @Override
        public void close() {}

        @Override
        public boolean isClosed() {
            return true;
        }
    }

    /// One round: a batch of requests of all kinds, from submission to completion.
    private void batch() {
        round++;
        for (int i = 0; i < DEPTH; i++) {
            final TestRequest request = requests[i];
            final long offset = (round * 37 + i * 8L) % 1000 * 65536 + (i % 3) * 512L;
            final int length = (i % 4 + 1) * 8192;
            switch (i % 4) {
                case 0 -> request.of(BlockOperation.READ, offset, length, table, 4096L * i);
                case 1 -> request.of(BlockOperation.WRITE, offset, length, table, 4096L * i);
                case 2 -> request.of(BlockOperation.DISCARD, offset, length, table, 0);
                default -> request.of(BlockOperation.WRITE_ZEROES, offset, length, table, 0);
            }
            request.submitTo(channel);
        }
        while (channel.inFlight() > 0) {
            network.answerAll();
            clock.advance(1_000_000);
            reactor.runOnce();
        }
        for (final TestRequest request : requests) {
            if (request.status != BlockStatus.OK) {
                throw new AssertionError("a request ended with " + request.status);
            }
        }
    }

    @Test
    void requestsAllocateNothing() {
        assertThat(AllocationProbe.bytesAllocated(2_000, 100_000 / DEPTH, this::batch))
                .isZero();
    }

    @Test
    void retriesAllocateNothing() {
        assertThat(AllocationProbe.bytesAllocated(2_000, 100_000 / DEPTH, () -> {
                    network.trouble = 5;
                    network.troubleCode = round % 2 == 0 ? AnswerCode.BUSY : AnswerCode.NOT_PRIMARY;
                    network.troubleStatus = switch ((int) (round % 5)) {
                        case 0 -> CallStatus.TIMED_OUT;
                        case 1 -> CallStatus.PAYLOAD_CHANGED;
                        case 2 -> CallStatus.OVERLOADED;
                        default -> CallStatus.ANSWERED;
                    };
                    batch();
                }))
                .isZero();
    }

    @Test
    void waitingForCreditsAllocatesNothing() {
        network.credits = 3;
        assertThat(AllocationProbe.bytesAllocated(2_000, 100_000 / DEPTH, this::batch))
                .isZero();
    }
}
