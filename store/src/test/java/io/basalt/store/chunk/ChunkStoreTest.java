package io.basalt.store.chunk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.basalt.block.BlockOperation;
import io.basalt.store.sim.DiskFault;
import io.basalt.store.sim.SimDisk;
import io.basalt.testkit.Seeds;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/// What each operation does, and what the store says about corruption, on a simulated disk without crashes.
class ChunkStoreTest {
    private static final int SHARD = 65536;

    private final RandomGenerator random = Seeds.random(7);
    private final SimReactor reactor = new SimReactor();
    private final SimDisk disk = new SimDisk("disk", 4 << 20, false, random::nextLong);
    private final StoreBench bench = new StoreBench(reactor.reactor(), this::pass);
    private final StoreBench.Request request = new StoreBench.Request();
    private final FormatOptions format = new FormatOptions(1, 2, SHARD, 16, 64, 2, 40);

    private void pass() {
        reactor.advance(1_000_000);
        reactor.reactor().runOnce();
        while (disk.inFlight() > 0) {
            disk.complete(0);
        }
    }

    private ChunkStore fresh() {
        bench.format(disk, format);
        return bench.open(disk, StoreOptions.of(Durability.PLP));
    }

    @Test
    void readsZerosFromAShardThatWasNeverWritten() {
        final ChunkStore store = fresh();
        assertThat(bench.read(store, request, 3, 512, 8192)).isEqualTo(StoreStatus.OK);
        assertThat(bench.readAll(8192, 0)).isTrue();
        assertThat(request.blockVersion(0)).isZero();
        assertThat(store.capacity().shards()).isZero();
    }

    @Test
    void readsBackWhatWasWrittenWithItsVersionAndChecksum() {
        final ChunkStore store = fresh();
        assertThat(bench.write(store, request, 0, 4096, 8192, 77, 0x11)).isEqualTo(StoreStatus.OK);
        assertThat(bench.read(store, request, 0, 0, SHARD)).isEqualTo(StoreStatus.OK);
        assertThat(request.blockVersion(0)).isZero();
        assertThat(request.blockVersion(1)).isEqualTo(77);
        assertThat(request.blockChecksum(2)).isEqualTo(Checksums.of(bench.memory(), (1 << 20) + 8192, 4096));
        assertThat(store.shardVersion(1, 0)).isEqualTo(77);
        assertThat(store.capacity().slotsUsed()).isEqualTo(1);
        assertThat(store.capacity().blocksMapped()).isEqualTo(2);
    }

    @Test
    void mergesSectorsIntoTheBlockTheyLieIn() {
        final ChunkStore store = fresh();
        bench.write(store, request, 0, 0, 8192, 1, 0x22);
        assertThat(bench.write(store, request, 0, 3584, 1024, 2, 0x33)).isEqualTo(StoreStatus.OK);
        bench.read(store, request, 0, 0, 3584);
        assertThat(bench.readAll(3584, 0x22)).isTrue();
        bench.read(store, request, 0, 3584, 1024);
        assertThat(bench.readAll(1024, 0x33)).isTrue();
        bench.read(store, request, 0, 4608, 3584);
        assertThat(bench.readAll(3584, 0x22)).isTrue();
    }

    @Test
    void givesTheSlotBackWhenTheLastBlockIsDiscarded() {
        final ChunkStore store = fresh();
        bench.write(store, request, 0, 0, SHARD, 1, 0x22);
        request.askDiscard(1, 0, 0, SHARD, 2, false);
        assertThat(bench.run(store, request)).isEqualTo(StoreStatus.OK);
        bench.read(store, request, 0, 0, SHARD);
        assertThat(bench.readAll(SHARD, 0)).isTrue();
        for (int i = 0; i < 20; i++) {
            bench.write(store, request, 1, 0, 4096, 3 + i, 1);
        }
        assertThat(store.capacity().slotsUsed()).isEqualTo(1);
        assertThat(store.shardVersion(1, 0)).isZero();
        assertThat(store.capacity().shards()).isEqualTo(1);
    }

    @Test
    void keepsTheVersionsOfAnEmptyShardIfAsked() {
        final ChunkStore store = fresh();
        bench.write(store, request, 0, 0, SHARD, 1, 0x22);
        request.askDiscard(1, 0, 0, SHARD, 2, true);
        bench.run(store, request);
        bench.close(store);
        final ChunkStore again = bench.open(disk, StoreOptions.of(Durability.PLP));
        assertThat(again.shardVersion(1, 0)).isEqualTo(2);
        request.askVersions(1, 0, 0, SHARD);
        assertThat(bench.run(again, request)).isEqualTo(StoreStatus.OK);
        assertThat(request.blockVersion(5)).isEqualTo(2);
        assertThat(again.capacity().slotsUsed()).isZero();
        final List<String> shards = new ArrayList<>();
        again.forEachShard(
                (part, shard, version, empty) -> shards.add(part + "/" + shard + " " + version + " " + empty));
        assertThat(shards).containsExactly("1/0 2 true");
    }

    @Test
    void countsTombstonesAndVisitsThemAFewEntriesAtATime() {
        final ChunkStore store = fresh();
        for (int shard = 0; shard < 5; shard++) {
            bench.write(store, request, shard, 0, SHARD, 1 + shard, 0x22);
        }
        for (int shard = 1; shard < 5; shard += 2) {
            request.askDiscard(1, shard, 0, SHARD, 10 + shard, true);
            bench.run(store, request);
        }
        pass();
        assertThat(store.capacity().tombstones()).isEqualTo(2);
        assertThat(store.capacity().shards()).isEqualTo(5);
        assertThat(tombstones(store)).containsExactly("1/1 11", "1/3 13");
        bench.write(store, request, 3, 4096, 4096, 20, 0x33);
        assertThat(tombstones(store)).containsExactly("1/1 11");
        assertThat(store.capacity().tombstones()).isEqualTo(1);
        bench.close(store);
        assertThat(bench.check(disk).tombstones()).isEqualTo(1);
        assertThat(tombstones(bench.open(disk, StoreOptions.of(Durability.PLP))))
                .containsExactly("1/1 11");
    }

    @Test
    void forgetsATombstoneOnlyIfNothingHasChangedItSince() {
        final ChunkStore store = fresh();
        bench.write(store, request, 0, 0, SHARD, 1, 0x22);
        forget(store, 1);
        assertThat(store.shardVersion(1, 0)).as("a shard with content stays").isEqualTo(1);
        request.askDiscard(1, 0, 0, SHARD, 2, true);
        bench.run(store, request);
        request.askDiscard(1, 0, 0, 4096, 3, true);
        bench.run(store, request);
        forget(store, 2);
        assertThat(store.shardVersion(1, 0)).as("a newer tombstone stays").isEqualTo(3);
        forget(store, 3);
        assertThat(store.shardVersion(1, 0)).isZero();
        assertThat(store.capacity().tombstones()).isZero();
        for (int i = 0; i < 20; i++) {
            bench.write(store, request, 1, 0, 4096, 4 + i, 1);
        }
        assertThat(store.capacity().shards()).as("its entry is free").isEqualTo(1);
        forget(store, 3);
        bench.close(store);
        assertThat(bench.check(disk).findings()).isEmpty();
        assertThat(bench.open(disk, StoreOptions.of(Durability.PLP)).capacity().shards())
                .isEqualTo(1);
    }

    @Test
    void aWriteBehindTheForgettingOfATombstoneIsKept() {
        final ChunkStore store = fresh();
        bench.write(store, request, 0, 0, SHARD, 1, 0x22);
        request.askDiscard(1, 0, 0, SHARD, 2, true);
        bench.run(store, request);
        final StoreBench.Request forgetting = new StoreBench.Request();
        forgetting.askForget(1, 0, 2);
        store.submit(forgetting);
        assertThat(bench.write(store, request, 0, 8192, 4096, 3, 0x44)).isEqualTo(StoreStatus.OK);
        for (int i = 0; i < 50; i++) {
            pass();
        }
        assertThat(forgetting.answer).isEqualTo(StoreStatus.OK);
        assertThat(store.shardVersion(1, 0)).isEqualTo(3);
        bench.read(store, request, 0, 8192, 4096);
        assertThat(bench.readAll(4096, 0x44)).isTrue();
    }

    @Test
    void aDiscardOfAnUnknownShardLeavesNothing() {
        final ChunkStore store = fresh();
        request.askDiscard(1, 0, 0, SHARD, 2, true);
        assertThat(bench.run(store, request)).isEqualTo(StoreStatus.OK);
        request.askWriteZeroes(1, 1, 512, 1024, 3, true);
        assertThat(bench.run(store, request)).isEqualTo(StoreStatus.OK);
        assertThat(store.capacity().shards()).isZero();
    }

    private void forget(ChunkStore store, long version) {
        request.askForget(1, 0, version);
        assertThat(bench.run(store, request)).isEqualTo(StoreStatus.OK);
        for (int i = 0; i < 50; i++) {
            pass();
        }
    }

    private static List<String> tombstones(ChunkStore store) {
        final List<String> found = new ArrayList<>();
        int from = 0;
        do {
            from = store.visitShards(from, 2, (part, shard, version, empty) -> {
                if (empty) {
                    found.add(part + "/" + shard + " " + version);
                }
            });
        } while (from != 0);
        return found;
    }

    @Test
    void zeroesPartsOfBlocks() {
        final ChunkStore store = fresh();
        bench.write(store, request, 0, 0, 16384, 1, 0x44);
        request.askWriteZeroes(1, 0, 512, 12288, 2, false);
        assertThat(bench.run(store, request)).isEqualTo(StoreStatus.OK);
        bench.read(store, request, 0, 512, 12288);
        assertThat(bench.readAll(12288, 0)).isTrue();
        bench.read(store, request, 0, 12800, 3584);
        assertThat(bench.readAll(3584, 0x44)).isTrue();
        assertThat(store.capacity().blocksMapped()).isEqualTo(2);
    }

    @Test
    void refusesWhatIsNotInTheShardOrNotInWholeSectors() {
        final ChunkStore store = fresh();
        assertThat(bench.read(store, request, 0, 0, 100)).isEqualTo(StoreStatus.BAD_REQUEST);
        assertThat(bench.read(store, request, 0, SHARD - 512, 1024)).isEqualTo(StoreStatus.BAD_REQUEST);
        assertThat(bench.write(store, request, 0, 0, 512, 0, 1)).isEqualTo(StoreStatus.BAD_REQUEST);
        assertThat(bench.write(store, request, -1, 0, 512, 1, 1)).isEqualTo(StoreStatus.BAD_REQUEST);
    }

    @Test
    void saysThatThereIsNoSpaceAndHasSpaceAgainAfterADrop() {
        final ChunkStore store = fresh();
        int shards = 0;
        while (bench.write(store, request, shards, 0, 4096, 1, 1) == StoreStatus.OK) {
            shards++;
        }
        assertThat(request.answer).isEqualTo(StoreStatus.NO_SPACE);
        assertThat(shards)
                .isEqualTo(store.capacity().slotsTotal() - store.capacity().slotsReserved());
        request.askDrop(1, 0);
        assertThat(bench.run(store, request)).isEqualTo(StoreStatus.OK);
        assertThat(bench.write(store, request, 1000, 0, 4096, 1, 1)).isEqualTo(StoreStatus.OK);
    }

    @Test
    void namesTheBlockThatHasRottedAndTakesItsRepair() {
        final ChunkStore store = fresh();
        bench.write(store, request, 0, 0, SHARD, 9, 0x55);
        disk.rot(firstSlot() + 5 * 4096 + 100, 3);
        assertThat(bench.read(store, request, 0, 0, SHARD)).isEqualTo(StoreStatus.CORRUPT);
        assertThat(request.failedBlock()).isEqualTo(5);
        assertThat(bench.write(store, request, 0, 5 * 4096 + 512, 512, 10, 1)).isEqualTo(StoreStatus.CORRUPT);
        assertThat(bench.write(store, request, 0, 5 * 4096, 4096, 9, 0x55)).isEqualTo(StoreStatus.OK);
        assertThat(bench.read(store, request, 0, 0, SHARD)).isEqualTo(StoreStatus.OK);
        assertThat(bench.readAll(SHARD, 0x55)).isTrue();
    }

    @Test
    void findsAWriteThatWentElsewhereAndOneThatWasLost() {
        final ChunkStore store = fresh();
        bench.write(store, request, 0, 0, SHARD, 1, 0x11);
        for (final DiskFault fault : new DiskFault[] {DiskFault.LOST, DiskFault.MISDIRECTED}) {
            disk.faults((operation, offset, _) ->
                    operation == BlockOperation.WRITE && offset >= firstSlot() ? fault : DiskFault.NONE);
            assertThat(bench.write(store, request, 0, 8192, 4096, 2, 0x22)).isEqualTo(StoreStatus.OK);
            disk.faults((_, _, _) -> DiskFault.NONE);
            assertThat(bench.read(store, request, 0, 8192, 4096)).isEqualTo(StoreStatus.CORRUPT);
        }
    }

    @Test
    void answersCorruptForAShardWhosePageHasRotted() {
        ChunkStore store = fresh();
        bench.write(store, request, 0, 0, SHARD, 1, 0x11);
        bench.write(store, request, 1, 0, SHARD, 1, 0x12);
        bench.close(store);
        // The first home still holds zeros; the second has the only page.
        disk.rot(pageOffset(0, 1) + 3300, 1);
        store = bench.open(disk, StoreOptions.of(Durability.PLP));
        assertThat(store.isIncomplete()).isFalse();
        assertThat(store.shardDamaged(1, 0)).isTrue();
        store.abandon();
        disk.rot(pageOffset(0, 1) + 3300, 1);
        store = bench.open(disk, StoreOptions.of(Durability.PLP));
        bench.write(store, request, 0, 0, 4096, 2, 0x13);
        bench.close(store);
        assertThat(bench.check(disk).isClean()).isTrue();
        disk.rot(pageOffset(0, 2) + 3300, 1);
        assertThat(bench.check(disk).isClean()).isFalse();
        store = bench.open(disk, StoreOptions.of(Durability.PLP));
        assertThat(store.shardDamaged(1, 0)).isTrue();
        assertThat(bench.read(store, request, 0, 0, SHARD)).isEqualTo(StoreStatus.CORRUPT);
        assertThat(bench.read(store, request, 1, 0, SHARD)).isEqualTo(StoreStatus.OK);
        request.askDrop(1, 0);
        assertThat(bench.run(store, request)).isEqualTo(StoreStatus.OK);
        assertThat(bench.write(store, request, 0, 0, SHARD, 5, 0x14)).isEqualTo(StoreStatus.OK);
        bench.close(store);
        assertThat(bench.check(disk).findings()).isEmpty();
        store = bench.open(disk, StoreOptions.of(Durability.PLP));
        assertThat(bench.read(store, request, 0, 0, SHARD)).isEqualTo(StoreStatus.OK);
        assertThat(bench.readAll(SHARD, 0x14)).isTrue();
    }

    @Test
    void takesNoUnknownShardForAnEmptyOneAfterAPageHasRottedThatDoesNotSayWhoseItWas() {
        ChunkStore store = fresh();
        bench.write(store, request, 0, 0, SHARD, 1, 0x11);
        bench.write(store, request, 1, 0, SHARD, 1, 0x12);
        bench.close(store);
        disk.rot(pageOffset(0, 1) + 40, 1);
        assertThat(bench.check(disk).isClean()).isFalse();
        for (int life = 0; life < 2; life++) {
            store = bench.open(disk, StoreOptions.of(Durability.PLP));
            assertThat(store.isIncomplete()).isTrue();
            assertThat(bench.read(store, request, 0, 4096, 4096)).isEqualTo(StoreStatus.CORRUPT);
            assertThat(request.failedBlock()).isEqualTo(1);
            assertThat(bench.read(store, request, 1, 0, SHARD)).isEqualTo(StoreStatus.OK);
            bench.close(store);
        }
        store = bench.open(disk, StoreOptions.of(Durability.PLP));
        assertThat(bench.write(store, request, 0, 8192, 4096, 9, 0x13)).isEqualTo(StoreStatus.OK);
        request.askWriteZeroes(1, 0, 0, 4096, 10, true);
        assertThat(bench.run(store, request)).isEqualTo(StoreStatus.OK);
        store.declareComplete();
        bench.close(store);
        store = bench.open(disk, StoreOptions.of(Durability.PLP));
        assertThat(store.isIncomplete()).isFalse();
        assertThat(bench.read(store, request, 7, 0, 4096)).isEqualTo(StoreStatus.OK);
        assertThat(bench.read(store, request, 0, 8192, 4096)).isEqualTo(StoreStatus.OK);
        assertThat(bench.readAll(4096, 0x13)).isTrue();
        assertThat(bench.read(store, request, 0, 0, 4096)).isEqualTo(StoreStatus.OK);
        assertThat(bench.readAll(4096, 0)).isTrue();
        assertThat(bench.read(store, request, 0, 0, SHARD)).isEqualTo(StoreStatus.CORRUPT);
        assertThat(request.failedBlock()).isEqualTo(1);
        request.askVersions(1, 0, 0, 4 * 4096);
        bench.run(store, request);
        assertThat(request.blockVersion(0)).isEqualTo(10);
        assertThat(request.blockVersion(1)).isEqualTo(StoreRequest.VERSION_LOST);
        assertThat(request.blockVersion(2)).isEqualTo(9);
    }

    @Test
    void theDeviceIsToldThatTheStoreIsIncompleteOrNotWithoutAnyWrite() {
        ChunkStore store = fresh();
        assertThat(store.declareIncomplete()).as("durable at once").isFalse();
        for (int i = 0; i < 100 && !store.declareIncomplete(); i++) {
            pass();
        }
        assertThat(store.declareIncomplete()).isTrue();
        disk.processCrash();
        store.abandon();
        store = bench.open(disk, StoreOptions.of(Durability.PLP));
        assertThat(store.isIncomplete()).isTrue();
        assertThat(store.declareIncomplete()).isTrue();
        store.declareComplete();
        bench.close(store);
        store = bench.open(disk, StoreOptions.of(Durability.PLP));
        assertThat(store.isIncomplete()).isFalse();
        bench.close(store);
    }

    @Test
    void aWriteToADamagedShardIsKeptAndTheRestStaysUnreadable() {
        ChunkStore store = fresh();
        bench.write(store, request, 0, 0, SHARD, 1, 0x11);
        bench.close(store);
        disk.rot(pageOffset(0, 1) + 3300, 1);
        store = bench.open(disk, StoreOptions.of(Durability.PLP));
        request.askVersions(1, 0, 0, SHARD);
        assertThat(bench.run(store, request)).isEqualTo(StoreStatus.OK);
        assertThat(request.blockVersion(3)).isEqualTo(StoreRequest.VERSION_LOST);
        assertThat(store.shardDigest(1, 0)).isZero();
        assertThat(bench.write(store, request, 0, 4096, 4096, 5, 0x22)).isEqualTo(StoreStatus.OK);
        assertThat(store.capacity().slotsUsed()).isEqualTo(1);
        disk.processCrash();
        store.abandon();
        store = bench.open(disk, StoreOptions.of(Durability.PLP));
        assertThat(store.shardDamaged(1, 0)).isFalse();
        assertThat(store.shardDigest(1, 0)).isNotZero();
        assertThat(bench.read(store, request, 0, 4096, 4096)).isEqualTo(StoreStatus.OK);
        assertThat(bench.readAll(4096, 0x22)).isTrue();
        assertThat(bench.read(store, request, 0, 0, 4096)).isEqualTo(StoreStatus.CORRUPT);
        assertThat(bench.write(store, request, 0, 512, 512, 6, 0x22)).isEqualTo(StoreStatus.CORRUPT);
        assertThat(bench.write(store, request, 0, 0, SHARD, 7, 0x23)).isEqualTo(StoreStatus.OK);
        bench.close(store);
        assertThat(bench.check(disk).findings()).isEmpty();
    }

    @Test
    void aDeviceFormattedInPlaceOfAnotherKeepsItsIdentityAndHasLostEverything() {
        bench.format(disk, format.inPlaceOf(new UUID(7, 8)));
        final ChunkStore store = bench.open(disk, StoreOptions.of(Durability.PLP));
        assertThat(store.deviceId()).isEqualTo(new UUID(7, 8));
        assertThat(store.isIncomplete()).isTrue();
        assertThat(bench.read(store, request, 0, 0, 4096)).isEqualTo(StoreStatus.CORRUPT);
        bench.close(store);
    }

    @Test
    void refusesADeviceThatIsNoStoreAndOpensOneWithABrokenFirstSuperblock() {
        assertThatThrownBy(() -> bench.open(disk, StoreOptions.of(Durability.PLP)))
                .hasMessageContaining("magic is not BSSB");
        bench.close(fresh());
        for (int copy = 0; copy < 2; copy++) {
            disk.rot(Geometry.superblockOffset(copy) + 16, 1);
            assertThat(bench.check(disk).findings())
                    .containsExactly("superblock copy " + copy + ": checksum does not match");
            bench.close(bench.open(disk, StoreOptions.of(Durability.PLP)));
            assertThat(bench.check(disk).findings()).isEmpty();
        }
    }

    @Test
    void refusesALogWithAHoleBeforeTheMark() {
        final ChunkStore store = fresh();
        for (int i = 0; i < 10; i++) {
            bench.write(store, request, 0, 0, 4096, 1 + i, i);
        }
        disk.processCrash();
        store.abandon();
        disk.rot(Geometry.LOG_OFFSET + 12 * 4096 + 80, 0);
        assertThatThrownBy(() -> bench.open(disk, StoreOptions.of(Durability.PLP)))
                .hasMessageContaining("acknowledged writes");
    }

    @Test
    void overwritesAWholeShardAtOnceWithTheHelpOfASecondSlot() {
        final ChunkStore store = fresh();
        bench.write(store, request, 0, 0, SHARD, 1, 0x11);
        final List<StoreBench.Request> many = new ArrayList<>();
        for (int i = 0; i < 16; i++) {
            final StoreBench.Request one = new StoreBench.Request();
            one.data().reset(bench.table());
            one.data().add(0, 0, 4096);
            one.askWrite(1, 0, i * 4096, 4096, 2 + i);
            many.add(one);
        }
        bench.memory().asSlice(0, 4096).fill((byte) 0x66);
        many.forEach(store::submit);
        request.data().reset(bench.table());
        request.data().add(0, 0, 65536);
        bench.memory().asSlice(4096, 65536 - 4096).fill((byte) 0x66);
        request.askWrite(1, 0, 0, SHARD, 30);
        assertThat(bench.run(store, request)).isEqualTo(StoreStatus.OK);
        assertThat(many).allMatch(one -> one.answer == StoreStatus.OK);
        bench.read(store, request, 0, 0, SHARD);
        assertThat(bench.readAll(SHARD, 0x66)).isTrue();
        for (int i = 0; i < 200; i++) {
            reactor.advance(30_000_000);
            pass();
        }
        assertThat(store.capacity().slotsUsed()).isEqualTo(1);
    }

    private long firstSlot() {
        return Geometry.plan(disk.sizeBytes(), format).blockOffset(store0Slot(), 0);
    }

    /// The first slot that a fresh store gives out.
    private static int store0Slot() {
        return 0;
    }

    private long pageOffset(int entry, long generation) {
        return Geometry.plan(disk.sizeBytes(), format).pageOffset(entry, generation);
    }
}
