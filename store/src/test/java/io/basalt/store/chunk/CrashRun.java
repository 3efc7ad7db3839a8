package io.basalt.store.chunk;

import static io.basalt.store.chunk.StoreRequest.BLOCK_BYTES;
import static io.basalt.store.chunk.StoreRequest.SECTOR_BYTES;

import io.basalt.block.BlockOperation;
import io.basalt.store.sim.DiskFault;
import io.basalt.store.sim.DiskFaults;
import io.basalt.store.sim.SimDisk;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/// One run of a store on a simulated disk against the model: random requests, the disk's operations
/// completed in random order, crashes at random moments, also during recovery, and after each the question
/// whether what is found there may be.
///
/// Everything follows from the seed. An event is a request, a completion, a pass of the reactor or a tick of
/// the clock.
final class CrashRun {
    /// What a run is about.
    ///
    /// @param events events in all
    /// @param crashEvery mean events between crashes
    /// @param crashAt event to crash at, and no other; 0 for crashes at random
    /// @param errors whether the disk fails requests
    /// @param tombstones whether most emptied shards keep their versions, and are forgotten by requests of
    ///     their own
    record Plan(int events, int crashEvery, int crashAt, boolean errors, boolean tombstones) {}

    private static final long STUCK_EVENTS = 200_000;
    private static final int QUEUE_DEPTH = 10;

    private final SplittableRandom random;
    private final Plan plan;
    private final SimDisk disk;
    private final Durability durability;
    private final StoreOptions options;
    private final int shardBytes;
    private final int pieceBlocks;
    private final List<ModelShard> shards = new ArrayList<>();
    private final ArrayDeque<ModelRequest> idle = new ArrayDeque<>();
    private final List<ModelRequest> underWay = new ArrayList<>();
    private final List<ModelPiece> acknowledged = new ArrayList<>();
    private final long dataOffset;
    private SimReactor reactor = new SimReactor();
    private @Nullable ChunkStore store;
    private @Nullable String refusal;
    private boolean errorsOn;
    private boolean storeFailed;
    private long pieceNumber;
    private long version = 1L << 40;
    private int event;
    private int crashes;
    private long recordsRejected;
    private long recordsApplied;

    CrashRun(long seed, Plan plan) {
        this.plan = plan;
        random = new SplittableRandom(seed);
        durability = List.of(Durability.values()).get(random.nextInt(3));
        shardBytes = 16384 << random.nextInt(3);
        final int spares = 1 + random.nextInt(6);
        final int slotBlocks = shardBytes / BLOCK_BYTES + spares;
        final int slots = 3 + random.nextInt(6);
        final int entries = 3 + random.nextInt(22);
        final int logBlocks = 16 + random.nextInt(32);
        final int reserve = 1 + random.nextInt(2);
        pieceBlocks = Math.min(16, spares);
        dataOffset = Geometry.LOG_OFFSET + (logBlocks + 2L * entries) * BLOCK_BYTES;
        disk = new SimDisk(
                "disk",
                dataOffset + (long) slots * slotBlocks * BLOCK_BYTES,
                durability != Durability.PLP,
                random::nextLong);
        options = StoreOptions.of(durability)
                .withCacheBytes(StoreOptions.CACHE_BYTES_MIN)
                .withOperationCount(16 + random.nextInt(16));
        final int shardCount = 1 + random.nextInt(slots + 4);
        for (int i = 0; i < shardCount; i++) {
            shards.add(new ModelShard(1 + i % 2, i / 2, shardBytes / BLOCK_BYTES));
        }
        for (int i = 0; i < QUEUE_DEPTH; i++) {
            idle.add(new ModelRequest(shardBytes, this::ended));
        }
        format(new FormatOptions(
                random.nextLong(), random.nextLong(), shardBytes, spares, logBlocks, reserve, entries));
    }

    private void format(FormatOptions format) {
        final List<String> told = new ArrayList<>();
        ChunkStore.format(disk, reactor.reactor(), format, new FormatListener() {
            @Override
            public void formatted() {
                told.add("");
            }

            @Override
            public void refused(String reason) {
                told.add(reason);
            }
        });
        for (long i = 0; told.isEmpty(); i++) {
            anyCompletionOrPass(i);
        }
        if (!told.getFirst().isEmpty()) {
            throw new AssertionError("format refused: " + told);
        }
        disk.faults(this::faultOf);
    }

    private DiskFault faultOf(BlockOperation operation, long offset, long length) {
        if (!errorsOn) {
            return DiskFault.NONE;
        }
        if (operation == BlockOperation.WRITE && offset >= dataOffset) {
            final int die = random.nextInt(60);
            return die == 0 ? DiskFault.ERROR : die == 1 ? DiskFault.NO_SPACE : DiskFault.NONE;
        }
        return random.nextInt(400) == 0 ? DiskFault.ERROR : DiskFault.NONE;
    }

    /// Runs it all.
    ///
    /// @return crashes
    int run() {
        reopen();
        while (event < plan.events) {
            step();
            final boolean crash = plan.crashAt > 0 ? event == plan.crashAt : random.nextInt(plan.crashEvery) == 0;
            if (crash) {
                crash();
            }
        }
        quiesce();
        if (storeFailed) {
            crash();
            quiesce();
        }
        errorsOn = false;
        verifyAll(false);
        if (!plan.errors) {
            checkSpace();
        }
        closeAndCheck();
        return crashes;
    }

    int events() {
        return event;
    }

    long recordsRejected() {
        return recordsRejected;
    }

    long recordsApplied() {
        return recordsApplied;
    }

    private void step() {
        event++;
        final int die = random.nextInt(10);
        if (die < 3 && !idle.isEmpty()) {
            submit();
        } else if (die < 8 && disk.inFlight() > 0) {
            disk.complete(random.nextInt(disk.inFlight()));
        } else if (die == 9) {
            reactor.advance(random.nextInt(4) == 0 ? 25_000_000 : 1000);
            reactor.reactor().runOnce();
        } else {
            reactor.reactor().runOnce();
        }
    }

    private void anyCompletionOrPass(long tries) {
        if (tries > STUCK_EVENTS) {
            throw new AssertionError("stuck with " + underWay.size() + " requests and " + disk.inFlight()
                    + " operations of the disk under way; " + store);
        }
        if (disk.inFlight() > 0 && random.nextInt(3) != 0) {
            disk.complete(random.nextInt(disk.inFlight()));
        } else {
            reactor.reactor().runOnce();
        }
    }

    private ChunkStore store() {
        return Objects.requireNonNull(store);
    }

    // Requests

    private void submit() {
        final ModelRequest request = idle.remove();
        final ModelShard shard = shards.get(random.nextInt(random.nextInt(shards.size()) + 1));
        request.shard = shard;
        request.pieces.clear();
        request.forgets = false;
        request.underWay = true;
        underWay.add(request);
        final int sectors = shard.sectorCount();
        final int grain = random.nextInt(3) == 0 ? 1 : ModelShard.BLOCK_SECTORS;
        int first = random.nextInt(sectors / grain) * grain;
        int count = Math.min(sectors - first, grain * (1 + random.nextInt(1 + random.nextInt(sectors / grain))));
        final int die = random.nextInt(plan.tombstones ? 21 : 20);
        if (die == 0) {
            first = 0;
            count = sectors;
        }
        if (die < 12) {
            write(request, first, count);
        } else if (die < 14) {
            zero(request, first, count);
        } else if (die < 18) {
            request.askRead(shard.partId, shard.shardIndex, first * SECTOR_BYTES, count * SECTOR_BYTES);
            request.spread(count * SECTOR_BYTES, random);
            request.wipe();
            request.sight = shard.sight(first, count);
        } else if (die == 18) {
            request.askFlush();
            request.acknowledgedBefore = acknowledged.size();
        } else if (die == 19) {
            drop(request);
        } else {
            forget(request);
        }
        if (request.forgets) {
            shard.versions().forgettingBegins();
        }
        request.pieces.forEach(piece -> piece.oneOfMany = request.pieces.size() > 1);
        store().submit(request);
    }

    private void write(ModelRequest request, int first, int count) {
        final ModelShard shard = request.shard;
        version++;
        request.askWrite(shard.partId, shard.shardIndex, first * SECTOR_BYTES, count * SECTOR_BYTES, version);
        request.spread(count * SECTOR_BYTES, random);
        int at = first;
        while (at < first + count) {
            final int end =
                    Math.min(first + count, (at / ModelShard.BLOCK_SECTORS + pieceBlocks) * ModelShard.BLOCK_SECTORS);
            final ModelPiece piece = new ModelPiece(++pieceNumber, at, end - at, false, version);
            request.pieces.add(piece);
            shard.submitted(piece);
            request.fill(piece);
            at = end;
        }
    }

    private void zero(ModelRequest request, int first, int count) {
        final ModelShard shard = request.shard;
        version++;
        final boolean keep = plan.tombstones ? random.nextInt(4) != 0 : random.nextBoolean();
        request.forgets = !keep;
        if (random.nextBoolean()) {
            request.askDiscard(
                    shard.partId, shard.shardIndex, first * SECTOR_BYTES, count * SECTOR_BYTES, version, keep);
        } else {
            request.askWriteZeroes(
                    shard.partId, shard.shardIndex, first * SECTOR_BYTES, count * SECTOR_BYTES, version, keep);
        }
        int at = first;
        while (at < first + count) {
            final int left = first + count - at;
            final int inBlock = at % ModelShard.BLOCK_SECTORS;
            final boolean part = inBlock != 0 || left < ModelShard.BLOCK_SECTORS;
            final int length = part
                    ? Math.min(left, ModelShard.BLOCK_SECTORS - inBlock)
                    : left / ModelShard.BLOCK_SECTORS * ModelShard.BLOCK_SECTORS;
            final ModelPiece piece = new ModelPiece(++pieceNumber, at, length, true, version);
            request.pieces.add(piece);
            shard.submitted(piece);
            at += length;
        }
    }

    private void drop(ModelRequest request) {
        final ModelShard shard = request.shard;
        request.askDrop(shard.partId, shard.shardIndex);
        final ModelPiece piece = new ModelPiece(++pieceNumber, 0, shard.sectorCount(), true, ++version);
        piece.drops = true;
        request.forgets = true;
        request.pieces.add(piece);
        shard.submitted(piece);
    }

    /// Forgets the shard if it is a tombstone, of its version of now or of another one.
    private void forget(ModelRequest request) {
        final ModelShard shard = request.shard;
        final long own = store().shardVersion(shard.partId, shard.shardIndex);
        request.askForget(shard.partId, shard.shardIndex, own == 0 ? 1 : own - random.nextInt(5) / 4);
        request.forgets = true;
    }

    private void ended(ModelRequest request, StoreStatus status) {
        underWay.remove(request);
        idle.add(request);
        checkStatus(request, status);
        if (request.forgets) {
            request.shard.versions().forgettingEnds();
        }
        if (request.operation() == StoreOperation.READ) {
            if (status == StoreStatus.OK) {
                checkRead(request);
            }
            return;
        }
        if (request.operation() == StoreOperation.FLUSH) {
            if (status == StoreStatus.OK) {
                for (int i = 0; i < request.acknowledgedBefore; i++) {
                    settle(acknowledged.get(i));
                }
            }
            return;
        }
        for (final ModelPiece piece : request.pieces) {
            if (status == StoreStatus.OK) {
                piece.fate = ModelPiece.Fate.ACKNOWLEDGED;
                acknowledged.add(piece);
                if (durability != Durability.FLUSH) {
                    request.shard.durable(piece);
                }
            } else if (request.pieces.size() == 1
                    && (status == StoreStatus.FAILED || (status == StoreStatus.NO_SPACE && !errorsOn))) {
                piece.fate = ModelPiece.Fate.REFUSED;
                request.shard.refused(piece);
            } else {
                piece.fate = ModelPiece.Fate.FAILED;
            }
        }
    }

    private void settle(ModelPiece piece) {
        for (final ModelShard shard : shards) {
            if (shard.has(piece)) {
                shard.durable(piece);
            }
        }
    }

    private void checkStatus(ModelRequest request, StoreStatus status) {
        final boolean changes = request.operation().changes();
        final boolean expected = switch (status) {
            case OK -> true;
            case NO_SPACE -> changes;
            case IO_ERROR -> plan.errors;
            case FAILED -> {
                storeFailed = true;
                yield plan.errors;
            }
            case CORRUPT -> plan.errors && storeFailed;
            case BAD_REQUEST -> false;
        };
        if (!expected) {
            throw new AssertionError(request.operation() + " of " + request.shard + " at " + request.offset() + "+"
                    + request.length() + " answered " + status + ", block " + request.failedBlock());
        }
    }

    private void checkRead(ModelRequest request) {
        for (int at = 0; at < request.length(); at += SECTOR_BYTES) {
            request.sight.check(at / SECTOR_BYTES, request.value(at));
        }
    }

    // Crash and recovery

    private void crash() {
        crashes++;
        if (random.nextInt(3) == 0) {
            disk.processCrash();
        } else {
            disk.powerCut();
        }
        if (store != null) {
            store.abandon();
        }
        store = null;
        storeFailed = false;
        for (final ModelRequest request : underWay) {
            request.underWay = false;
            for (final ModelPiece piece : request.pieces) {
                piece.fate = ModelPiece.Fate.FAILED;
            }
        }
        // Their memory may still be named by a request that a device has dropped.
        for (int i = 0; i < underWay.size(); i++) {
            idle.add(new ModelRequest(shardBytes, this::ended));
        }
        underWay.clear();
        acknowledged.clear();
        reopen();
        verifyAll(true);
        errorsOn = plan.errors;
    }

    private void reopen() {
        errorsOn = false;
        while (true) {
            reactor = new SimReactor();
            store = null;
            refusal = null;
            ChunkStore.open(disk, reactor.reactor(), options, new Opened());
            final int crashAfter = plan.crashAt == 0 && random.nextInt(5) == 0 ? random.nextInt(60) : Integer.MAX_VALUE;
            long tries = 0;
            while (store == null && refusal == null && tries < crashAfter) {
                anyCompletionOrPass(tries++);
            }
            if (refusal != null) {
                throw new AssertionError("recovery refused: " + refusal);
            }
            if (store != null) {
                return;
            }
            crashes++;
            disk.powerCut();
        }
    }

    private final class Opened implements OpenListener {
        @Override
        public void opened(ChunkStore opened, RecoveryReport report) {
            store = opened;
            recordsApplied += report.recordsApplied();
            recordsRejected += report.recordsRejected();
            if (report.shardsDamaged() > 0) {
                throw new AssertionError("recovery found damage: " + report);
            }
        }

        @Override
        public void refused(String reason) {
            refusal = reason;
        }
    }

    private void quiesce() {
        for (long i = 0; !underWay.isEmpty(); i++) {
            anyCompletionOrPass(i);
        }
    }

    private void verifyAll(boolean recovered) {
        for (final ModelShard shard : shards) {
            final ModelRequest request = idle.remove();
            request.askRead(shard.partId, shard.shardIndex, 0, shardBytes);
            request.spread(shardBytes, random);
            request.wipe();
            request.shard = shard;
            request.sight = shard.sight(0, shard.sectorCount());
            request.pieces.clear();
            request.forgets = false;
            final StoreStatus[] answer = new StoreStatus[1];
            final ModelRequest probe = request.listening((_, status) -> answer[0] = status);
            store().submit(probe);
            for (long i = 0; answer[0] == null; i++) {
                anyCompletionOrPass(i);
            }
            idle.add(request);
            if (answer[0] != StoreStatus.OK) {
                throw new AssertionError(shard + " answers " + answer[0] + ", block " + probe.failedBlock());
            }
            final long[] values = new long[shard.sectorCount()];
            final long[] versions = new long[values.length / ModelShard.BLOCK_SECTORS];
            for (int i = 0; i < values.length; i++) {
                values[i] = probe.value(i * SECTOR_BYTES);
                versions[i / ModelShard.BLOCK_SECTORS] = probe.blockVersion(i / ModelShard.BLOCK_SECTORS);
            }
            checkVersions(shard, versions);
            if (recovered) {
                shard.recovered(values, versions);
            } else {
                checkRead(probe);
                shard.versions().check(versions, shard);
            }
        }
    }

    /// A shard that was forgotten after the read has no version any more.
    private void checkVersions(ModelShard shard, long[] versions) {
        final long own = store().shardVersion(shard.partId, shard.shardIndex);
        for (final long blockVersion : versions) {
            if (own != 0 && Long.compareUnsigned(blockVersion, own) > 0) {
                throw new AssertionError(shard + " has a block of a version above its own");
            }
        }
    }

    /// When all is quiet, each shard with content has one slot, and no other slot is in use.
    private void checkSpace() {
        for (int i = 0; i < 600 || (disk.inFlight() > 0 && i < STUCK_EVENTS); i++) {
            if (i % 50 == 0 && !idle.isEmpty()) {
                final ModelRequest flush = idle.remove();
                flush.askFlush();
                flush.pieces.clear();
                flush.forgets = false;
                store().submit(flush.listening((request, _) -> idle.add(request)));
            }
            reactor.advance(25_000_000);
            reactor.reactor().runOnce();
            while (disk.inFlight() > 0) {
                disk.complete(0);
            }
        }
        final int[] full = new int[1];
        final int[] tombstones = new int[1];
        store().forEachShard((_, _, _, empty) -> full[0] += empty ? 0 : 1);
        store().visitShards(0, Integer.MAX_VALUE, (_, _, _, tombstone) -> tombstones[0] += tombstone ? 1 : 0);
        final StoreCapacity capacity = store().capacity();
        if (capacity.slotsUsed() != full[0] || capacity.tombstones() != tombstones[0]) {
            throw new AssertionError(
                    full[0] + " shards with content and " + tombstones[0] + " tombstones use " + capacity);
        }
    }

    private void closeAndCheck() {
        final boolean[] closed = new boolean[1];
        store().close(() -> closed[0] = true);
        for (long i = 0; !closed[0]; i++) {
            anyCompletionOrPass(i);
        }
        store = null;
        final List<ChunkCheck.Report> reports = new ArrayList<>();
        disk.faults(DiskFaults.NONE);
        ChunkCheck.run(disk, reactor.reactor(), reports::add);
        for (long i = 0; reports.isEmpty(); i++) {
            anyCompletionOrPass(i);
        }
        if (!reports.getFirst().isClean()) {
            throw new AssertionError("checker: " + reports.getFirst());
        }
    }
}
