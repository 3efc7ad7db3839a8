package io.basalt.chunk;

import static io.basalt.chunk.TestCluster.BLOCK;
import static io.basalt.chunk.TestCluster.SETTINGS;
import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.chunk.ChunkCounters.Counter;
import io.basalt.wire.data.AnswerCode;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Shards of deleted volumes are freed, in the background, by each device for itself.
class SweepTest {
    private static final long SWEEP_NS = SETTINGS.sweepNs();
    private static final int SHARDS = 40;
    private static final long[] DELETED = {TestGate.PART};

    private final TestCluster cluster = new TestCluster(2);
    private final TestGate gate = cluster.gate();

    @AfterEach
    void close() {
        cluster.close();
    }

    @Test
    void tellsWhichPartsItHolds() {
        writeShards();
        cluster.await("the first walk", () -> cluster.partsHeldBy(1).length > 0 && cluster.partsHeldBy(2).length > 0);
        assertThat(cluster.partsHeldBy(1)).containsExactly(TestGate.PART);
        assertThat(cluster.partsHeldBy(2)).containsExactly(TestGate.PART);
    }

    @Test
    void freesTheShardsOfADeletedPartAndNoOthers() {
        writeShards();
        cluster.on(1).device().partsDeleted(new long[] {TestGate.PART + 1});
        cluster.run(2 * SWEEP_NS);
        assertThat(cluster.on(1).store().capacity().shards()).isEqualTo(SHARDS);
        cluster.on(1).device().partsDeleted(DELETED);
        cluster.await(
                "device 1 to be empty", () -> cluster.on(1).store().capacity().slotsUsed() == 0);
        assertThat(cluster.on(1).device().counters().value(Counter.SHARDS_FREED))
                .isEqualTo(SHARDS);
        assertThat(cluster.on(2).store().capacity().slotsUsed())
                .as("each device waits until it is told")
                .isEqualTo(SHARDS);
    }

    @Test
    void freesTheShardsOfAPlacementGroupThatHasLeftOnceItsCopiesElsewhereAreInSync() {
        try (TestCluster three = new TestCluster(3)) {
            final TestGate writer = three.gate();
            three.configure(List.of(1, 2, 3), List.of(1, 2));
            three.on(3).stop();
            three.awaitServing(1);
            for (int shard = 0; shard < 5; shard++) {
                three.fill(writer, 1, shard, 0x11);
            }
            three.configure(List.of(1, 3), List.of(1));
            three.run(3 * SWEEP_NS);
            assertThat(three.on(2).store().capacity().shards())
                    .as("device 3 has nothing yet")
                    .isEqualTo(5);
            three.on(3).start();
            three.await("device 3 to be in sync", () -> three.isInSync(3));
            three.await(
                    "device 2 to be empty", () -> three.on(2).store().capacity().slotsUsed() == 0);
            three.configure(List.of(2, 1, 3), List.of(1, 3));
            three.await("device 2 to be back", () -> three.isInSync(2));
            three.awaitServing(2);
            for (int shard = 0; shard < 5; shard++) {
                assertThat(three.reads(writer, 2, shard, 0x11)).isTrue();
            }
        }
    }

    @Test
    void freesAFewShardsAtEachTick() {
        writeShards();
        cluster.on(1).device().partsDeleted(DELETED);
        cluster.run(2 * SETTINGS.tickNs());
        assertThat(cluster.on(1).device().counters().value(Counter.SHARDS_FREED))
                .isGreaterThan(0)
                .isLessThanOrEqualTo(2L * Sweep.FREED_MAX);
    }

    @Test
    void beingToldAgainChangesNothing() {
        writeShards();
        cluster.on(1).device().partsDeleted(DELETED);
        cluster.await(
                "device 1 to be empty", () -> cluster.on(1).store().capacity().slotsUsed() == 0);
        cluster.on(1).device().partsDeleted(DELETED);
        cluster.run(2 * SWEEP_NS);
        assertThat(cluster.on(1).device().counters().value(Counter.SHARDS_FREED))
                .isEqualTo(SHARDS);
    }

    @Test
    void aProcessThatDiesMidwayAsksAgainAndGoesOn() {
        writeShards();
        cluster.on(1).device().partsDeleted(DELETED);
        cluster.run(SETTINGS.tickNs());
        cluster.on(1).kill();
        cluster.on(1).start();
        cluster.await("device 1 to open", () -> cluster.on(1).isOpen());
        assertThat(cluster.on(1).store().capacity().shards()).isPositive();
        cluster.await("the first walk", () -> cluster.partsHeldBy(1).length > 0);
        cluster.on(1).device().partsDeleted(DELETED);
        cluster.await(
                "device 1 to be empty", () -> cluster.on(1).store().capacity().slotsUsed() == 0);
    }

    @Test
    void aCopyThatHasNotFreedThemYetDoesNotGiveThemBack() {
        writeShards();
        cluster.on(1).device().partsDeleted(DELETED);
        cluster.await(
                "device 1 to be empty", () -> cluster.on(1).store().capacity().slotsUsed() == 0);
        cluster.on(1).device().partsDeleted(DELETED);
        cluster.configure(List.of(2, 1), List.of(1, 2));
        cluster.on(2).device().partsDeleted(DELETED);
        cluster.awaitServing(2);
        cluster.configure(List.of(1, 2), List.of(1, 2));
        cluster.awaitServing(1);
        assertThat(cluster.on(1).store().capacity().slotsUsed()).isZero();
        cluster.await(
                "device 2 to be empty", () -> cluster.on(2).store().capacity().slotsUsed() == 0);
    }

    private void writeShards() {
        for (int shard = 0; shard < SHARDS; shard++) {
            assertThat(gate.write(1, shard, 0, BLOCK, shard).await()).isEqualTo(AnswerCode.OK);
        }
    }
}
