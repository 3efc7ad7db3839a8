package io.basalt.chunk;

import static io.basalt.chunk.TestCluster.BLOCK;
import static io.basalt.chunk.TestCluster.SETTINGS;
import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.wire.data.AnswerCode;
import org.junit.jupiter.api.Test;

/// The heartbeat that renews a lease, over a connection of its own.
class LeaseTest {
    @Test
    void aCopyThatWasGoneWithoutAWordIsBroughtInOnce() {
        try (TestCluster cluster = new TestCluster(2)) {
            final TestGate gate = cluster.gate();
            assertThat(gate.write(1, 0, 0, BLOCK, 0x11).await()).isEqualTo(AnswerCode.OK);
            final int before = cluster.epoch();
            cluster.on(2).goSilently();
            cluster.on(2).start();
            cluster.await("device 2 to be given up", () -> !cluster.isInSync(2));
            cluster.await("device 2 to be in sync again", () -> cluster.isInSync(2));
            cluster.run(10 * SETTINGS.leaseNs());
            assertThat(cluster.isInSync(2)).isTrue();
            assertThat(cluster.epoch()).as("it left once and came back once").isEqualTo(before + 2);
            assertThat(cluster.settled(() -> gate.write(1, 0, 0, BLOCK, 0x22))).isEqualTo(AnswerCode.OK);
            assertThat(gate.read(1, 0, 0, BLOCK).await()).isEqualTo(AnswerCode.OK);
        }
    }
}
