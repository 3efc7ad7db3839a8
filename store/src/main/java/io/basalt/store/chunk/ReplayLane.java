package io.basalt.store.chunk;

import static io.basalt.store.chunk.StoreRequest.BLOCK_BYTES;

import io.basalt.block.BlockStatus;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// Third step of recovery, for one shard at a time: brings the records of the log into the shard's page and
/// writes it to its other home.
///
/// Records before the mark are complete: each is applied, and none may be missing. Of those after it, one
/// that places content is applied if all of that content is on the device; else the write never finished,
/// and what it would have replaced is intact.
final class ReplayLane implements DeviceIo.Owner {
    /// Who is told that a lane's shard is done.
    interface Listener {
        void laneDone(ReplayLane lane);
    }

    private final RecoveryParts parts;
    private final LiveRecords records;
    private final long mark;
    private final Listener listener;
    private final MemorySegment pages;
    private final long page;
    private final DeviceIo io;
    private final DeviceIo[] judgeIos = new DeviceIo[Geometry.RECORD_BLOCKS_MAX];
    private final long judged;
    private final int lane;
    private final boolean writes;

    private enum Step {
        LOAD,
        JUDGE,
        STORE
    }

    private Step step = Step.LOAD;
    private int entry;
    private int at;
    private int pending;
    private boolean unreadable;
    private boolean damaged;
    private long floor;
    private long mask;
    private long expected;
    private long seen;
    private long neededFloor;
    private long neededMask;
    private boolean neededIsAll;
    private long newest;
    private long applied;
    private long rejected;

    /// @param writes whether the page is written, or only made
    ReplayLane(RecoveryParts parts, LiveRecords records, long mark, int lane, boolean writes, Listener listener) {
        this.parts = parts;
        this.records = records;
        this.mark = mark;
        this.lane = lane;
        this.writes = writes;
        this.listener = listener;
        pages = parts.memory().staging();
        page = (long) lane * BLOCK_BYTES;
        judged = (long) lane * Memory.BOUNCE_BYTES;
        io = new DeviceIo(parts.device(), this, 0, 1);
        for (int i = 0; i < judgeIos.length; i++) {
            judgeIos[i] = new DeviceIo(parts.device(), this, i, 1);
        }
    }

    long applied() {
        return applied;
    }

    long rejected() {
        return rejected;
    }

    /// First byte of the page in the staging memory.
    long page() {
        return page;
    }

    int entry() {
        return entry;
    }

    boolean damaged() {
        return damaged;
    }

    void start(int newEntry) {
        entry = newEntry;
        at = records.first(entry);
        damaged = false;
        unreadable = false;
        final long generation = parts.entries().generation(entry);
        if (generation == 0) {
            PageLayout.clear(pages, page, parts.geometry().shardBlocks());
            begin();
            return;
        }
        step = Step.LOAD;
        final long offset = parts.geometry().pageOffset(entry, generation);
        parts.device()
                .submit(io.range(false, offset, parts.memory().table(), Memory.STAGING_REGION, page, BLOCK_BYTES));
    }

    @Override
    public void ioDone(DeviceIo done, BlockStatus status) {
        if (step == Step.JUDGE) {
            unreadable |= status != BlockStatus.OK;
            pending--;
            if (pending == 0) {
                decide();
                replay();
            }
            return;
        }
        if (status != BlockStatus.OK) {
            parts.refusal()
                    .refuse("pages: " + (step == Step.LOAD ? "reading" : "writing") + " the page of entry " + entry
                            + " failed with " + status + "; check the device");
            return;
        }
        if (step == Step.LOAD) {
            begin();
        } else {
            finish();
        }
    }

    private void finish() {
        // A shard that is looked at once more was settled the first time.
        if ((writes || records.has(entry)) && !parts.entries().isUsed(entry)) {
            damaged = parts.settle(pages, page, entry, damaged);
        }
        listener.laneDone(this);
    }

    private void begin() {
        floor = PageLayout.floor(pages, page);
        mask = PageLayout.mask(pages, page);
        expected = floor + 1;
        // The slots may be of a record that was under way when the page was written, and is lost: its number is spent.
        final long noted = floor + Long.SIZE - Long.numberOfLeadingZeros(mask);
        newest = Math.max(noted, PageLayout.slotSequence(pages, page));
        damaged = PageLayout.isDamaged(pages, page);
        need(parts.broken().get(entry));
        replay();
    }

    /// What the log must have if the entry's other home was torn, and has not rotted.
    private void need(RecoveryParts.@Nullable Broken home) {
        damaged |= home != null && home.rotted();
        neededFloor = home == null ? 0 : home.floor();
        neededMask = home == null ? 0 : home.mask();
        neededIsAll = home != null && home.byRecovery();
        for (int bit = 0; bit < Long.SIZE; bit++) {
            neededMask &= isReflected(neededFloor + 1 + bit) ? ~(1L << bit) : -1;
        }
        seen = floor;
        seeReflected();
    }

    private void see(long sequence, int type) {
        if (type == LogLayout.FREE || type == LogLayout.LOSE) {
            seen = Math.max(seen, sequence);
        } else if (sequence == seen + 1) {
            seen++;
        }
        seeReflected();
        final long ahead = sequence - neededFloor - 1;
        if (ahead >= 0 && ahead < Long.SIZE) {
            neededMask &= ~(1L << ahead);
        }
    }

    private void seeReflected() {
        while (isReflected(seen + 1)) {
            seen++;
        }
    }

    /// Whether the log does not have what the page that is broken had.
    private boolean isNeededMissing() {
        if (neededIsAll) {
            return newest != neededFloor;
        }
        final long beyond = seen - neededFloor;
        return beyond < 0 || (beyond < Long.SIZE && neededMask >>> beyond != 0);
    }

    /// Go through the records until one must be judged by content that is not read yet.
    private void replay() {
        while (records.belongs(at, entry)) {
            final MemorySegment block = records.block(at);
            final long record = records.offset(at);
            final long sequence = LogLayout.sequence(block, record);
            final int type = LogLayout.type(block, record);
            if (type != LogLayout.ABORT) {
                see(sequence, type);
            }
            if (type == LogLayout.ABORT || isReflected(sequence)) {
                at++;
                continue;
            }
            newest = Math.max(newest, sequence);
            if (records.lsn(at) < mark) {
                checkOrder(sequence, type);
            }
            if (isAborted(sequence)) {
                rejected++;
                at++;
                continue;
            }
            if (records.lsn(at) >= mark && LogLayout.places(type)) {
                readContent(block, record);
                return;
            }
            apply(block, record);
            at++;
        }
        store();
    }

    /// Before the mark, every record between two others must be there.
    private void checkOrder(long sequence, int type) {
        while (isReflected(expected)) {
            expected++;
        }
        if (sequence != expected && type != LogLayout.FREE && type != LogLayout.LOSE) {
            damaged = true;
        }
        expected = sequence + 1;
    }

    private boolean isReflected(long sequence) {
        final long ahead = sequence - floor;
        return ahead <= 0 || (ahead <= Long.SIZE && (mask >>> (ahead - 1) & 1) != 0);
    }

    private boolean isAborted(long sequence) {
        for (int i = at + 1; records.belongs(i, entry); i++) {
            final MemorySegment block = records.block(i);
            final long record = records.offset(i);
            if (LogLayout.type(block, record) == LogLayout.ABORT && LogLayout.sequence(block, record) == sequence) {
                return true;
            }
        }
        return false;
    }

    private void readContent(MemorySegment block, long record) {
        step = Step.JUDGE;
        unreadable = false;
        final int count = LogLayout.count(block, record);
        pending = count;
        for (int i = 0; i < count; i++) {
            final int position = LogLayout.position(block, record, i);
            final int slot = LogLayout.slot(block, record, position >>> 15);
            parts.device()
                    .submit(judgeIos[i].range(
                            false,
                            parts.geometry().blockOffset(slot, position & ~PageLayout.SECOND_SLOT),
                            parts.memory().table(),
                            Memory.BOUNCE_REGION,
                            judged + (long) i * BLOCK_BYTES,
                            BLOCK_BYTES));
        }
    }

    private void decide() {
        final MemorySegment block = records.block(at);
        final long record = records.offset(at);
        boolean there = !unreadable;
        for (int i = 0; there && i < LogLayout.count(block, record); i++) {
            final int number = LogLayout.first(block, record) + i;
            final long version = LogLayout.type(block, record) == LogLayout.MOVE
                    ? PageLayout.blockVersion(pages, page, number)
                    : LogLayout.version(block, record);
            final int binding = Checksums.binding(
                    LogLayout.partId(block, record), LogLayout.shardIndex(block, record), number, version);
            final int plain = parts.checksums()
                    .of(parts.memory().table(), Memory.BOUNCE_REGION, judged + (long) i * BLOCK_BYTES, BLOCK_BYTES);
            there = (plain ^ binding) == LogLayout.checksum(block, record, i);
        }
        if (there) {
            apply(block, record);
        } else {
            rejected++;
        }
        at++;
    }

    private void apply(MemorySegment block, long record) {
        applied++;
        final int type = LogLayout.type(block, record);
        final int first = LogLayout.first(block, record);
        final long version = LogLayout.version(block, record);
        if (type == LogLayout.FREE || type == LogLayout.LOSE) {
            final long sequence = PageLayout.slotSequence(pages, page);
            damaged = false;
            PageLayout.clear(pages, page, parts.geometry().shardBlocks());
            PageLayout.slotSequence(pages, page, Math.max(sequence, LogLayout.sequence(block, record)));
            if (type == LogLayout.LOSE) {
                PageLayout.identity(pages, page, LogLayout.partId(block, record), LogLayout.shardIndex(block, record));
                PageLayout.lose(pages, page, parts.geometry().shardBlocks());
                PageLayout.raiseVersion(pages, page, version);
            }
            return;
        }
        PageLayout.identity(pages, page, LogLayout.partId(block, record), LogLayout.shardIndex(block, record));
        takeSlots(block, record);
        for (int i = 0; i < LogLayout.count(block, record); i++) {
            switch (type) {
                case LogLayout.WRITE ->
                    PageLayout.place(
                            pages,
                            page,
                            first + i,
                            LogLayout.position(block, record, i),
                            LogLayout.checksum(block, record, i),
                            version);
                case LogLayout.MOVE ->
                    PageLayout.place(
                            pages,
                            page,
                            first + i,
                            LogLayout.position(block, record, i),
                            LogLayout.checksum(block, record, i),
                            PageLayout.blockVersion(pages, page, first + i));
                default -> PageLayout.unmap(pages, page, first + i, version);
            }
        }
        PageLayout.raiseVersion(pages, page, version);
    }

    private void takeSlots(MemorySegment block, long record) {
        final long sequence = LogLayout.sequence(block, record);
        if (sequence > PageLayout.slotSequence(pages, page)) {
            PageLayout.slotSequence(pages, page, sequence);
            PageLayout.slot(pages, page, 0, LogLayout.slot(block, record, 0));
            PageLayout.slot(pages, page, 1, LogLayout.slot(block, record, 1));
        }
    }

    private void store() {
        PageLayout.byRecovery(pages, page, true);
        PageLayout.floor(pages, page, newest);
        if (!isMapSound() || isNeededMissing()) {
            damaged = true;
        }
        if (damaged) {
            PageLayout.markDamaged(pages, page);
        }
        final long generation = parts.entries().generation(entry) + 1;
        PageLayout.seal(
                parts.memory(), Memory.STAGING_REGION, page, parts.checksums(), parts.geometry(), entry, generation);
        step = Step.STORE;
        if (!writes) {
            finish();
            return;
        }
        parts.device()
                .submit(io.range(
                        true,
                        parts.geometry().pageOffset(entry, generation),
                        parts.memory().table(),
                        Memory.STAGING_REGION,
                        page,
                        BLOCK_BYTES));
    }

    /// Whether each position is used once, and lies in a slot. A damaged shard's map is emptied, for what is
    /// in it means nothing.
    private boolean isMapSound() {
        final int blocks = parts.geometry().shardBlocks();
        final boolean sound = PageLayout.isMapSound(pages, page, parts.geometry());
        if (!sound) {
            for (int block = 0; block < blocks; block++) {
                if (PageLayout.isMapped(PageLayout.position(pages, page, block))) {
                    PageLayout.unmap(pages, page, block, PageLayout.blockVersion(pages, page, block));
                }
            }
        }
        return sound;
    }

    @Override
    public String toString() {
        return "lane " + lane + " on entry " + entry;
    }
}
