package io.basalt.chunk;

import static io.basalt.chunk.TestCluster.BLOCK;
import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.wire.data.AnswerCode;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Devices that have lost shards and do not know which: they find out from copies that are complete, in whatever
/// role, make no other one incomplete that is not, and never take what is lost for what was never written.
class CompletenessTest {
    @Test
    void aDeviceThatLeadsBecomesCompleteByComparingWithCopiesThatAre() {
        try (TestCluster cluster = new TestCluster(3)) {
            final TestGate gate = cluster.gate();
            cluster.fill(gate, 1, 0, 0x11);
            loseEverything(cluster, 1);
            cluster.awaitServing(1);
            assertThat(cluster.on(1).store().isIncomplete()).isFalse();
            assertThat(areComplete(cluster, 2, 3)).isTrue();
            cluster.configure(List.of(1, 2, 3), List.of(1));
            cluster.awaitServing(1);
            assertThat(cluster.reads(gate, 1, 0, 0x11)).isTrue();
            assertThat(cluster.reads(gate, 1, 7, 0)).isTrue();
        }
    }

    @Test
    void aSecondaryThatHasLostEverythingBecomesCompleteAndNoOtherBecomesIncomplete() {
        try (TestCluster cluster = new TestCluster(3)) {
            final TestGate gate = cluster.gate();
            cluster.fill(gate, 1, 0, 0x11);
            loseEverything(cluster, 2);
            assertThat(cluster.on(2).store().isIncomplete()).isTrue();
            cluster.await("device 2 to be complete", () -> cluster.isInSync(2) && areComplete(cluster, 2));
            for (final int leader : List.of(2, 1, 3, 2)) {
                cluster.configure(List.of(leader, leader % 3 + 1, (leader + 1) % 3 + 1), List.of(1, 2, 3));
                cluster.awaitServing(leader);
                assertThat(areComplete(cluster, 1, 2, 3)).isTrue();
                cluster.fill(gate, leader, 1, leader);
                cluster.run(300_000_000);
                assertThat(areComplete(cluster, 1, 2, 3)).isTrue();
            }
        }
    }

    /// The primary changes at every point of its being brought up to date.
    @Test
    void incompletenessDoesNotSpreadWhenTheIncompleteOneComesToLeadBeforeItIsKnownToBeComplete() {
        for (long afterNs = 0; afterNs < 150_000_000; afterNs += 23_000_000) {
            try (TestCluster cluster = new TestCluster(3)) {
                final TestGate gate = cluster.gate();
                cluster.fill(gate, 1, 0, 0x11);
                loseEverything(cluster, 2);
                cluster.run(afterNs);
                cluster.await("device 2 to be in sync", () -> cluster.isInSync(2));
                cluster.configure(List.of(2, 1, 3), List.of(2, 1, 3));
                cluster.awaitServing(2);
                assertThat(areComplete(cluster, 2)).as("after %d ns", afterNs).isTrue();
                cluster.run(200_000_000);
                cluster.configure(List.of(1, 2, 3), List.of(1, 2, 3));
                cluster.awaitServing(1);
                cluster.run(200_000_000);
                assertThat(areComplete(cluster, 1, 2, 3))
                        .as("after %d ns", afterNs)
                        .isTrue();
            }
        }
    }

    @Test
    void whoIsBroughtUpToDateByALastCopyThatHasLostShardsTakesNoneOfThemForAnEmptyOne() {
        try (TestCluster cluster = new TestCluster(2)) {
            final TestGate gate = cluster.gate();
            cluster.configure(List.of(1, 2), List.of(1));
            cluster.on(2).stop();
            cluster.awaitServing(1);
            cluster.fill(gate, 1, 0, 0x11);
            loseEverything(cluster, 1);
            cluster.awaitServing(1);
            cluster.on(2).start();
            cluster.await("device 2 to be in sync", () -> cluster.isInSync(2));
            assertThat(areComplete(cluster, 1)).as("the last copy").isFalse();
            cluster.on(2).kill();
            cluster.on(1).kill();
            cluster.configure(List.of(2, 1), List.of(2));
            cluster.on(2).start();
            cluster.awaitServing(2);
            assertThat(cluster.on(2).store().isIncomplete())
                    .as("what it knew as it became in sync, after a crash at that moment")
                    .isTrue();
            assertThat(gate.read(2, 0, 0, BLOCK).await()).isEqualTo(AnswerCode.CORRUPT);
        }
    }

    private static boolean areComplete(TestCluster cluster, int... devices) {
        for (final int each : devices) {
            if (cluster.on(each).store().isIncomplete()) {
                return false;
            }
        }
        return true;
    }

    /// A device that is formatted in place of the one that was there.
    private static void loseEverything(TestCluster cluster, int id) {
        cluster.on(id).kill();
        cluster.on(id).formatInPlace();
        cluster.on(id).start();
        cluster.await("device " + id + " to open", () -> cluster.on(id).isOpen());
    }
}
