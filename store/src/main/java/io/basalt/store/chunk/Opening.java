package io.basalt.store.chunk;

import static io.basalt.store.chunk.StoreRequest.BLOCK_BYTES;

import io.basalt.block.BlockStatus;
import io.basalt.block.RegionTable;
import io.basalt.block.Volume;
import io.basalt.block.VolumeChannel;
import io.basalt.reactor.Poller;
import io.basalt.reactor.Reactor;
import java.util.BitSet;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The opening of a store, with recovery.
///
/// ```
///   superblocks (mended) ─▶ flush ─▶ LogScan ─▶ PageScan ─▶ ReplayLanes ─▶ flush ─▶ first log block ─▶ flush ─▶ store
/// ```
///
/// The first flush makes durable what the decisions are based on. Until the new log's first block is
/// durable, nothing is changed that the same recovery, run again from the start, would not change in the
/// same way.
final class Opening implements DeviceIo.Owner, Poller, ReplayLane.Listener, RecoveryParts.Refusal {
    private enum Step {
        FIRST_SUPERBLOCK,
        SECOND_SUPERBLOCK,
        MENDING,
        FIRST_FLUSH,
        RECOVERING,
        SECOND_FLUSH,
        LOG_BLOCK,
        ERASING,
        LAST_FLUSH
    }

    private static final long CACHE_BYTES_LEAST = 64 << 20;

    private final Volume volume;
    private final Reactor reactor;
    private final StoreOptions options;
    private final OpenListener listener;
    private final StoreCounters counters = new StoreCounters();
    private final VolumeChannel channel;
    private final Device device;
    private final Memory scratch = RecoveryParts.newMemory();
    private final Checksums checksums = new Checksums();
    private final DeviceIo io;
    private Step step = Step.FIRST_SUPERBLOCK;
    private String firstReason = "";
    private @Nullable RecoveryParts parts;
    private @Nullable LogScan log;
    private @Nullable LiveRecords records;
    private @Nullable PageScan pages;
    private int lanesAtWork;
    private int damaged;
    private long applied;
    private long rejected;
    private boolean started;
    private boolean refused;

    Opening(Volume volume, Reactor reactor, StoreOptions options, OpenListener listener) {
        this.volume = volume;
        this.reactor = reactor;
        this.options = options;
        this.listener = listener;
        channel = volume.openChannel(reactor);
        device = new Device(channel, options.durability(), counters);
        io = new DeviceIo(device, this, 0, 1);
    }

    void start() {
        device.useMemory(scratch.table());
        reactor.addPoller(this);
    }

    @Override
    public int poll(long nowNs) {
        if (!started) {
            started = true;
            readSuperblock(0);
            return 1;
        }
        return device.poll();
    }

    @Override
    public boolean arm() {
        return started && !device.hasEarly();
    }

    @Override
    public void disarm() {}

    private void readSuperblock(int copy) {
        if (volume.sizeBytes() < Geometry.LOG_OFFSET) {
            refuse("superblock: the device has " + volume.sizeBytes() + " bytes and holds no chunk store; format it");
            return;
        }
        device.submit(
                io.range(false, Geometry.superblockOffset(copy), scratch.table(), Memory.LOG_REGION, 0, BLOCK_BYTES));
    }

    @Override
    public void ioDone(DeviceIo done, BlockStatus status) {
        final boolean superblock = step == Step.FIRST_SUPERBLOCK || step == Step.SECOND_SUPERBLOCK;
        if (status != BlockStatus.OK && !superblock) {
            refuse("device: step " + step + " of opening failed with " + status + "; check the device");
            return;
        }
        switch (step) {
            case FIRST_SUPERBLOCK, SECOND_SUPERBLOCK -> superblockRead(status);
            case MENDING -> flush(Step.FIRST_FLUSH);
            case FIRST_FLUSH -> {
                step = Step.RECOVERING;
                log = new LogScan(recovery(), this::logScanned);
                log.start();
            }
            case SECOND_FLUSH -> writeLog();
            case LOG_BLOCK -> flush(Step.ERASING);
            case ERASING -> erase();
            case LAST_FLUSH -> finish();
            case RECOVERING -> throw new AssertionError("recovery has its own operations");
        }
    }

    private void superblockRead(BlockStatus status) {
        final MemorySegmentView block = new MemorySegmentView(scratch);
        final String broken = status == BlockStatus.OK ? block.violation(volume.sizeBytes()) : "reading: " + status;
        if (broken == null && parts == null) {
            parts = new RecoveryParts(block.geometry(), device, scratch, checksums, this);
        }
        if (step == Step.FIRST_SUPERBLOCK) {
            firstReason = broken == null ? "" : broken;
            step = Step.SECOND_SUPERBLOCK;
            readSuperblock(1);
        } else if (parts == null) {
            refuse("superblock: first copy: " + firstReason + "; second copy: " + broken
                    + "; format the device, or check that it is the right one");
        } else if (broken != null || !firstReason.isEmpty()) {
            mendSuperblock(broken != null ? 1 : 0);
        } else {
            flush(Step.FIRST_FLUSH);
        }
    }

    /// One copy is broken: write it again, since the next fault may be in the other one.
    private void mendSuperblock(int copy) {
        step = Step.MENDING;
        Superblock.encode(scratch.log().asSlice(0, BLOCK_BYTES), recovery().geometry());
        device.submit(
                io.range(true, Geometry.superblockOffset(copy), scratch.table(), Memory.LOG_REGION, 0, BLOCK_BYTES));
    }

    private record MemorySegmentView(Memory scratch) {
        @Nullable
        String violation(long volumeBytes) {
            return Superblock.violation(scratch.log().asSlice(0, BLOCK_BYTES), volumeBytes);
        }

        Geometry geometry() {
            return Superblock.decode(scratch.log().asSlice(0, BLOCK_BYTES));
        }
    }

    private void flush(Step next) {
        step = next;
        device.submit(io.flush());
    }

    private RecoveryParts recovery() {
        return Objects.requireNonNull(parts);
    }

    private LogScan log() {
        return Objects.requireNonNull(log);
    }

    private void logScanned() {
        records = new LiveRecords(log());
        pages = new PageScan(recovery(), records, log().entriesUsed(), this::pagesScanned);
        pages.start();
    }

    private void pagesScanned() {
        damaged = Objects.requireNonNull(pages).damaged();
        final LiveRecords live = Objects.requireNonNull(records);
        for (int i = 0; i < RecoveryParts.LANES; i++) {
            final int entry = live.takeEntry();
            if (entry >= 0) {
                lanesAtWork++;
                new ReplayLane(recovery(), live, log().mark(), i, true, this).start(entry);
            }
        }
        if (lanesAtWork == 0) {
            flush(Step.SECOND_FLUSH);
        }
    }

    @Override
    public void laneDone(ReplayLane lane) {
        if (refused) {
            return;
        }
        damaged += lane.damaged() ? 1 : 0;
        final int entry = Objects.requireNonNull(records).takeEntry();
        if (entry >= 0) {
            lane.start(entry);
            return;
        }
        applied += lane.applied();
        rejected += lane.rejected();
        lanesAtWork--;
        if (lanesAtWork == 0) {
            flush(Step.SECOND_FLUSH);
        }
    }

    /// A block that was in flight when the store stopped may still come: its place is left out.
    private long firstLsn() {
        return log().last() + IntentLog.BUFFER_COUNT;
    }

    private void writeLog() {
        step = Step.LOG_BLOCK;
        final Geometry geometry = recovery().geometry();
        Formatter.encodeFirst(scratch, checksums, geometry, firstLsn(), log().entriesUsed(), isIncomplete());
        device.submit(
                io.range(true, geometry.logOffset(firstLsn()), scratch.table(), Memory.LOG_REGION, 0, BLOCK_BYTES));
    }

    private boolean isIncomplete() {
        return log().isIncomplete() || Objects.requireNonNull(pages).isIncomplete();
    }

    /// Pages of which nobody knows whose they were are as never written from now on. That something is
    /// missing is in the log by now.
    private void erase() {
        final BitSet left = recovery().toErase();
        final int entry = left.nextSetBit(0);
        if (entry < 0) {
            flush(Step.LAST_FLUSH);
            return;
        }
        left.clear(entry);
        device.submit(io.zero(recovery().geometry().pageOffset(entry, 0), 2L * BLOCK_BYTES));
    }

    private void finish() {
        final RecoveryParts found = recovery();
        final Geometry geometry = found.geometry();
        final long pagesRead = 2L * log().entriesUsed();
        final RecoveryReport report = new RecoveryReport(
                found.entries().used(),
                pagesRead,
                Objects.requireNonNull(records).blockCount(),
                applied,
                rejected,
                damaged,
                isIncomplete());
        letGo();
        found.entries().recovered(log().entriesUsed(), firstLsn() << 16);
        final int frames = frames(geometry);
        final Memory memory = new Memory(
                IntentLog.BUFFER_COUNT,
                Checkpoint.stagingPages(frames),
                Math.clamp(options.operationCount() / 8, 2, 32),
                frames);
        device.useMemory(memory.table());
        final Checksums storeChecksums = new Checksums();
        final StoreParts storeParts = new StoreParts(
                geometry,
                options,
                reactor,
                counters,
                device,
                memory,
                storeChecksums,
                found.entries(),
                new SlotPool(geometry.slots(), geometry.reserveSlots(), found.usedSlots()),
                new PageCache(geometry, found.entries(), device, memory, storeChecksums, counters));
        storeParts.incomplete(isIncomplete());
        final ChunkStore store = new ChunkStore(storeParts, firstLsn() + 1);
        for (int entry = found.twoSlots().nextSetBit(0);
                entry >= 0;
                entry = found.twoSlots().nextSetBit(entry + 1)) {
            storeParts.slots.second();
            storeParts.mover().hasTwoSlots(entry);
        }
        listener.opened(store, report);
    }

    /// 512 MiB for each TiB of shards and 64 MiB at least, or what was asked for; never more than all pages
    /// need.
    private int frames(Geometry geometry) {
        final long shardBytes = (long) geometry.slots() * geometry.shardBytes();
        final long wanted = options.cacheBytes() == StoreOptions.CACHE_BYTES_DEFAULT
                ? Math.max(shardBytes / 2048, CACHE_BYTES_LEAST)
                : options.cacheBytes();
        final long least = StoreOptions.CACHE_BYTES_MIN / BLOCK_BYTES;
        return (int) Math.min(Math.max(wanted / BLOCK_BYTES, least), Math.max(geometry.entries(), least));
    }

    @Override
    public void refuse(String reason) {
        if (refused) {
            return;
        }
        refused = true;
        final RegionTable table = scratch.table();
        device.abandon();
        reactor.removePoller(this);
        if (device.inFlight() == 0) {
            device.releaseMemory(table);
            channel.close();
        }
        listener.refused(reason);
    }

    private void letGo() {
        reactor.removePoller(this);
        device.releaseMemory(scratch.table());
        checksums.forget(scratch.table());
    }
}
