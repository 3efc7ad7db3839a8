package io.basalt.chunk;

import static io.basalt.chunk.TestCluster.BLOCK;
import static io.basalt.chunk.TestCluster.SETTINGS;
import static io.basalt.chunk.TestCluster.SHARD;
import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.block.BlockOperation;
import io.basalt.block.RegionTable;
import io.basalt.chunk.ChunkCounters.Counter;
import io.basalt.store.chunk.StoreRequest;
import io.basalt.store.chunk.StoreStatus;
import io.basalt.store.sim.DiskFault;
import io.basalt.store.sim.DiskFaults;
import io.basalt.wire.data.AnswerCode;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// What a primary does when a copy is away, full, broken or wrong, and when it may not be the primary any more.
class ReplicationTest {
    @Test
    void aWriteWaitsForACopyThatIsDownUntilThatIsOutOfSync() {
        try (TestCluster cluster = new TestCluster(2)) {
            cluster.grants(false);
            final TestGate gate = cluster.gate();
            cluster.on(2).kill();
            final TestGate.Request write = gate.write(1, 0, 0, BLOCK, 0x11);
            cluster.run(100_000_000);
            assertThat(write.isOver()).isFalse();
            cluster.configure(List.of(1, 2), List.of(1));
            assertThat(write.await()).isEqualTo(AnswerCode.OK);
        }
    }

    @Test
    void aWriteGoesOnWhenTheCopyIsBackAndIsThereThen() {
        try (TestCluster cluster = new TestCluster(2)) {
            cluster.grants(false);
            final TestGate gate = cluster.gate();
            cluster.on(2).kill();
            final TestGate.Request write = gate.write(1, 0, 0, BLOCK, 0x11);
            cluster.run(50_000_000);
            cluster.on(2).start();
            assertThat(write.await()).isEqualTo(AnswerCode.OK);
            cluster.on(1).kill();
            cluster.configure(List.of(2, 1), List.of(2));
            cluster.awaitServing(2);
            final TestGate.Request[] read = new TestGate.Request[1];
            assertThat(cluster.settled(() -> read[0] = gate.read(2, 0, 0, BLOCK)))
                    .isEqualTo(AnswerCode.OK);
            assertThat(read[0].isAll(0x11)).isTrue();
        }
    }

    @Test
    void aReadIsRefusedOnceTheLeaseOfACopyHasRunOut() {
        try (TestCluster cluster = new TestCluster(2)) {
            cluster.grants(false);
            final TestGate gate = cluster.gate();
            assertThat(gate.write(1, 0, 0, BLOCK, 0x11).await()).isEqualTo(AnswerCode.OK);
            cluster.network().partition("host1", "host2", true);
            assertThat(gate.read(1, 0, 0, BLOCK).await())
                    .as("the lease still runs")
                    .isEqualTo(AnswerCode.OK);
            cluster.run(2 * SETTINGS.leaseNs());
            assertThat(gate.read(1, 0, 0, BLOCK).await()).isEqualTo(AnswerCode.NO_LEASE);
            assertThat(cluster.on(1).device().counters().value(Counter.NO_LEASE))
                    .isPositive();
            cluster.network().heal();
            assertThat(cluster.settled(() -> gate.read(1, 0, 0, BLOCK))).isEqualTo(AnswerCode.OK);
        }
    }

    @Test
    void aPrimaryThatWasPassedOverAnswersNoReadOnceTheNextOneServes() {
        try (TestCluster cluster = new TestCluster(3)) {
            final TestGate gate = cluster.gate();
            assertThat(gate.write(1, 0, 0, BLOCK, 0x11).await()).isEqualTo(AnswerCode.OK);
            for (final String other : List.of("host2", "host3")) {
                cluster.network().partition("host1", other, true);
                cluster.network().partition(other, "host1", true);
            }
            final long leftNs = cluster.clock().nanoTime();
            final TestGate.Request read = gate.read(1, 0, 0, BLOCK);
            assertThat(read.await()).isEqualTo(AnswerCode.OK);
            cluster.configureFor(List.of(2, 3), List.of(2, 3, 1), List.of(2, 3));
            cluster.awaitServing(2);
            assertThat(cluster.clock().nanoTime() - leftNs)
                    .as("what was promised to the first is kept")
                    .isGreaterThan(SETTINGS.leaseNs() / 2);
            assertThat(cluster.on(1).device().state(0)).isEqualTo(PgState.SERVING);
            assertThat(gate.readInEpoch(1, 0, 1).await()).isEqualTo(AnswerCode.NO_LEASE);
        }
    }

    @Test
    void aCopyThatDoesNotKnowTheMapYetRefusesWhatIsOlderThanWhatItHeardOfByItself() {
        try (TestCluster cluster = new TestCluster(2)) {
            final TestGate gate = cluster.gate();
            cluster.configureFor(List.of(2), List.of(2, 1), List.of(1, 2));
            cluster.await(
                    "device 2 to ask device 1", () -> cluster.on(1).device().state(0) != PgState.SERVING);
            assertThat(gate.writeInEpoch(1, 0, 1).await())
                    .as("device 1 follows device 2, though no map has said so")
                    .isEqualTo(AnswerCode.STALE_EPOCH);
        }
    }

    @Test
    void aChangeThatHasNoSpaceOnACopyIsTakenBackEverywhere() {
        try (TestCluster cluster = new TestCluster(2)) {
            final TestGate gate = cluster.gate();
            cluster.fill(gate, 1, 0, 0x11);
            useUp(cluster, 2);
            assertThat(gate.write(1, 1, 0, 2 * BLOCK, 0x22).await()).isEqualTo(AnswerCode.NO_SPACE);
            final TestGate.Request read = gate.read(1, 1, 0, 2 * BLOCK);
            assertThat(read.await()).isEqualTo(AnswerCode.OK);
            assertThat(read.isAll(0)).isTrue();
            assertThat(cluster.on(1).device().counters().value(Counter.UNDONE)).isEqualTo(1);
            assertThat(cluster.on(1).store().capacity().blocksMapped())
                    .as("zeros take no space")
                    .isEqualTo(SHARD / BLOCK);
            assertThat(gate.write(1, 0, 0, BLOCK, 0x33).await())
                    .as("a shard that has its slot is written as before")
                    .isEqualTo(AnswerCode.OK);
        }
    }

    @Test
    void aCopyWithoutSpaceIsComparedLessAndLessOftenAndJoinsOnceThereIsSome() {
        try (TestCluster cluster = new TestCluster(2)) {
            final TestGate gate = cluster.gate();
            final int others = useUp(cluster, 2);
            cluster.on(2).kill();
            cluster.await("device 2 to be out of sync", () -> !cluster.isInSync(2));
            assertThat(gate.write(1, 0, 0, BLOCK, 0x22).await()).isEqualTo(AnswerCode.OK);
            cluster.on(2).start();
            cluster.run(20 * SETTINGS.wishNs());
            final long before = cluster.on(1).device().counters().value(Counter.SHARDS_COMPARED);
            cluster.run(64 * SETTINGS.wishNs());
            assertThat(cluster.isInSync(2)).isFalse();
            assertThat(cluster.on(1).device().counters().value(Counter.SHARDS_COMPARED) - before)
                    .as("comparisons in the time of 64 wishes")
                    .isBetween(1L, 8L);
            assertThat(gate.write(1, 0, 0, BLOCK, 0x33).await())
                    .as("the copy that is left takes changes")
                    .isEqualTo(AnswerCode.OK);
            drop(cluster, 2, others);
            cluster.await("device 2 to be in sync", () -> cluster.isInSync(2));
        }
    }

    @Test
    void aBlockThatIsCorruptAtThePrimaryIsReadFromAnotherCopyAndRepaired() {
        try (TestCluster cluster = new TestCluster(2)) {
            final TestGate gate = cluster.gate();
            loseDataOf(cluster, 1);
            assertThat(gate.write(1, 0, 0, 2 * BLOCK, 0x11).await()).isEqualTo(AnswerCode.OK);
            cluster.on(1).disk().faults(DiskFaults.NONE);
            final TestGate.Request read = gate.read(1, 0, 0, 2 * BLOCK);
            assertThat(read.await()).isEqualTo(AnswerCode.OK);
            assertThat(read.isAll(0x11)).isTrue();
            final ChunkCounters counters = cluster.on(1).device().counters();
            cluster.await("the first block to be repaired", () -> counters.value(Counter.REPAIRED) == 1);
            assertThat(gate.read(1, 0, 0, 2 * BLOCK).await()).isEqualTo(AnswerCode.OK);
            cluster.await("both to be repaired", () -> counters.value(Counter.REPAIRED) == 2);
            assertThat(gate.read(1, 0, 0, 2 * BLOCK).await()).isEqualTo(AnswerCode.OK);
            assertThat(counters.value(Counter.CORRUPT_FOUND)).as("once each").isEqualTo(2);
        }
    }

    @Test
    void aReadIsAnsweredFromAnotherCopyThoughNoRepairHoldsHere() {
        try (TestCluster cluster = new TestCluster(2)) {
            final TestGate gate = cluster.gate();
            assertThat(gate.write(1, 0, 0, 16 * BLOCK, 0x11).await()).isEqualTo(AnswerCode.OK);
            cluster.on(1).disk().faults((operation, offset, _) -> losesData(operation, offset));
            assertThat(gate.write(1, 0, 0, 16 * BLOCK, 0x22).await()).isEqualTo(AnswerCode.OK);
            for (int times = 0; times < 3; times++) {
                assertReads(gate.read(1, 0, 0, 16 * BLOCK), 0x22);
                assertReads(gate.read(1, 0, 3 * BLOCK, BLOCK), 0x22);
                assertReads(gate.read(1, 0, 512, 16 * BLOCK - 512), 0x22);
            }
        }
    }

    @Test
    void aReadIsPutTogetherFromCopiesOfWhichNoneHasAllBlocks() {
        try (TestCluster cluster = new TestCluster(2)) {
            final TestGate gate = cluster.gate();
            for (int block = 0; block < 16; block++) {
                assertThat(gate.write(1, 0, block * BLOCK, BLOCK, 0x10 + block).await())
                        .isEqualTo(AnswerCode.OK);
            }
            for (int block = 0; block < 16; block++) {
                cluster.on(1 + block % 2).rotBlock(0, block);
            }
            final TestGate.Request read = gate.read(1, 0, 512, 16 * BLOCK - 1024);
            assertThat(read.await()).isEqualTo(AnswerCode.OK);
            for (int at = 0; at < 16 * BLOCK - 1024; at += 512) {
                assertThat(read.at(at)).as("byte %d", at).isEqualTo((byte) (0x10 + (at + 512) / BLOCK));
            }
        }
    }

    private static DiskFault losesData(BlockOperation operation, long offset) {
        return operation == BlockOperation.WRITE && offset >= TestDevice.slotsOffset()
                ? DiskFault.LOST
                : DiskFault.NONE;
    }

    private static void assertReads(TestGate.Request read, int expected) {
        assertThat(read.await()).isEqualTo(AnswerCode.OK);
        assertThat(read.isAll(expected)).isTrue();
    }

    @Test
    void aBlockThatIsCorruptOnEveryCopyIsSaidToBeSo() {
        try (TestCluster cluster = new TestCluster(2)) {
            final TestGate gate = cluster.gate();
            loseDataOf(cluster, 1);
            loseDataOf(cluster, 2);
            assertThat(gate.write(1, 0, 0, 2 * BLOCK, 0x11).await()).isEqualTo(AnswerCode.OK);
            cluster.on(1).disk().faults(DiskFaults.NONE);
            cluster.on(2).disk().faults(DiskFaults.NONE);
            assertThat(gate.read(1, 0, 0, 2 * BLOCK).await()).isEqualTo(AnswerCode.CORRUPT);
            assertThat(gate.write(1, 0, 0, 2 * BLOCK, 0x22).await())
                    .as("writing it anew repairs it")
                    .isEqualTo(AnswerCode.OK);
            assertThat(gate.read(1, 0, 0, 2 * BLOCK).await()).isEqualTo(AnswerCode.OK);
        }
    }

    @Test
    void aCopyWhoseDeviceFailsIsTakenOutAndTheGuestSeesNoError() {
        try (TestCluster cluster = new TestCluster(3)) {
            final TestGate gate = cluster.gate();
            fail(cluster, 2);
            assertThat(cluster.settled(() -> gate.write(1, 0, 0, BLOCK, 0x11))).isEqualTo(AnswerCode.OK);
            assertThat(cluster.wishes()).contains("remove 2");
            assertThat(cluster.isInSync(2)).isFalse();
            assertThat(cluster.isInSync(3)).isTrue();
        }
    }

    @Test
    void aPrimaryWhoseDeviceFailsGivesItsPlaceToAnother() {
        try (TestCluster cluster = new TestCluster(3)) {
            final TestGate gate = cluster.gate();
            fail(cluster, 1);
            final TestGate.Request write = gate.write(1, 0, 0, BLOCK, 0x11);
            cluster.awaitServing(2);
            assertThat(write.await().isRetried()).isTrue();
            assertThat(cluster.wishes()).contains("remove 1");
            assertThat(cluster.settled(() -> gate.repeatWrite(2, 0, 0, BLOCK, 0x11, gate.sequence())))
                    .isEqualTo(AnswerCode.OK);
        }
    }

    /// It may have everything, so a comparison would let it in; the next change would throw it out again, and
    /// so on.
    @Test
    void aCopyWhoseDeviceCannotWriteDoesNotComeBack() {
        try (TestCluster cluster = new TestCluster(3)) {
            final TestGate gate = cluster.gate();
            cluster.on(2)
                    .disk()
                    .faults((operation, _, _) -> operation == BlockOperation.READ ? DiskFault.NONE : DiskFault.ERROR);
            assertThat(cluster.settled(() -> gate.write(1, 0, 0, BLOCK, 0x11))).isEqualTo(AnswerCode.OK);
            assertThat(gate.discard(1, 0, 0, SHARD).await()).isEqualTo(AnswerCode.OK);
            cluster.run(20 * SETTINGS.wishNs());
            assertThat(cluster.wishes()).doesNotContain("add 2");
            assertThat(cluster.isInSync(2)).isFalse();
        }
    }

    @Test
    void theLastGoodCopyIsNeverAskedToBeTakenOut() {
        try (TestCluster cluster = new TestCluster(2)) {
            final TestGate gate = cluster.gate();
            cluster.configure(List.of(1, 2), List.of(1));
            cluster.on(2).kill();
            cluster.awaitServing(1);
            cluster.on(1)
                    .disk()
                    .faults((operation, _, _) -> operation == BlockOperation.READ ? DiskFault.ERROR : DiskFault.NONE);
            assertThat(gate.write(1, 0, 0, BLOCK, 0x11).await()).isEqualTo(AnswerCode.OK);
            assertThat(gate.read(1, 0, 0, BLOCK).await()).isEqualTo(AnswerCode.IO_ERROR);
            cluster.run(5 * SETTINGS.wishNs());
            assertThat(cluster.wishes()).doesNotContain("remove 1");
        }
    }

    private static void fail(TestCluster cluster, int device) {
        cluster.on(device).disk().faults((_, _, _) -> DiskFault.ERROR);
    }

    /// Writes of two blocks, as only data is written in these tests, never reach the medium.
    private static void loseDataOf(TestCluster cluster, int device) {
        cluster.on(device)
                .disk()
                .faults((operation, _, length) ->
                        operation == BlockOperation.WRITE && length == 2 * BLOCK ? DiskFault.LOST : DiskFault.NONE);
    }

    /// Fill what is left of a device with shards of another part.
    ///
    /// @return how many there are
    private static int useUp(TestCluster cluster, int device) {
        final RegionTable table = new RegionTable(List.of(cluster.arena().allocate(BLOCK, BLOCK)));
        int shards = 0;
        StoreStatus status = StoreStatus.OK;
        while (status == StoreStatus.OK) {
            final int shard = shards;
            status = ask(cluster, device, request -> {
                request.data().reset(table);
                request.data().add(0, 0, BLOCK);
                request.askWrite(99, shard, 0, BLOCK, 1);
            });
            shards += status == StoreStatus.OK ? 1 : 0;
        }
        assertThat(status).isEqualTo(StoreStatus.NO_SPACE);
        return shards;
    }

    /// Free what [#useUp] has filled.
    private static void drop(TestCluster cluster, int device, int shards) {
        for (int each = 0; each < shards; each++) {
            final int shard = each;
            assertThat(ask(cluster, device, request -> request.askDrop(99, shard)))
                    .isEqualTo(StoreStatus.OK);
        }
    }

    private static StoreStatus ask(TestCluster cluster, int device, Consumer<StoreRequest> what) {
        final @Nullable StoreStatus[] answer = new @Nullable StoreStatus[1];
        final StoreRequest request = new StoreRequest(1, 1) {
            @Override
            public void completed(StoreStatus result) {
                answer[0] = result;
            }
        };
        what.accept(request);
        cluster.on(device).store().submit(request);
        cluster.await("the store", () -> answer[0] != null);
        return Objects.requireNonNull(answer[0]);
    }
}
