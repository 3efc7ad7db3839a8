package io.basalt.chunk;

import static io.basalt.chunk.TestCluster.BLOCK;
import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.chunk.ChunkCounters.Counter;
import io.basalt.chunk.schedule.ScheduleSettings;
import io.basalt.wire.data.AnswerCode;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// What gates hear of a device that does one thing at a time, and what becomes of what waits for it.
class OverloadTest {
    private static final int QUEUE = 8;
    private static final ChunkSettings SETTINGS =
            TestCluster.SETTINGS.withSchedule(ScheduleSettings.SSD.withDepth(1).withQueueMax(QUEUE));

    private final TestCluster cluster = new TestCluster(2, SETTINGS, 0);
    private final TestGate gate = cluster.gate();

    @AfterEach
    void close() {
        cluster.close();
    }

    private long count(Counter counter) {
        return cluster.on(1).device().counters().value(counter);
    }

    private List<TestGate.Request> readALot(int count) {
        final List<TestGate.Request> reads = new ArrayList<>();
        for (int index = 0; index < count; index++) {
            reads.add(gate.read(1, index % 8, 0, BLOCK));
        }
        return reads;
    }

    @Test
    void whatCannotBeServedInTimeIsRefusedWithATime() {
        final List<TestGate.Request> reads = readALot(60);
        reads.forEach(TestGate.Request::await);
        final List<TestGate.Request> refused = reads.stream()
                .filter(each -> each.answer() == AnswerCode.OVERLOADED)
                .toList();
        assertThat(refused).isNotEmpty();
        assertThat(refused).allMatch(each -> each.value() > 0 && each.epoch() == cluster.epoch());
        assertThat(reads).filteredOn(each -> each.answer() == AnswerCode.OK).hasSizeGreaterThanOrEqualTo(QUEUE);
        assertThat(count(Counter.OVERLOADED)).isEqualTo(refused.size());
        assertThat(cluster.on(1).device().isIdle()).isTrue();
        assertThat(cluster.on(1).device().schedule().inFlight()).isZero();
    }

    @Test
    void aChangeThatWasRefusedIsExecutedOnceWhenItComesAgain() {
        final List<TestGate.Request> writes = new ArrayList<>();
        for (int index = 0; index < 40; index++) {
            writes.add(gate.write(1, 0, index % 4 * BLOCK, BLOCK, index));
        }
        writes.forEach(TestGate.Request::await);
        assertThat(writes).anyMatch(each -> each.answer() == AnswerCode.OVERLOADED);
        for (int index = 0; index < writes.size(); index++) {
            final int number = index;
            if (writes.get(number).answer() != AnswerCode.OK) {
                assertThat(cluster.settled(() -> gate.repeatWrite(1, 0, number % 4 * BLOCK, BLOCK, number, number + 1)))
                        .isEqualTo(AnswerCode.OK);
            }
        }
        assertThat(count(Counter.CHANGES)).isEqualTo(40);
        assertThat(count(Counter.REPEATED)).isZero();
    }

    @Test
    void aRetryOfAChangeThatWaitsJoinsIt() {
        final List<TestGate.Request> reads = readALot(4);
        final TestGate.Request write = gate.write(1, 9, 0, BLOCK, 0x33);
        final TestGate.Request again = gate.repeatWrite(1, 9, 0, BLOCK, 0x33, gate.sequence());
        assertThat(write.await()).isEqualTo(AnswerCode.OK);
        assertThat(again.await()).isEqualTo(AnswerCode.OK);
        reads.forEach(TestGate.Request::await);
        assertThat(count(Counter.CHANGES)).isEqualTo(1);
        assertThat(count(Counter.REPEATED)).isEqualTo(1);
    }

    @Test
    void whatWaitsIsNotExecutedWhenAnotherDeviceLeads() {
        final List<TestGate.Request> all = new ArrayList<>();
        for (int index = 0; index < QUEUE; index++) {
            all.add(gate.write(1, index, 0, BLOCK, 0x44));
            all.add(gate.read(1, index, 0, BLOCK));
        }
        cluster.configure(List.of(2, 1), List.of(1, 2));
        all.forEach(TestGate.Request::await);
        cluster.awaitServing(2);
        assertThat(cluster.on(1).device().isIdle()).isTrue();
        assertThat(cluster.settled(() -> gate.write(2, 0, 0, BLOCK, 0x55))).isEqualTo(AnswerCode.OK);
        assertThat(cluster.on(2).device().isIdle()).isTrue();
    }
}
