package io.basalt.chunk;

import static io.basalt.chunk.TestCluster.BLOCK;
import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.chunk.schedule.ScheduleSettings;
import io.basalt.net.Call;
import io.basalt.net.Connection;
import io.basalt.net.ConnectionState;
import io.basalt.net.PeerIdentity;
import io.basalt.wire.ProtocolVersions;
import io.basalt.wire.data.AnswerBody;
import io.basalt.wire.data.AnswerCode;
import io.basalt.wire.data.ServiceTimes;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// What a primary's answers say of where the time has gone.
class TimingTest {
    private static final long MS_NS = 1_000_000L;

    @Test
    void aWriteSaysWhichCopyItHasWaitedFor() {
        try (TestCluster cluster = new TestCluster(3)) {
            final TestGate gate = cluster.gate();
            cluster.on(3).disk().latency((operation, length) -> 40 * MS_NS);
            final TestGate.Request write = gate.write(1, 0, 0, BLOCK, 1);
            assertThat(write.await()).isEqualTo(AnswerCode.OK);
            assertThat(write.answerBodyLength()).isEqualTo(ServiceTimes.BYTES);
            final MemorySegment told = write.answerBody();
            assertThat(ServiceTimes.device(told)).isEqualTo(1);
            assertThat(ServiceTimes.replica1(told)).isEqualTo(2);
            assertThat(ServiceTimes.replica2(told)).isEqualTo(3);
            assertThat(ServiceTimes.replica2Ns(told)).isGreaterThanOrEqualTo(40 * MS_NS);
            assertThat(ServiceTimes.replica1Ns(told)).isBetween(1L, 20 * MS_NS);
            assertThat(ServiceTimes.storeNs(told)).isBetween(1L, 20 * MS_NS);
        }
    }

    @Test
    void aReadSaysWhatItsOwnDeviceTook() {
        try (TestCluster cluster = new TestCluster(2)) {
            final TestGate gate = cluster.gate();
            assertThat(gate.write(1, 0, 0, BLOCK, 1).await()).isEqualTo(AnswerCode.OK);
            cluster.on(1).disk().latency((operation, length) -> 30 * MS_NS);
            final TestGate.Request read = gate.read(1, 0, 0, BLOCK);
            assertThat(read.await()).isEqualTo(AnswerCode.OK);
            assertThat(ServiceTimes.storeNs(read.answerBody())).isGreaterThanOrEqualTo(30 * MS_NS);
            assertThat(ServiceTimes.replica1(read.answerBody())).isZero();
            assertThat(ServiceTimes.queueNs(read.answerBody())).isZero();
        }
    }

    @Test
    void whatWaitsForItsTurnSaysHowLong() {
        final ChunkSettings one = TestCluster.SETTINGS.withSchedule(
                ScheduleSettings.SSD.withDepth(1).withQueueMax(8));
        try (TestCluster cluster = new TestCluster(2, one, 0)) {
            final TestGate gate = cluster.gate();
            assertThat(gate.write(1, 0, 0, BLOCK, 1).await()).isEqualTo(AnswerCode.OK);
            cluster.on(1).disk().latency((operation, length) -> 5 * MS_NS);
            final List<TestGate.Request> reads = new ArrayList<>();
            for (int index = 0; index < 3; index++) {
                reads.add(gate.read(1, 0, 0, BLOCK));
            }
            reads.forEach(each -> assertThat(each.await()).isEqualTo(AnswerCode.OK));
            final List<Long> waits = reads.stream()
                    .map(each -> ServiceTimes.queueNs(each.answerBody()) / (5 * MS_NS))
                    .sorted()
                    .toList();
            assertThat(waits).containsExactly(0L, 1L, 2L);
        }
    }

    @Test
    void aGateOfVersion1IsNotTold() {
        assertThat(answerLength(1, AnswerCode.OK)).isEqualTo(AnswerBody.BYTES);
        assertThat(answerLength(ProtocolVersions.STAGE_TIMES, AnswerCode.OK)).isEqualTo(ServiceTimes.BYTES);
        assertThat(answerLength(ProtocolVersions.STAGE_TIMES, AnswerCode.BUSY)).isEqualTo(AnswerBody.BYTES);
    }

    private static int answerLength(int version, AnswerCode code) {
        try (TestCluster cluster = new TestCluster(1)) {
            final FakeIncoming in = new FakeIncoming(cluster.arena(), new Spoken(version));
            new Timing().answer(cluster.on(1).device(), in, code, 1, 0);
            assertThat(in.code()).isEqualTo(code.code());
            return in.answerLength();
        }
    }

    @Test
    void ofMoreThanTwoCopiesTheSlowestAreToldInTheirOrder() {
        try (TestCluster cluster = new TestCluster(1)) {
            final Timing timing = new Timing();
            timing.arrived(0);
            timing.begun(10);
            timing.stored(12);
            timing.copied(0, 11, 20);
            timing.copied(3, 14, 70);
            timing.copied(1, 12, 90);
            final FakeIncoming in = new FakeIncoming(cluster.arena(), new Spoken(ProtocolVersions.CURRENT.most()));
            timing.answer(cluster.on(1).device(), in, AnswerCode.OK, 1, 0);
            final MemorySegment told = in.answerBody();
            assertThat(ServiceTimes.queueNs(told)).isEqualTo(10);
            assertThat(ServiceTimes.storeNs(told)).isEqualTo(2);
            assertThat(ServiceTimes.replica1(told)).isEqualTo(12);
            assertThat(ServiceTimes.replica1Ns(told)).isEqualTo(80);
            assertThat(ServiceTimes.replica2(told)).isEqualTo(14);
            assertThat(ServiceTimes.replica2Ns(told)).isEqualTo(60);
        }
    }

    /// A connection on which a version of the protocol is spoken, and nothing else happens.
    private record Spoken(int version) implements Connection {
        @Override
        public boolean send(Call call) {
            return false;
        }

        @Override
        public ConnectionState state() {
            return ConnectionState.READY;
        }

        @Override
        public PeerIdentity peer() {
            return new PeerIdentity(PeerIdentity.Role.GATE, 0, "gate");
        }

        @Override
        public int payloadBytesMax() {
            return 0;
        }

        @Override
        public int inFlight() {
            return 0;
        }

        @Override
        public boolean endedByPeer() {
            return false;
        }

        @Override
        public void close() {}
    }
}
