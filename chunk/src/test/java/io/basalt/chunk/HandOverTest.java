package io.basalt.chunk;

import static io.basalt.chunk.TestCluster.BLOCK;
import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.chunk.ChunkCounters.Counter;
import io.basalt.wire.data.AnswerCode;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// How long nobody answers when another device comes to lead while the one that led is alive and well: with leases as
/// they are in production, of which nothing has to run out.
class HandOverTest {
    private static final ChunkSettings SETTINGS = new ChunkSettings(
            64, 128, 8, 16, 600_000_000, 10_000_000, 2_000_000_000, 100_000_000, 500_000_000, 30_000_000_000L);
    private static final long STALL_MAX_NS = 50_000_000;
    private static final int SHARDS = 12;

    @Test
    void anotherInSyncCopyLeadsWithoutWaitingForALeaseToRunOut() {
        try (TestCluster cluster = new TestCluster(3, SETTINGS, 0)) {
            final Client client = new Client(cluster);
            client.writeShards();
            cluster.run(2_000_000_000);
            for (final int leader : List.of(2, 1, 3, 1)) {
                final long walks = cluster.on(leader).device().listing().walks();
                final long before = cluster.clock().nanoTime();
                cluster.configure(List.of(leader, leader % 3 + 1, (leader + 1) % 3 + 1), List.of(1, 2, 3));
                client.leader = leader;
                client.run(300_000_000);
                assertThat(client.stallSince(before))
                        .as("stall until device %d serves", leader)
                        .isLessThan(STALL_MAX_NS);
                assertThat(cluster.on(leader).device().listing().walks() - walks)
                        .isEqualTo(1);
            }
            for (int id = 1; id <= 3; id++) {
                assertThat(cluster.on(id).device().counters().value(Counter.SHARDS_COMPARED))
                        .as("shards that were compared by device %d", id)
                        .isLessThan(SHARDS / 2);
            }
        }
    }

    @Test
    void aCopyThatComesBackAndIsFirstLeadsWithoutAStall() {
        try (TestCluster cluster = new TestCluster(3, SETTINGS, 0)) {
            final Client client = new Client(cluster);
            client.writeShards();
            cluster.run(2_000_000_000);
            cluster.on(1).kill();
            cluster.configure(List.of(1, 2, 3), List.of(2, 3));
            client.leader = 2;
            client.run(300_000_000);
            cluster.on(1).start();
            final long before = cluster.clock().nanoTime();
            while (!cluster.isInSync(1)) {
                client.run(1_000_000);
                assertThat(cluster.clock().nanoTime() - before).isLessThan(10_000_000_000L);
            }
            client.leader = 1;
            client.run(1_000_000_000);
            assertThat(client.stallSince(before)).isLessThan(STALL_MAX_NS);
            assertThat(cluster.on(1).device().state(0)).isEqualTo(PgState.SERVING);
        }
    }

    /// Writes and reads without end, one after the other, to whom it takes for the primary.
    private static final class Client {
        private final TestCluster cluster;
        private final TestGate gate;
        private final List<Long> answered = new ArrayList<>();
        private int leader = 1;
        private long written;

        Client(TestCluster cluster) {
            this.cluster = cluster;
            gate = cluster.gate();
        }

        void writeShards() {
            for (int shard = 0; shard < SHARDS; shard++) {
                final int at = shard;
                assertThat(cluster.settled(() -> gate.write(1, at, 0, BLOCK, 0x11)))
                        .isEqualTo(AnswerCode.OK);
            }
        }

        void run(long ns) {
            final long untilNs = cluster.clock().nanoTime() + ns;
            while (cluster.clock().nanoTime() < untilNs) {
                final int shard = (int) (written++ % 3);
                final TestGate.Request request = written % 2 == 0
                        ? gate.read(leader, shard, 0, BLOCK)
                        : gate.write(leader, shard, 0, BLOCK, 0x22);
                if (request.await() == AnswerCode.OK) {
                    answered.add(cluster.clock().nanoTime());
                } else {
                    cluster.run(1_000_000);
                }
            }
        }

        /// The longest time without an answer that began after an instant.
        long stallSince(long instant) {
            long last = instant;
            long longest = 0;
            for (final long each : answered) {
                if (each > instant) {
                    longest = Math.max(longest, each - last);
                    last = each;
                }
            }
            return Math.max(longest, cluster.clock().nanoTime() - last);
        }
    }
}
