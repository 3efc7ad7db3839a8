package io.basalt.simulation;

import io.basalt.block.BlockOperation;
import io.basalt.chunk.ShardStore;
import io.basalt.store.chunk.ChunkStore;
import io.basalt.store.chunk.Durability;
import io.basalt.store.chunk.FormatListener;
import io.basalt.store.chunk.FormatOptions;
import io.basalt.store.chunk.OpenListener;
import io.basalt.store.chunk.RecoveryReport;
import io.basalt.store.chunk.StoreCounters;
import io.basalt.store.chunk.StoreOptions;
import io.basalt.store.sim.DiskFault;
import io.basalt.store.sim.SimDisk;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// A simulated disk with a production chunk store on it, with bounds drawn from the seed so small that logs
/// wrap and spares run out all the time.
final class DiskStorage implements SimStorage {
    static final int SHARD_BYTES = 16 * 4096;

    private static final long DISK_BYTES = 6L << 20;
    private static final long FULL_DISK_BYTES = DISK_BYTES - 72L * SHARD_BYTES;
    private static final long LOG_END = 512 << 10;
    private static final int ROT_TRIES = 400;

    private final Coverage coverage;
    private final SimDisk disk;
    private final long sizeBytes;
    private final FormatOptions format;
    private final StoreOptions options;
    private final boolean lies;
    private BooleanSupplier mayHarm = () -> true;
    private boolean isFormatted;
    private boolean writesFail;
    private boolean readsFail;
    private long stalledUntilNs;
    private long slowUntilNs;
    private int slowness = 1;
    private DiskFault nextWrite = DiskFault.NONE;

    private @Nullable ChunkStore store;

    private DiskStorage(World world, SimRandom random, int deviceId, boolean lies, long sizeBytes) {
        coverage = world.coverage();
        this.sizeBytes = sizeBytes;
        this.lies = lies;
        final boolean volatileCache = random.chance(50);
        disk = new SimDisk("disk" + deviceId, sizeBytes, volatileCache, random.fork("medium"));
        final long slowest = random.between(30_000, 600_000);
        disk.latency(
                (operation, length) -> random.between(10_000, slowest) * (world.nowNs() < slowUntilNs ? slowness : 1)
                        + Math.max(0, stalledUntilNs - world.nowNs()));
        disk.faults((operation, offset, length) -> fate(operation));
        format = new FormatOptions(
                random.nextLong(), deviceId, SHARD_BYTES, 1 + random.below(16), 16 + random.below(48), 2, 32);
        options = StoreOptions.of(volatileCache ? Durability.FUA : Durability.PLP)
                .withCacheBytes(StoreOptions.CACHE_BYTES_MIN)
                .withOperationCount(16 + random.below(48));
    }

    static SimStorage make(World world, SimRandom random, int deviceId, Scenario scenario) {
        return new DiskStorage(
                world,
                random,
                deviceId,
                scenario.faults().disksLie(),
                scenario.strains().fullDisks() ? fullBytes(scenario) : DISK_BYTES);
    }

    /// All of one size, and yet not of one number of slots: metadata takes more of one than of another.
    private static long fullBytes(Scenario scenario) {
        return FULL_DISK_BYTES + (long) (scenario.load().operations() % 4) * SHARD_BYTES;
    }

    @Override
    public void open(SimReactor reactor, Consumer<ShardStore> opened, Consumer<String> refused) {
        if (isFormatted) {
            openFormatted(reactor, opened, refused);
            return;
        }
        ChunkStore.format(disk, reactor.reactor(), format, new FormatListener() {
            @Override
            public void formatted() {
                isFormatted = true;
                openFormatted(reactor, opened, refused);
            }

            @Override
            public void refused(String reason) {
                refused.accept(reason);
            }
        });
    }

    private void openFormatted(SimReactor reactor, Consumer<ShardStore> opened, Consumer<String> refused) {
        ChunkStore.open(disk, reactor.reactor(), options, new OpenListener() {
            @Override
            public void opened(ChunkStore newStore, RecoveryReport report) {
                store = newStore;
                coverage.saw(Sighting.RECORD_REJECTED, report.recordsRejected());
                coverage.saw(Sighting.SHARD_DAMAGED, report.shardsDamaged());
                opened.accept(ShardStore.of(newStore));
            }

            @Override
            public void refused(String reason) {
                refused.accept(reason);
            }
        });
    }

    /// The store of the process that runs, for oracles.
    @Override
    public @Nullable ChunkStore store() {
        return store;
    }

    @Override
    public void crash(boolean isPowerCut) {
        store = null;
        if (isPowerCut) {
            disk.powerCut();
        } else {
            disk.processCrash();
        }
    }

    @Override
    public void rot(SimRandom by) {
        switch (lies ? by.below(4) : 2) {
            case 0 -> nextWrite = DiskFault.MISDIRECTED;
            case 1 -> nextWrite = DiskFault.LOST;
            default -> {
                for (int tries = 0; tries < ROT_TRIES; tries++) {
                    final long offset = by.between(0, sizeBytes - 1);
                    if (disk.isWritten(offset)) {
                        disk.rot(offset, by.below(8));
                        return;
                    }
                }
            }
        }
    }

    @Override
    public void flip(SimRandom by) {
        for (int tries = 0; tries < ROT_TRIES; tries++) {
            final long offset = by.between(0, sizeBytes - 1);
            if (disk.isWritten(offset)) {
                disk.rot(offset, by.below(8));
                return;
            }
        }
    }

    @Override
    public void rotLog(SimRandom by) {
        for (int tries = 0; tries < ROT_TRIES; tries++) {
            final long offset = by.between(0, LOG_END);
            if (disk.isWritten(offset)) {
                disk.rot(offset, by.below(8));
                return;
            }
        }
    }

    @Override
    public void slow(int factor, long untilNs) {
        slowness = factor;
        slowUntilNs = untilNs;
    }

    @Override
    public void observe() {
        final ChunkStore open = store;
        if (open != null) {
            final StoreCounters counters = open.counters();
            coverage.saw(Sighting.CHECKPOINT, counters.value(StoreCounters.Counter.CHECKPOINTS));
            coverage.saw(Sighting.CORRUPT_BLOCK, counters.value(StoreCounters.Counter.CORRUPT_BLOCKS));
            coverage.saw(Sighting.SECOND_SLOT, counters.value(StoreCounters.Counter.SECOND_SLOTS));
        }
    }

    @Override
    public void fail(boolean readsToo) {
        writesFail = true;
        readsFail = readsToo;
    }

    @Override
    public void stall(long untilNs) {
        stalledUntilNs = Math.max(stalledUntilNs, untilNs);
    }

    @Override
    public void harmOnlyIf(BooleanSupplier condition) {
        mayHarm = condition;
    }

    private DiskFault fate(BlockOperation operation) {
        if (operation == BlockOperation.READ ? readsFail : writesFail) {
            return DiskFault.ERROR;
        }
        if (operation == BlockOperation.WRITE && nextWrite != DiskFault.NONE && mayHarm.getAsBoolean()) {
            final DiskFault fate = nextWrite;
            nextWrite = DiskFault.NONE;
            return fate;
        }
        return DiskFault.NONE;
    }
}
