package io.basalt.chunk;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.chunk.ChunkCounters.Counter;
import io.basalt.chunk.schedule.ScheduleSettings;
import io.basalt.wire.data.AnswerCode;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// What becomes of blocks that rot on one copy, or on all.
class ScrubTest {
    private static final int BLOCK = TestCluster.BLOCK;
    private static final long RATE = 1 << 30;
    private static final long REST_NS = 10_000_000;

    private static void scrub(TestCluster cluster, int id) {
        cluster.on(id).device().scrub().rate(RATE, REST_NS);
    }

    private static long count(TestCluster cluster, int id, Counter counter) {
        return cluster.on(id).device().counters().value(counter);
    }

    private static void awaitTwoWalks(TestCluster cluster, int id) {
        final long walks = cluster.on(id).device().scrub().status().walks();
        cluster.await(
                "two walks of device " + id,
                () -> cluster.on(id).device().scrub().status().walks() >= walks + 2);
    }

    @Test
    void aBlockThatHasRottedOnASecondaryIsWrittenAgainByItsPrimary() {
        try (TestCluster cluster = new TestCluster(3)) {
            final TestGate gate = cluster.gate();
            cluster.fill(gate, 1, 0, 0x11);
            cluster.on(2).rotBlock(0, 5);
            cluster.on(2).rotBlock(0, 6);
            cluster.on(2).rotBlock(0, 31);
            scrub(cluster, 2);
            awaitTwoWalks(cluster, 2);
            assertThat(count(cluster, 2, Counter.CORRUPT_FOUND)).isEqualTo(3);
            assertThat(count(cluster, 2, Counter.REPAIRED)).isEqualTo(3);
            assertThat(count(cluster, 1, Counter.REPAIRED_FOR_OTHERS)).isEqualTo(3);
            assertThat(count(cluster, 1, Counter.CORRUPT_FOUND)).isZero();
            cluster.configure(List.of(2, 3, 1), List.of(2));
            cluster.awaitServing(2);
            assertThat(cluster.reads(gate, 2, 0, 0x11)).isTrue();
            assertThat(count(cluster, 2, Counter.CORRUPT_FOUND)).isEqualTo(3);
        }
    }

    @Test
    void aBlockThatHasRottedOnThePrimaryIsFoundBeforeAClientReadsIt() {
        try (TestCluster cluster = new TestCluster(3)) {
            final TestGate gate = cluster.gate();
            cluster.fill(gate, 1, 0, 0x11);
            cluster.on(1).rotBlock(0, 0);
            scrub(cluster, 1);
            awaitTwoWalks(cluster, 1);
            assertThat(count(cluster, 1, Counter.REPAIRED)).isEqualTo(1);
            cluster.configure(List.of(1, 2, 3), List.of(1));
            cluster.awaitServing(1);
            assertThat(cluster.reads(gate, 1, 0, 0x11)).isTrue();
        }
    }

    @Test
    void whatNoCopyCanGiveStaysUnreadableAndItsNeighboursAreRepaired() {
        try (TestCluster cluster = new TestCluster(2)) {
            final TestGate gate = cluster.gate();
            cluster.fill(gate, 1, 0, 0x11);
            cluster.on(1).rotBlock(0, 4);
            cluster.on(1).rotBlock(0, 5);
            cluster.on(2).rotBlock(0, 5);
            scrub(cluster, 1);
            awaitTwoWalks(cluster, 1);
            assertThat(count(cluster, 1, Counter.REPAIRED)).isEqualTo(1);
            assertThat(count(cluster, 1, Counter.UNREPAIRABLE)).isPositive();
            assertThat(gate.read(1, 0, 5 * BLOCK, BLOCK).await()).isEqualTo(AnswerCode.CORRUPT);
            final TestGate.Request good = gate.read(1, 0, 4 * BLOCK, BLOCK);
            assertThat(good.await()).isEqualTo(AnswerCode.OK);
            assertThat(good.isAll(0x11)).isTrue();
            assertThat(cluster.settled(() -> gate.write(1, 0, 5 * BLOCK, BLOCK, 0x22)))
                    .isEqualTo(AnswerCode.OK);
            final TestGate.Request anew = gate.read(1, 0, 5 * BLOCK, BLOCK);
            assertThat(anew.await()).isEqualTo(AnswerCode.OK);
            assertThat(anew.isAll(0x22)).isTrue();
        }
    }

    @Test
    void aCopyWhoseMapIsLostIsWrittenAgainWithoutAnyMessageFromAClient() {
        try (TestCluster cluster = new TestCluster(3)) {
            final TestGate gate = cluster.gate();
            cluster.fill(gate, 1, 0, 0x11);
            cluster.on(2).stop();
            cluster.on(2).rotPage(0, 1);
            cluster.on(2).start();
            cluster.await("device 2 to open", () -> cluster.on(2).isOpen());
            scrub(cluster, 2);
            cluster.await(
                    "the shard to be whole",
                    () -> cluster.on(2).device().scrub().status().walks() > 1
                            && cluster.on(2).store().capacity().blocksMapped() == TestCluster.SHARD / BLOCK);
            assertThat(cluster.on(2).store().shardDamaged(TestGate.PART, 0)).isFalse();
            cluster.configure(List.of(2, 3, 1), List.of(2));
            cluster.awaitServing(2);
            assertThat(cluster.reads(gate, 2, 0, 0x11)).isTrue();
        }
    }

    @Test
    void aDeviceFormattedInPlaceOfALostOneReadsNoZerosAndIsCompleteWhenAllCopiesAreWhole() {
        try (TestCluster cluster = new TestCluster(3)) {
            final TestGate gate = cluster.gate();
            cluster.fill(gate, 1, 0, 0x11);
            cluster.fill(gate, 1, 1, 0x12);
            cluster.on(1).kill();
            cluster.on(1).formatInPlace();
            cluster.on(1).start();
            cluster.awaitServing(1);
            assertThat(cluster.reads(gate, 1, 1, 0x12)).isTrue();
            assertThat(cluster.reads(gate, 1, 0, 0x11)).isTrue();
            final TestGate.Request thin = gate.read(1, 3, 0, BLOCK);
            assertThat(cluster.settled(() -> thin)).isEqualTo(AnswerCode.OK);
            assertThat(thin.isAll(0)).isTrue();
            cluster.await(
                    "device 1 to be complete", () -> !cluster.on(1).store().isIncomplete());
            cluster.configure(List.of(1, 2, 3), List.of(1));
            cluster.awaitServing(1);
            assertThat(cluster.reads(gate, 1, 3, 0)).isTrue();
            assertThat(cluster.reads(gate, 1, 0, 0x11)).isTrue();
            assertThat(cluster.reads(gate, 1, 1, 0x12)).isTrue();
        }
    }

    @Test
    void aDeviceFormattedInPlaceOfTheLastCopyReadsNoZeros() {
        try (TestCluster cluster = new TestCluster(1)) {
            final TestGate gate = cluster.gate();
            cluster.fill(gate, 1, 0, 0x11);
            cluster.on(1).kill();
            cluster.on(1).formatInPlace();
            cluster.on(1).start();
            cluster.awaitServing(1);
            assertThat(gate.read(1, 0, 0, BLOCK).await()).isEqualTo(AnswerCode.CORRUPT);
            cluster.run(1_000_000_000);
            assertThat(gate.read(1, 0, 0, BLOCK).await()).isEqualTo(AnswerCode.CORRUPT);
        }
    }

    @Test
    void theWalkGoesOnBesideClientsThatCouldUseAllOfTheDevice() {
        final ChunkSettings shallow = TestCluster.SETTINGS.withSchedule(ScheduleSettings.SSD.withDepth(1));
        try (TestCluster cluster = new TestCluster(1, shallow, 0)) {
            final TestGate gate = cluster.gate();
            cluster.fill(gate, 1, 0, 0x11);
            scrub(cluster, 1);
            awaitTwoWalks(cluster, 1);
            final ScrubStatus before = cluster.on(1).device().scrub().status();
            final List<TestGate.Request> reads = new ArrayList<>();
            final long[] sent = new long[1];
            cluster.await("a walk beside clients", () -> {
                reads.removeIf(TestGate.Request::isOver);
                while (reads.size() < 4) {
                    reads.add(gate.read(1, 0, 0, BLOCK));
                    sent[0]++;
                }
                return cluster.on(1).device().scrub().status().walks() >= before.walks() + 3;
            });
            final ScrubStatus after = cluster.on(1).device().scrub().status();
            assertThat(after.pausedNs()).as("time that clients needed").isGreaterThan(before.pausedNs());
            assertThat(sent[0]).as("reads beside six pieces").isGreaterThan(60);
        }
    }
}
