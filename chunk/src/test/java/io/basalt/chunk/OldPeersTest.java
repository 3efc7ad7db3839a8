package io.basalt.chunk;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.wire.data.DataMessage;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Chunk servers while others still speak version 1 of the protocol: these are not sent what they do not know, and all
/// that follows from that is that some things take longer.
class OldPeersTest {
    @Test
    void anotherDeviceComesToLeadWithoutAWordThatOldPeersDoNotKnow() {
        try (TestCluster cluster = new TestCluster(3, TestCluster.SETTINGS, 0, null)) {
            speakOld(cluster);
            final TestGate gate = cluster.gate();
            cluster.fill(gate, 1, 0, 0x11);
            cluster.configure(List.of(2, 3, 1), List.of(1, 2, 3));
            cluster.awaitServing(2);
            assertThat(cluster.reads(gate, 2, 0, 0x11)).isTrue();
            cluster.on(3).kill();
            cluster.await("device 3 to be out", () -> !cluster.isInSync(3));
            cluster.fill(gate, 2, 1, 0x22);
            cluster.on(3).start();
            cluster.await("device 3 to be in sync", () -> cluster.isInSync(3));
            cluster.configure(List.of(3, 1, 2), List.of(1, 2, 3));
            cluster.awaitServing(3);
            assertThat(cluster.reads(gate, 3, 1, 0x22)).isTrue();
            assertThat(cluster.sentToOld())
                    .contains(DataMessage.PREPARE)
                    .doesNotContain(DataMessage.RELEASE, DataMessage.COMPARED);
        }
    }

    @Test
    void anOldPeerIsNotBroughtUpToDateByACopyThatHasLostShards() {
        try (TestCluster cluster = new TestCluster(2, TestCluster.SETTINGS, 0, null)) {
            final TestGate gate = cluster.gate();
            cluster.configure(List.of(1, 2), List.of(1));
            cluster.on(2).stop();
            cluster.awaitServing(1);
            cluster.fill(gate, 1, 0, 0x11);
            cluster.on(1).kill();
            cluster.on(1).formatInPlace();
            cluster.speaksOld(true);
            cluster.on(1).start();
            cluster.awaitServing(1);
            cluster.on(2).start();
            cluster.run(1_000_000_000);
            assertThat(cluster.on(1).store().isIncomplete()).isTrue();
            assertThat(cluster.isInSync(2)).isFalse();
            cluster.speaksOld(false);
            cluster.on(1).kill();
            cluster.on(1).start();
            cluster.await("device 2 to be in sync", () -> cluster.isInSync(2));
            assertThat(cluster.on(2).store().isIncomplete()).isTrue();
        }
    }

    private static void speakOld(TestCluster cluster) {
        cluster.speaksOld(true);
        for (int id = 1; id <= 3; id++) {
            cluster.on(id).kill();
            cluster.on(id).start();
        }
        cluster.awaitServing(1);
    }
}
