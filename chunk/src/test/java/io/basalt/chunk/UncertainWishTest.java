package io.basalt.chunk;

import static io.basalt.chunk.TestCluster.BLOCK;
import static io.basalt.chunk.TestCluster.SETTINGS;
import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.wire.data.AnswerCode;
import java.util.List;
import org.junit.jupiter.api.Test;

/// A primary that does not hear what has become of its wish for another copy to be in sync.
class UncertainWishTest {
    @Test
    void aPrimaryServesNothingWithoutACopyThatMayHaveBecomeThePrimary() {
        try (TestCluster cluster = new TestCluster(2)) {
            final TestGate gate = cluster.gate();
            wishForTheSecondCopy(cluster, gate);
            part(cluster);
            final TestGate.Request lonely = gate.write(1, 0, 0, BLOCK, 0x33);
            assertThat(gate.read(1, 0, 0, BLOCK).await())
                    .as("a read of what may be old")
                    .isEqualTo(AnswerCode.NO_LEASE);
            // It was granted, the first device was passed over in the same step, and hears nothing of either.
            cluster.configureFor(List.of(2), List.of(2, 1), List.of(2));
            cluster.awaitServing(2);
            assertThat(gate.write(2, 0, 0, BLOCK, 0x44).await()).isEqualTo(AnswerCode.OK);
            assertThat(lonely.answer()).as("of a change on one side only").isNotEqualTo(AnswerCode.OK);
        }
    }

    @Test
    void aPrimaryThatLosesACopyItHasWishedForGoesOnInANewEpoch() {
        try (TestCluster cluster = new TestCluster(2)) {
            final TestGate gate = cluster.gate();
            wishForTheSecondCopy(cluster, gate);
            part(cluster);
            cluster.on(2).kill();
            final int before = cluster.epoch();
            cluster.grants(true);
            assertThat(cluster.settled(() -> gate.write(1, 0, 0, BLOCK, 0x33))).isEqualTo(AnswerCode.OK);
            assertThat(cluster.epoch()).isGreaterThan(before);
            assertThat(cluster.isInSync(2)).isFalse();
        }
    }

    @Test
    void whatANewLifeAcknowledgesIsNotLostToAWishOfTheLifeBefore() {
        try (TestCluster cluster = new TestCluster(2)) {
            final TestGate gate = cluster.gate();
            wishForTheSecondCopy(cluster, gate);
            final int wishedIn = cluster.epoch();
            part(cluster);
            cluster.on(1).kill();
            cluster.grants(true);
            cluster.on(1).start();
            cluster.awaitServing(1);
            assertThat(cluster.settled(() -> gate.write(1, 0, 0, BLOCK, 0x33))).isEqualTo(AnswerCode.OK);
            cluster.grantLate(wishedIn, 2, 1);
            assertThat(cluster.isInSync(2))
                    .as("a copy without what was acknowledged is in sync")
                    .isFalse();
            assertThat(cluster.wishes()).containsOnlyOnce("take back 2");
        }
    }

    @Test
    void aNewLifeServesNothingBeforeTheWishesOfTheLifeBeforeAreTakenBack() {
        try (TestCluster cluster = new TestCluster(2)) {
            final TestGate gate = cluster.gate();
            wishForTheSecondCopy(cluster, gate);
            final int wishedIn = cluster.epoch();
            part(cluster);
            cluster.on(1).kill();
            cluster.isReached(false);
            cluster.on(1).start();
            cluster.run(4 * SETTINGS.leaseNs());
            assertThat(cluster.gate().write(1, 0, 0, BLOCK, 0x33).await()).isNotEqualTo(AnswerCode.OK);
            // Granted after all: the copy leads, and the new life was right to wait.
            cluster.grantLate(wishedIn, 2, 1);
            cluster.awaitServing(2);
            assertThat(gate.write(2, 0, 0, BLOCK, 0x44).await()).isEqualTo(AnswerCode.OK);
        }
    }

    @Test
    void aNewLifeServesInTheSameEpochIfTheMetaserverIsOfAReleaseThatTakesNothingBack() {
        try (TestCluster cluster = new TestCluster(2)) {
            final TestGate gate = cluster.gate();
            wishForTheSecondCopy(cluster, gate);
            final int wishedIn = cluster.epoch();
            part(cluster);
            cluster.on(1).kill();
            cluster.takesBack(false);
            cluster.on(1).start();
            cluster.awaitServing(1);
            assertThat(cluster.settled(() -> gate.write(1, 0, 0, BLOCK, 0x33))).isEqualTo(AnswerCode.OK);
            assertThat(cluster.epoch()).isEqualTo(wishedIn);
        }
    }

    @Test
    void aNewLifeOfAGroupThatLacksNoCopyWishesForNothing() {
        try (TestCluster cluster = new TestCluster(2)) {
            final TestGate gate = cluster.gate();
            assertThat(gate.write(1, 0, 0, BLOCK, 0x11).await()).isEqualTo(AnswerCode.OK);
            cluster.grants(false);
            cluster.on(1).kill();
            cluster.on(1).start();
            cluster.awaitServing(1);
            assertThat(cluster.settled(() -> gate.write(1, 0, 0, BLOCK, 0x33))).isEqualTo(AnswerCode.OK);
            assertThat(cluster.wishes()).noneMatch(wish -> wish.startsWith("take back"));
        }
    }

    private static void wishForTheSecondCopy(TestCluster cluster, TestGate gate) {
        cluster.on(2).kill();
        cluster.await("device 2 to be out of sync", () -> !cluster.isInSync(2));
        assertThat(gate.write(1, 0, 0, BLOCK, 0x11).await()).isEqualTo(AnswerCode.OK);
        cluster.grants(false);
        cluster.on(2).start();
        cluster.await("a wish for device 2", () -> cluster.wishes().contains("add 2"));
        assertThat(gate.read(1, 0, 0, BLOCK).await()).isEqualTo(AnswerCode.OK);
    }

    private static void part(TestCluster cluster) {
        cluster.network().partition("host1", "host2", true);
        cluster.network().partition("host2", "host1", true);
        cluster.run(2 * SETTINGS.leaseNs());
    }
}
