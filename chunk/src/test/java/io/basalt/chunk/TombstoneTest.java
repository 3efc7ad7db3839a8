package io.basalt.chunk;

import static io.basalt.chunk.TestCluster.BLOCK;
import static io.basalt.chunk.TestCluster.SETTINGS;
import static io.basalt.chunk.TestCluster.SHARD;
import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.block.BlockOperation;
import io.basalt.store.chunk.StoreRequest;
import io.basalt.store.chunk.StoreStatus;
import io.basalt.store.sim.DiskFault;
import io.basalt.store.sim.DiskFaults;
import io.basalt.wire.data.AnswerCode;
import java.util.List;
import org.junit.jupiter.api.Test;

/// What stays of a shard that was emptied: as long as a copy may have missed it, so that the content cannot
/// come back, and no longer.
class TombstoneTest {
    private static final long SWEEP_NS = SETTINGS.sweepNs();

    @Test
    void aCopyThatLostADiscardDoesNotBringTheContentBackWhenItTakesOver() {
        try (TestCluster cluster = new TestCluster(3)) {
            final TestGate gate = cluster.gate();
            cluster.fill(gate, 1, 0, 0x11);
            cluster.on(3)
                    .disk()
                    .faults((operation, _, _) -> operation == BlockOperation.WRITE ? DiskFault.LOST : DiskFault.NONE);
            assertThat(gate.discard(1, 0, 0, SHARD).await()).isEqualTo(AnswerCode.OK);
            cluster.run(1_000_000);
            cluster.on(3).kill();
            cluster.on(3).disk().faults(DiskFaults.NONE);
            cluster.on(3).start();
            cluster.await("device 3 to open", () -> cluster.on(3).isOpen());
            assertThat(cluster.on(3).store().capacity().blocksMapped())
                    .as("its device has lost what it acknowledged")
                    .isEqualTo(SHARD / BLOCK);
            cluster.configure(List.of(3, 1, 2), List.of(1, 2, 3));
            cluster.awaitServing(3);
            assertThat(cluster.reads(gate, 3, 0, 0)).isTrue();
        }
    }

    @Test
    void aCopyThatLostZeroesIsBroughtUpToDateByThePrimary() {
        try (TestCluster cluster = new TestCluster(2)) {
            final TestGate gate = cluster.gate();
            cluster.fill(gate, 1, 0, 0x11);
            cluster.on(2)
                    .disk()
                    .faults((operation, _, _) -> operation == BlockOperation.WRITE ? DiskFault.LOST : DiskFault.NONE);
            assertThat(gate.discard(1, 0, 0, SHARD).await()).isEqualTo(AnswerCode.OK);
            cluster.run(1_000_000);
            cluster.on(2).kill();
            cluster.on(2).disk().faults(DiskFaults.NONE);
            cluster.on(2).start();
            cluster.await(
                    "the copy that has begun a new life to be compared",
                    () -> cluster.on(2).isOpen()
                            && cluster.on(2).store().capacity().blocksMapped() == 0);
        }
    }

    @Test
    void tombstonesTakeNoSlotAndGoOnceEveryCopyHasThem() {
        try (TestCluster cluster = new TestCluster(3)) {
            final TestGate gate = cluster.gate();
            cluster.fill(gate, 1, 0, 0x11);
            cluster.fill(gate, 1, 1, 0x22);
            assertThat(gate.discard(1, 0, 0, SHARD).await()).isEqualTo(AnswerCode.OK);
            cluster.run(SWEEP_NS / 4);
            for (int id = 1; id <= 3; id++) {
                assertThat(cluster.on(id).store().capacity().tombstones()).isEqualTo(1);
                assertThat(cluster.on(id).store().capacity().slotsUsed()).isEqualTo(1);
            }
            cluster.run(4 * SWEEP_NS);
            for (int id = 1; id <= 3; id++) {
                assertThat(cluster.on(id).store().capacity().tombstones()).isZero();
                assertThat(cluster.on(id).device().counters().value(ChunkCounters.Counter.TOMBSTONES_FORGOTTEN))
                        .isEqualTo(1);
            }
            assertThat(cluster.reads(gate, 1, 1, 0x22)).isTrue();
            assertThat(cluster.reads(gate, 1, 0, 0)).isTrue();
        }
    }

    @Test
    void aTombstoneThatSomeCopiesHaveForgottenCostsNothingAtATakeover() {
        try (TestCluster cluster = new TestCluster(2)) {
            final TestGate gate = cluster.gate();
            cluster.fill(gate, 1, 0, 0x11);
            assertThat(gate.discard(1, 0, 0, SHARD).await()).isEqualTo(AnswerCode.OK);
            final StoreRequest forgetting = new StoreRequest(1, 1) {
                @Override
                public void completed(StoreStatus result) {}
            };
            forgetting.askForget(TestGate.PART, 0, cluster.on(1).store().shardVersion(TestGate.PART, 0));
            cluster.on(1).store().submit(forgetting);
            cluster.await(
                    "device 1 to forget", () -> cluster.on(1).store().capacity().tombstones() == 0);
            cluster.configure(List.of(2, 1), List.of(1, 2));
            cluster.awaitServing(2);
            assertThat(cluster.on(2).store().capacity().tombstones()).isEqualTo(1);
            assertThat(cluster.on(2).device().counters().value(ChunkCounters.Counter.RECONCILED))
                    .isZero();
            assertThat(cluster.reads(gate, 2, 0, 0)).isTrue();
        }
    }

    @Test
    void tombstonesStayWhileACopyIsAwayAndGoAfterItHasJoined() {
        try (TestCluster cluster = new TestCluster(3)) {
            final TestGate gate = cluster.gate();
            cluster.fill(gate, 1, 0, 0x11);
            cluster.on(3).kill();
            cluster.configure(List.of(1, 2, 3), List.of(1, 2));
            assertThat(cluster.settled(() -> gate.discard(1, 0, 0, SHARD))).isEqualTo(AnswerCode.OK);
            cluster.run(4 * SWEEP_NS);
            assertThat(cluster.on(1).store().capacity().tombstones()).isEqualTo(1);
            assertThat(cluster.on(2).store().capacity().tombstones()).isEqualTo(1);
            cluster.on(3).start();
            cluster.await("device 3 to join", () -> cluster.isInSync(3));
            assertThat(cluster.on(3).store().capacity().blocksMapped()).isZero();
            cluster.run(5 * SWEEP_NS);
            for (int id = 1; id <= 3; id++) {
                assertThat(cluster.on(id).store().capacity().tombstones()).isZero();
            }
        }
    }

    @Test
    void tombstonesSurviveARestartAndThenGo() {
        try (TestCluster cluster = new TestCluster(2)) {
            final TestGate gate = cluster.gate();
            cluster.fill(gate, 1, 0, 0x11);
            assertThat(gate.discard(1, 0, 0, SHARD).await()).isEqualTo(AnswerCode.OK);
            cluster.on(1).kill();
            cluster.on(2).kill();
            cluster.on(1).start();
            cluster.on(2).start();
            cluster.awaitServing(1);
            assertThat(cluster.on(1).store().capacity().tombstones()).isEqualTo(1);
            cluster.run(5 * SWEEP_NS);
            assertThat(cluster.on(1).store().capacity().tombstones()).isZero();
            assertThat(cluster.on(2).store().capacity().tombstones()).isZero();
        }
    }

    @Test
    void aShardThatIsWrittenAgainIsNoTombstoneAndStays() {
        try (TestCluster cluster = new TestCluster(2)) {
            final TestGate gate = cluster.gate();
            cluster.fill(gate, 1, 0, 0x11);
            assertThat(gate.discard(1, 0, 0, SHARD).await()).isEqualTo(AnswerCode.OK);
            cluster.fill(gate, 1, 0, 0x33);
            cluster.run(4 * SWEEP_NS);
            assertThat(cluster.reads(gate, 1, 0, 0x33)).isTrue();
        }
    }

    @Test
    void whenEntriesRunShortTombstonesGoAlthoughACopyIsAway() {
        final int entries = 64;
        try (TestCluster cluster = new TestCluster(2, SETTINGS, entries)) {
            final TestGate gate = cluster.gate();
            cluster.on(2).kill();
            cluster.configure(List.of(1, 2), List.of(1));
            for (int shard = 0; shard < 3 * entries; shard++) {
                final int each = shard;
                assertThat(cluster.settled(() -> gate.write(1, each, 0, BLOCK, 1)))
                        .as("shard " + shard)
                        .isEqualTo(AnswerCode.OK);
                assertThat(cluster.settled(() -> gate.discard(1, each, 0, SHARD)))
                        .isEqualTo(AnswerCode.OK);
                cluster.run(SWEEP_NS / 8);
            }
        }
    }

    @Test
    void whatWasDeletedStaysSoThoughItsTombstoneWentForShortnessWhileACopyWasAway() {
        final int entries = 64;
        try (TestCluster cluster = new TestCluster(2, SETTINGS, entries)) {
            final TestGate gate = cluster.gate();
            final int kept = 8;
            for (int shard = 0; shard < kept; shard++) {
                final int each = shard;
                assertThat(cluster.settled(() -> gate.write(1, each, 0, BLOCK, 0x11)))
                        .isEqualTo(AnswerCode.OK);
            }
            cluster.run(3 * SETTINGS.commonNs());
            cluster.network().partition("host2", "host1", true);
            cluster.await("device 2 to be out of sync", () -> !cluster.isInSync(2));
            assertThat(cluster.settled(() -> gate.discard(1, 0, 0, SHARD))).isEqualTo(AnswerCode.OK);
            for (int shard = kept; shard < 3 * entries; shard++) {
                final int each = shard;
                assertThat(cluster.settled(() -> gate.write(1, each, 0, BLOCK, 1)))
                        .isEqualTo(AnswerCode.OK);
                assertThat(cluster.settled(() -> gate.discard(1, each, 0, SHARD)))
                        .isEqualTo(AnswerCode.OK);
                cluster.run(SWEEP_NS / 8);
            }
            cluster.network().heal();
            cluster.await("device 2 to be in sync again", () -> cluster.isInSync(2));
            cluster.on(1).kill();
            cluster.configure(List.of(2, 1), List.of(2));
            cluster.awaitServing(2);
            assertThat(cluster.reads(gate, 2, 0, 0)).isTrue();
            assertThat(cluster.settled(() -> gate.read(2, 1, 0, BLOCK))).isEqualTo(AnswerCode.OK);
        }
    }

    @Test
    void aDiscardOfWhatWasNeverWrittenLeavesNothing() {
        try (TestCluster cluster = new TestCluster(2)) {
            final TestGate gate = cluster.gate();
            for (int shard = 0; shard < 20; shard++) {
                assertThat(gate.discard(1, shard, 0, SHARD).await()).isEqualTo(AnswerCode.OK);
            }
            assertThat(cluster.on(1).store().capacity().shards()).isZero();
            assertThat(cluster.on(2).store().capacity().shards()).isZero();
        }
    }
}
