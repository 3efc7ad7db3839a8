package io.basalt.chunk;

import static io.basalt.chunk.TestCluster.BLOCK;
import static io.basalt.chunk.TestCluster.SETTINGS;
import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.chunk.ChunkCounters.Counter;
import io.basalt.store.chunk.StoreCounters;
import io.basalt.wire.data.AnswerCode;
import java.util.List;
import org.junit.jupiter.api.Test;

/// How soon the others go on without a device that is gone, and what they have to compare when it is back.
class FailOverTest {
    private static final int SHARDS = 12;

    @Test
    void aPromiseEndsWithTheProcessItWasGivenTo() {
        try (TestCluster cluster = new TestCluster(3)) {
            final TestGate gate = cluster.gate();
            assertThat(gate.write(1, 0, 0, BLOCK, 0x11).await()).isEqualTo(AnswerCode.OK);
            cluster.run(SETTINGS.leaseNs());
            final long killedNs = cluster.clock().nanoTime();
            cluster.on(1).kill();
            cluster.configure(List.of(1, 2, 3), List.of(2, 3));
            cluster.awaitServing(2);
            assertThat(cluster.clock().nanoTime() - killedNs).isLessThan(SETTINGS.leaseNs() / 2);
            assertThat(gate.read(2, 0, 0, BLOCK).await()).isEqualTo(AnswerCode.OK);
        }
    }

    @Test
    void aPromiseOutlivesAConnectionThatIsLostOnTheWay() {
        try (TestCluster cluster = new TestCluster(3)) {
            final TestGate gate = cluster.gate();
            assertThat(gate.write(1, 0, 0, BLOCK, 0x11).await()).isEqualTo(AnswerCode.OK);
            cluster.grants(false);
            cluster.run(SETTINGS.leaseNs());
            for (final String other : List.of("host2", "host3")) {
                cluster.network().partition("host1", other, true);
                cluster.network().partition(other, "host1", true);
            }
            final long lostNs = cluster.clock().nanoTime();
            assertThat(cluster.network().disconnect("host1", "host2")).isPositive();
            assertThat(cluster.network().disconnect("host1", "host3")).isPositive();
            cluster.configureFor(List.of(2, 3), List.of(2, 3, 1), List.of(2, 3));
            cluster.awaitServing(2);
            assertThat(cluster.clock().nanoTime() - lostNs)
                    .as("the first primary may not have heard, and may serve reads under its lease")
                    .isGreaterThan(SETTINGS.leaseNs() / 2);
        }
    }

    @Test
    void aCopyWhoseProcessHasEndedIsWishedAwayAtOnce() {
        try (TestCluster cluster = new TestCluster(3)) {
            final TestGate gate = cluster.gate();
            assertThat(gate.write(1, 0, 0, BLOCK, 0x11).await()).isEqualTo(AnswerCode.OK);
            final long killedNs = cluster.clock().nanoTime();
            cluster.on(3).kill();
            assertThat(gate.write(1, 0, 0, BLOCK, 0x22).await()).isEqualTo(AnswerCode.OK);
            assertThat(cluster.clock().nanoTime() - killedNs).isLessThan(SETTINGS.leaseNs() / 2);
            assertThat(cluster.wishes()).containsExactly("remove 3");
        }
    }

    @Test
    void aCopyThatAnswersNoHeartbeatIsWishedAwayAfterALease() {
        try (TestCluster cluster = new TestCluster(3)) {
            final TestGate gate = cluster.gate();
            assertThat(gate.write(1, 0, 0, BLOCK, 0x11).await()).isEqualTo(AnswerCode.OK);
            final long silentNs = cluster.clock().nanoTime();
            cluster.network().partition("host3", "host1", true);
            assertThat(gate.write(1, 0, 0, BLOCK, 0x22).await()).isEqualTo(AnswerCode.OK);
            final long stalledNs = cluster.clock().nanoTime() - silentNs;
            assertThat(stalledNs).isBetween(SETTINGS.leaseNs() / 3, 2 * SETTINGS.leaseNs());
            cluster.network().heal();
            cluster.await("device 3 to be in sync again", () -> cluster.isInSync(3));
        }
    }

    @Test
    void aPrimaryThatStoodStillSuspectsNobodyForIt() {
        try (TestCluster cluster = new TestCluster(3)) {
            final TestGate gate = cluster.gate();
            assertThat(gate.write(1, 0, 0, BLOCK, 0x11).await()).isEqualTo(AnswerCode.OK);
            cluster.on(1).standStill(true);
            cluster.run(2 * SETTINGS.leaseNs());
            cluster.on(1).standStill(false);
            assertThat(cluster.settled(() -> gate.write(1, 0, 0, BLOCK, 0x22))).isEqualTo(AnswerCode.OK);
            cluster.run(2 * SETTINGS.leaseNs());
            assertThat(cluster.wishes()).isEmpty();
        }
    }

    @Test
    void aConnectionThatIsMadeAnewAtOnceIsNoReasonToSuspect() {
        try (TestCluster cluster = new TestCluster(3)) {
            final TestGate gate = cluster.gate();
            for (int time = 0; time < 20; time++) {
                cluster.network().disconnect("host1", "host2");
                assertThat(cluster.settled(() -> gate.write(1, 0, 0, BLOCK, 0x22)))
                        .isEqualTo(AnswerCode.OK);
            }
            assertThat(cluster.wishes()).isEmpty();
        }
    }

    @Test
    void aChangeWaitsWhileTooFewCopiesAreInSyncAndAReadDoesNot() {
        try (TestCluster cluster = new TestCluster(3)) {
            final TestGate gate = cluster.gate();
            assertThat(gate.write(1, 0, 0, BLOCK, 0x11).await()).isEqualTo(AnswerCode.OK);
            cluster.minCopies(2);
            cluster.grants(false);
            cluster.on(2).kill();
            cluster.on(3).kill();
            final TestGate.Request underWay = gate.write(1, 0, 0, BLOCK, 0x22);
            cluster.run(5_000_000);
            cluster.configure(List.of(1, 2, 3), List.of(1));
            assertThat(underWay.await()).as("the gate has to ask again").isEqualTo(AnswerCode.NOT_PRIMARY);
            assertThat(gate.write(1, 0, 0, BLOCK, 0x33).await()).isEqualTo(AnswerCode.NO_LEASE);
            assertThat(cluster.settled(() -> gate.read(1, 0, 0, BLOCK))).isEqualTo(AnswerCode.OK);
            cluster.grants(true);
            cluster.on(2).start();
            cluster.await("device 2 to be in sync", () -> cluster.isInSync(2));
            assertThat(cluster.settled(() -> gate.write(1, 0, 0, BLOCK, 0x33))).isEqualTo(AnswerCode.OK);
        }
    }

    @Test
    void aPrimaryThatWaitsForASilentCopyBringsInAnotherOne() {
        try (TestCluster cluster = new TestCluster(3)) {
            final TestGate gate = cluster.gate();
            cluster.minCopies(2);
            cluster.on(3).kill();
            cluster.await("device 3 to be out of sync", () -> !cluster.isInSync(3));
            assertThat(gate.write(1, 0, 0, BLOCK, 0x11).await()).isEqualTo(AnswerCode.OK);
            cluster.grants(false);
            cluster.on(1).kill();
            cluster.configure(List.of(2, 1, 3), List.of(1, 2));
            cluster.on(3).start();
            cluster.await(
                    "device 2 to have brought device 3 in",
                    () -> cluster.wishes().contains("add 3"));
            assertThat(cluster.on(2).device().state(0)).isEqualTo(PgState.PREPARING);
            cluster.configure(List.of(2, 1, 3), List.of(2, 3));
            cluster.awaitServing(2);
            isRead(cluster, gate, 2, 0x11);
            assertThat(gate.write(2, 0, 0, BLOCK, 0x22).await()).isEqualTo(AnswerCode.OK);
        }
    }

    @Test
    void aPrimaryThatServesAndCannotDoWithoutASilentCopyBringsInAnotherOne() {
        try (TestCluster cluster = new TestCluster(3)) {
            final TestGate gate = cluster.gate();
            cluster.minCopies(2);
            // Device 3 has seen a write that nobody else has.
            assertThat(gate.write(1, 0, 0, BLOCK, 0x11).await()).isEqualTo(AnswerCode.OK);
            cluster.configure(List.of(3, 1, 2), List.of(1, 2, 3));
            cluster.awaitServing(3);
            cluster.grants(false);
            cluster.on(1).kill();
            cluster.on(2).kill();
            gate.write(3, 0, 0, BLOCK, 0x55);
            cluster.run(5_000_000);
            cluster.on(3).kill();
            cluster.on(1).start();
            cluster.on(2).start();
            cluster.configure(List.of(1, 2, 3), List.of(1, 2));
            cluster.awaitServing(1);
            // Device 2 is silent while a change is under way, and there is none but device 3 to stand in for it.
            cluster.on(2).kill();
            final TestGate.Request underWay = gate.write(1, 0, BLOCK, BLOCK, 0x33);
            cluster.on(3).start();
            cluster.await(
                    "device 1 to have brought device 3 in",
                    () -> cluster.wishes().contains("add 3"));
            cluster.configure(List.of(1, 2, 3), List.of(1, 3));
            cluster.awaitServing(1);
            assertThat(underWay.await().isRetried()).isTrue();
            isRead(cluster, gate, 1, 0x11);
            cluster.on(2).start();
            cluster.configure(List.of(3, 1, 2), List.of(1, 3));
            cluster.awaitServing(3);
            isRead(cluster, gate, 3, 0x11);
        }
    }

    @Test
    void aSilentCopyThatIsBackFirstIsBroughtTogetherWithItsPrimaryBeforeThatServes() {
        try (TestCluster cluster = new TestCluster(3)) {
            final TestGate gate = cluster.gate();
            cluster.minCopies(2);
            writeShards(cluster, gate);
            cluster.on(3).kill();
            cluster.await("device 3 to be out of sync", () -> !cluster.isInSync(3));
            cluster.grants(false);
            cluster.on(1).kill();
            cluster.configure(List.of(2, 1, 3), List.of(1, 2));
            cluster.on(3).start();
            cluster.await(
                    "device 2 to bring device 3 in", () -> cluster.wishes().contains("add 3"));
            cluster.on(1).start();
            cluster.awaitServing(2);
            isRead(cluster, gate, 2, 0x11);
            cluster.grants(true);
            cluster.await("device 3 to be in sync", () -> cluster.isInSync(3));
        }
    }

    @Test
    void aSilentCopyThatIsBackWhileAnotherOneIsBroughtInKeepsThatOneFromNothing() {
        try (TestCluster cluster = new TestCluster(3)) {
            final TestGate gate = cluster.gate();
            cluster.minCopies(2);
            writeShards(cluster, gate);
            cluster.on(3).kill();
            cluster.await("device 3 to be out of sync", () -> !cluster.isInSync(3));
            cluster.grants(false);
            cluster.network().partition("host1", "host2", true);
            cluster.configureFor(List.of(2), List.of(2, 1, 3), List.of(1, 2));
            cluster.on(3).start();
            cluster.await(
                    "device 2 to compare device 3",
                    () -> cluster.on(2).device().describe().contains("brings up"));
            cluster.on(1).kill();
            cluster.network().heal();
            cluster.on(1).start();
            cluster.awaitServing(2);
            isRead(cluster, gate, 2, 0x11);
            cluster.grants(true);
            cluster.await("device 3 to be in sync", () -> cluster.isInSync(3));
        }
    }

    private static void isRead(TestCluster cluster, TestGate gate, int device, int expected) {
        final TestGate.Request[] read = new TestGate.Request[1];
        assertThat(cluster.settled(() -> read[0] = gate.read(device, 0, 0, BLOCK)))
                .isEqualTo(AnswerCode.OK);
        assertThat(read[0].isAll(expected)).isTrue();
    }

    @Test
    void aCopyThatWasAwayIsComparedOnlyInWhatWasChangedMeanwhile() {
        try (TestCluster cluster = new TestCluster(3)) {
            final TestGate gate = cluster.gate();
            writeShards(cluster, gate);
            cluster.run(3 * cluster.settings().commonNs());
            final long before = compared(cluster, 1);
            cluster.network().partition("host3", "host1", true);
            cluster.await("device 3 to be out of sync", () -> !cluster.isInSync(3));
            assertThat(gate.write(1, 5, 0, BLOCK, 0x55).await()).isEqualTo(AnswerCode.OK);
            cluster.network().heal();
            cluster.await("device 3 to be in sync again", () -> cluster.isInSync(3));
            assertThat(compared(cluster, 1) - before).isEqualTo(1);
            assertThat(cluster.on(1).device().counters().value(Counter.RECONCILED_BYTES))
                    .isEqualTo(BLOCK);
            cluster.on(1).kill();
            cluster.on(2).kill();
            cluster.configure(List.of(3, 2, 1), List.of(3));
            cluster.awaitServing(3);
            final TestGate.Request[] read = new TestGate.Request[1];
            assertThat(cluster.settled(() -> read[0] = gate.read(3, 5, 0, BLOCK)))
                    .isEqualTo(AnswerCode.OK);
            assertThat(read[0].isAll(0x55)).isTrue();
        }
    }

    @Test
    void aNextPrimaryComparesOnlyWhatWasChangedOfLate() {
        try (TestCluster cluster = new TestCluster(3)) {
            final TestGate gate = cluster.gate();
            writeShards(cluster, gate);
            cluster.run(3 * cluster.settings().commonNs());
            assertThat(gate.write(1, 7, 0, BLOCK, 0x77).await()).isEqualTo(AnswerCode.OK);
            final long walks = cluster.on(2).device().listing().walks();
            cluster.on(1).kill();
            cluster.configure(List.of(2, 3, 1), List.of(2, 3));
            cluster.awaitServing(2);
            assertThat(compared(cluster, 2) + equal(cluster, 2)).isEqualTo(1);
            assertThat(cluster.on(2).device().listing().walks() - walks).isEqualTo(1);
        }
    }

    @Test
    void aNextPrimaryComparesInFullWithACopyThatHasBegunANewLife() {
        try (TestCluster cluster = new TestCluster(3)) {
            final TestGate gate = cluster.gate();
            writeShards(cluster, gate);
            cluster.run(3 * cluster.settings().commonNs());
            cluster.grants(false);
            cluster.on(3).kill();
            cluster.on(3).start();
            cluster.await("device 3 to be open", () -> cluster.on(3).isOpen());
            cluster.on(1).kill();
            cluster.configure(List.of(2, 3, 1), List.of(2, 3));
            cluster.awaitServing(2);
            assertThat(compared(cluster, 2) + equal(cluster, 2))
                    .as("what it has lost would not be looked for any more")
                    .isEqualTo(SHARDS);
        }
    }

    @Test
    void aCopyThatHasBegunANewLifeIsComparedInFullByDigestsAndOnlyWhatDiffersByBlocks() {
        try (TestCluster cluster = new TestCluster(3)) {
            final TestGate gate = cluster.gate();
            writeShards(cluster, gate);
            cluster.run(3 * cluster.settings().commonNs());
            cluster.on(3).kill();
            cluster.await("device 3 to be out of sync", () -> !cluster.isInSync(3));
            assertThat(gate.write(1, 5, 0, BLOCK, 0x55).await()).isEqualTo(AnswerCode.OK);
            assertThat(gate.write(1, SHARDS, 0, BLOCK, 0x66).await()).isEqualTo(AnswerCode.OK);
            final long before = compared(cluster, 1);
            cluster.on(3).start();
            cluster.await("device 3 to be in sync again", () -> cluster.isInSync(3));
            assertThat(equal(cluster, 1)).isEqualTo(SHARDS - 1);
            assertThat(compared(cluster, 1) - before)
                    .as("what was changed, and what is new")
                    .isEqualTo(2);
            assertThat(cluster.on(1).device().counters().value(Counter.RECONCILED_BYTES))
                    .isEqualTo(2 * BLOCK);
        }
    }

    @Test
    void equalShardsCostOneSmallEntryEachAndNoPageIsRead() {
        try (TestCluster cluster = new TestCluster(3)) {
            final TestGate gate = cluster.gate();
            writeShards(cluster, gate);
            for (int id = 1; id <= 3; id++) {
                cluster.on(id).stop();
            }
            for (int id = 1; id <= 3; id++) {
                cluster.on(id).start();
            }
            cluster.awaitServing(1);
            assertThat(equal(cluster, 1)).isEqualTo(SHARDS);
            assertThat(compared(cluster, 1)).isZero();
            for (int id = 1; id <= 3; id++) {
                assertThat(cluster.on(id).store().counters().value(StoreCounters.Counter.PAGES_LOADED))
                        .as("pages of block versions that device %d has read", id)
                        .isZero();
            }
        }
    }

    private static void writeShards(TestCluster cluster, TestGate gate) {
        for (int shard = 0; shard < SHARDS; shard++) {
            final int at = shard;
            assertThat(cluster.settled(() -> gate.write(1, at, 0, BLOCK, 0x11))).isEqualTo(AnswerCode.OK);
        }
    }

    private static long equal(TestCluster cluster, int id) {
        return cluster.on(id).device().counters().value(Counter.SHARDS_EQUAL);
    }

    private static long compared(TestCluster cluster, int id) {
        return cluster.on(id).device().counters().value(Counter.SHARDS_COMPARED);
    }
}
