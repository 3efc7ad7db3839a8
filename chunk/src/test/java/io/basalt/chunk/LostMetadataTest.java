package io.basalt.chunk;

import static io.basalt.chunk.TestCluster.BLOCK;
import static io.basalt.chunk.TestCluster.SHARD;
import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.wire.data.AnswerCode;
import java.util.List;
import org.junit.jupiter.api.Test;

/// A copy that has lost the map of a shard: it is written again from others, and never taken for an empty
/// one where it is the one that counts.
class LostMetadataTest {
    @Test
    void aShardWhoseMapIsLostIsRebuiltFromTheOtherCopiesAtATakeover() {
        try (TestCluster cluster = new TestCluster(2)) {
            final TestGate gate = cluster.gate();
            loseMap(cluster, gate, List.of(1, 2));
            cluster.awaitServing(1);
            assertThat(cluster.reads(gate, 1, 0, 0x22)).isTrue();
            assertThat(cluster.on(1).store().shardDamaged(TestGate.PART, 0)).isFalse();
        }
    }

    @Test
    void whatTheLastGoodCopyHasLostIsNotReadAsZeros() {
        try (TestCluster cluster = new TestCluster(2)) {
            final TestGate gate = cluster.gate();
            loseMap(cluster, gate, List.of(1));
            cluster.awaitServing(1);
            assertThat(gate.read(1, 0, 0, BLOCK).await()).isIn(AnswerCode.CORRUPT, AnswerCode.IO_ERROR);
        }
    }

    @Test
    void aPrimaryThatHasLostAMapDoesNotMakeAReturningCopyAnEmptyOne() {
        try (TestCluster cluster = new TestCluster(2)) {
            final TestGate gate = cluster.gate();
            loseMap(cluster, gate, List.of(1));
            cluster.awaitServing(1);
            cluster.on(2).start();
            cluster.run(500_000_000);
            assertThat(cluster.isInSync(2))
                    .as("there is nothing to bring it up to date with")
                    .isFalse();
            assertThat(cluster.on(2).store().capacity().blocksMapped())
                    .as("what may be the only content that is left stays")
                    .isEqualTo(SHARD / BLOCK);
            assertThat(gate.read(1, 0, 0, BLOCK).await()).isIn(AnswerCode.CORRUPT, AnswerCode.IO_ERROR);
        }
    }

    /// Device 1 loses the page of its only shard while it is closed; device 2 is up only if it is in sync.
    private static void loseMap(TestCluster cluster, TestGate gate, List<Integer> inSync) {
        cluster.fill(gate, 1, 0, 0x11);
        cluster.on(1).stop();
        cluster.on(1).start();
        cluster.awaitServing(1);
        cluster.fill(gate, 1, 0, 0x22);
        cluster.on(2).stop();
        cluster.on(1).stop();
        // Each close has written the page once: to the second home, then to the first.
        cluster.on(1).rotPage(0, 2);
        cluster.configure(List.of(1, 2), inSync);
        cluster.on(1).start();
        cluster.await("device 1 to open", () -> cluster.on(1).isOpen());
        assertThat(cluster.on(1).store().shardDamaged(TestGate.PART, 0)).isTrue();
        if (inSync.contains(2)) {
            cluster.on(2).start();
        }
    }
}
