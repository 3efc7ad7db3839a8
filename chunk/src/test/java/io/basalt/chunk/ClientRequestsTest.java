package io.basalt.chunk;

import static io.basalt.chunk.TestCluster.BLOCK;
import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.chunk.ChunkCounters.Counter;
import io.basalt.wire.data.AnswerCode;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// What a device answers to gates: who may ask, in which epoch, under which attachment, and how often.
class ClientRequestsTest {
    private final TestCluster cluster = new TestCluster(2);
    private final TestGate gate = cluster.gate();

    @AfterEach
    void close() {
        cluster.close();
    }

    @Test
    void aReadFindsWhatWasWritten() {
        assertThat(gate.write(1, 0, BLOCK, 2 * BLOCK, 0x11).await()).isEqualTo(AnswerCode.OK);
        assertThat(gate.write(1, 0, BLOCK + 512, 1024, 0x22).await()).isEqualTo(AnswerCode.OK);
        final TestGate.Request old = gate.read(1, 0, BLOCK, 512);
        assertThat(old.await()).isEqualTo(AnswerCode.OK);
        assertThat(old.isAll(0x11)).isTrue();
        final TestGate.Request merged = gate.read(1, 0, BLOCK + 512, 1024);
        assertThat(merged.await()).isEqualTo(AnswerCode.OK);
        assertThat(merged.isAll(0x22)).isTrue();
        final TestGate.Request never = gate.read(1, 1, 0, BLOCK);
        assertThat(never.await()).isEqualTo(AnswerCode.OK);
        assertThat(never.isAll(0)).isTrue();
    }

    @Test
    void aSecondaryTakesNoRequestsOfGates() {
        assertThat(gate.write(2, 0, 0, BLOCK, 1).await()).isEqualTo(AnswerCode.NOT_PRIMARY);
        assertThat(gate.read(2, 0, 0, BLOCK).await()).isEqualTo(AnswerCode.NOT_PRIMARY);
    }

    @Test
    void aRequestOfAnOlderEpochIsToldTheNewerOne() {
        cluster.configure(List.of(1, 2), List.of(1));
        cluster.awaitServing(1);
        final TestGate.Request late = gate.writeInEpoch(1, 0, 1);
        assertThat(late.await()).isEqualTo(AnswerCode.STALE_EPOCH);
        assertThat(late.epoch()).isEqualTo(2);
        assertThat(gate.writeInEpoch(1, 0, 2).await()).isEqualTo(AnswerCode.OK);
    }

    @Test
    void aRequestOfANewerEpochIsToBeSentAgain() {
        assertThat(gate.writeInEpoch(1, 0, 9).await())
                .as("the map has not come yet")
                .isEqualTo(AnswerCode.NO_LEASE);
    }

    @Test
    void anOlderAttachmentIsFencedAndToldTheNewerGeneration() {
        cluster.raise(5);
        final TestGate.Request late = gate.write(1, 0, 0, BLOCK, 0x66);
        assertThat(late.await()).isEqualTo(AnswerCode.FENCED);
        assertThat(late.value()).isEqualTo(5);
        assertThat(gate.read(1, 0, 0, BLOCK).await())
                .as("reads too: its cache is not the guest's any more")
                .isEqualTo(AnswerCode.FENCED);
        gate.generation(5);
        final TestGate.Request read = gate.read(1, 0, 0, BLOCK);
        assertThat(read.await()).isEqualTo(AnswerCode.OK);
        assertThat(read.isAll(0)).as("what was fenced had no effect").isTrue();
    }

    @Test
    void aChangeThatComesTwiceIsExecutedOnceAndAnsweredTwice() {
        assertThat(gate.write(1, 0, 0, BLOCK, 0x11).await()).isEqualTo(AnswerCode.OK);
        final long first = gate.sequence();
        assertThat(gate.write(1, 0, 0, BLOCK, 0x22).await()).isEqualTo(AnswerCode.OK);
        assertThat(gate.repeatWrite(1, 0, 0, BLOCK, 0x11, first).await()).isEqualTo(AnswerCode.OK);
        final TestGate.Request read = gate.read(1, 0, 0, BLOCK);
        assertThat(read.await()).isEqualTo(AnswerCode.OK);
        assertThat(read.isAll(0x22)).as("the old change does not come back").isTrue();
        assertThat(cluster.on(1).device().counters().value(Counter.REPEATED)).isEqualTo(1);
    }

    @Test
    void aChangeThatComesAgainWhileItIsUnderWayGetsTheSameAnswer() {
        cluster.network().partition("host1", "host2", true);
        final TestGate.Request first = gate.write(1, 0, 0, BLOCK, 0x11);
        cluster.run(2_000_000);
        final TestGate.Request again = gate.repeatWrite(1, 0, 0, BLOCK, 0x11, gate.sequence());
        cluster.run(2_000_000);
        assertThat(first.isOver()).isFalse();
        assertThat(again.isOver()).isFalse();
        cluster.network().heal();
        assertThat(first.await()).isEqualTo(AnswerCode.OK);
        assertThat(again.await()).isEqualTo(AnswerCode.OK);
        assertThat(cluster.on(1).device().counters().value(Counter.CHANGES)).isEqualTo(1);
    }

    @Test
    void aChangeBelowTheOldestOutstandingOneIsNotExecuted() {
        for (int i = 0; i < 60; i++) {
            assertThat(gate.write(1, 0, 0, BLOCK, i).await()).isEqualTo(AnswerCode.OK);
        }
        final TestGate.Request late = gate.repeatWrite(1, 0, 0, BLOCK, 0x77, 2);
        assertThat(late.await()).isEqualTo(AnswerCode.STALE_REQUEST);
    }

    @Test
    void overlappingWritesAreAppliedInTheOrderOfArrivalOnEveryCopy() {
        final TestGate.Request[] writes = new TestGate.Request[8];
        for (int i = 0; i < writes.length; i++) {
            writes[i] = gate.write(1, 0, (i % 3) * BLOCK, 3 * BLOCK, 0x40 + i);
        }
        for (final TestGate.Request each : writes) {
            assertThat(each.await()).isEqualTo(AnswerCode.OK);
        }
        final int[] last = {6, 7, 7, 7, 5};
        for (int copy = 1; copy <= 2; copy++) {
            cluster.configure(List.of(copy, 3 - copy), List.of(1, 2));
            cluster.awaitServing(copy);
            for (int block = 0; block < last.length; block++) {
                final int at = block;
                final int from = copy;
                final TestGate.Request[] read = new TestGate.Request[1];
                assertThat(cluster.settled(() -> read[0] = gate.read(from, 0, at * BLOCK, BLOCK)))
                        .isEqualTo(AnswerCode.OK);
                assertThat(read[0].isAll(0x40 + last[block]))
                        .as("block " + block + " on device " + copy)
                        .isTrue();
            }
        }
    }
}
