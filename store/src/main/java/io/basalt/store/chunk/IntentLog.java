package io.basalt.store.chunk;

import static io.basalt.store.chunk.StoreRequest.BLOCK_BYTES;

import io.basalt.block.BlockStatus;
import io.basalt.store.chunk.StoreCounters.Counter;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// The intent log: records of many operations share a block (group commit), and each block is written once.
///
/// **What recovery does with a record** depends on where its block stands:
///
/// ```
///          tail            mark                          next
///   ────────┼───────────────┼──────────────────────────────┼────▶ lsn
///   in the  │  applied as   │  judged: applied if every    │
///   pages   │  they stand   │  new position's CRC matches  │
/// ```
///
/// Every block carries the mark and the tail of its time; the highest that is found counts. From that
/// follows what may be overwritten:
///
/// * a **log block**, once a durable block says that the tail is past it;
/// * a **position** that a record placed content at, once a durable block says that the mark is past that
///   record (the position is no longer *exposed*): while the record can still be judged, other content
///   there would make it, and what else it says, look unfinished.
///
/// **When a block is written.** At once if none is in flight. Beyond that, up to four are in flight, but a
/// further one
/// only when it holds the records of a third of the writes under way: few writes wait for nobody, many share
/// blocks.
///
/// With durability [Durability#FLUSH], complete means nothing before a flush of the device: mark, and what
/// may be overwritten, then move with flushes. One owner reactor.
final class IntentLog implements DeviceIo.Owner {
    /// Blocks being filled, waiting and in flight.
    static final int BUFFER_COUNT = 8;

    private static final int IN_FLIGHT_MAX = 4;
    private static final int SHARE_OF_WRITES = 3;

    /// Blocks that may lie between the mark and the next block.
    private static final int WINDOW = 1024;

    /// Blocks that records leave free for blocks that only move the mark or the tail, and those that the
    /// former leave to the latter.
    private static final int KEPT_BLOCKS = 4;

    private static final int KEPT_FOR_TAIL = 2;

    private static final class Buffer {
        final int index;
        final DeviceIo io;
        long lsn;
        int used;
        int records;
        long mark;
        long tail;
        boolean incomplete;

        @Nullable
        StoreOp firstOp;

        @Nullable
        StoreOp lastOp;

        @Nullable
        StoreOp firstAborting;

        Buffer(Device device, IntentLog log, int index) {
            this.index = index;
            io = new DeviceIo(device, log, index, 1);
        }
    }

    private final StoreParts parts;
    private final MemorySegment memory;
    private final boolean byFlush;
    private final Buffer[] buffers = new Buffer[BUFFER_COUNT];

    /// Buffers in use, oldest first, as a ring: in flight, then waiting, then the one being filled.
    private long firstBuffer;

    private long nextBuffer;
    private long nextToWrite;
    private boolean filling;
    private int inFlight;
    private int writesUnderWay;
    private int flushWaits;

    private long nextLsn;
    private long completed;
    private long mark;
    private long tail;

    /// The highest mark and tail in a block that was issued; written; written when the flush in flight started;
    /// durable.
    private long issuedMark;

    private long writtenMark;
    private long flushingMark;
    private long durableMark;
    private long issuedTail;
    private long writtenTail;
    private long flushingTail;
    private long durableTail;
    private long flushingCompleted;

    /// Whether the last block that was issued says that the store is incomplete, since which one they do, and whether
    /// one of those was written.
    private boolean issuedIncomplete;

    private long incompleteFrom;
    private boolean writtenIncomplete;

    /// By lsn: the block itself and its operations that are not complete.
    private final int[] incomplete = new int[WINDOW];

    private @Nullable StoreOp firstNoted;
    private @Nullable StoreOp lastNoted;
    private @Nullable StoreOp firstUnflushed;

    /// @param firstLsn lsn of the first block to write; everything before it is in the pages
    IntentLog(StoreParts parts, long firstLsn) {
        this.parts = parts;
        memory = parts.memory.log();
        byFlush = parts.options.durability() == Durability.FLUSH;
        for (int i = 0; i < BUFFER_COUNT; i++) {
            buffers[i] = new Buffer(parts.device, this, i);
        }
        nextLsn = firstLsn;
        completed = firstLsn;
        mark = firstLsn;
        tail = firstLsn;
        issuedMark = firstLsn;
        writtenMark = firstLsn;
        durableMark = firstLsn;
        issuedTail = firstLsn;
        writtenTail = firstLsn;
        durableTail = firstLsn;
        issuedIncomplete = parts.isIncomplete();
        writtenIncomplete = issuedIncomplete;
    }

    // Filling

    /// Whether a record of so many bytes can be added now.
    boolean hasRoom(int bytes) {
        if (filling) {
            return current().used + bytes <= BLOCK_BYTES || canOpen(KEPT_BLOCKS);
        }
        return canOpen(KEPT_BLOCKS);
    }

    private boolean canOpen(int kept) {
        return nextBuffer - firstBuffer < BUFFER_COUNT
                && nextLsn + kept - durableMark < WINDOW
                && nextLsn + kept < durableTail + parts.geometry.logBlocks();
    }

    /// Add an operation's record. There is room.
    ///
    /// @return where the record is to be written in the log's memory
    long add(StoreOp op, int bytes) {
        final Buffer buffer = reserve(bytes);
        op.lsn = buffer.lsn;
        op.nextInBlock = null;
        if (buffer.lastOp == null) {
            buffer.firstOp = op;
        } else {
            buffer.lastOp.nextInBlock = op;
        }
        buffer.lastOp = op;
        incomplete[slot(op.lsn)]++;
        note(op);
        writesUnderWay++;
        return placeOf(buffer, bytes);
    }

    /// Add the record that an operation has no effect. There is room.
    ///
    /// @return where the record is to be written in the log's memory
    long addAbort(StoreOp op, int bytes) {
        final Buffer buffer = reserve(bytes);
        op.nextAborting = buffer.firstAborting;
        buffer.firstAborting = op;
        return placeOf(buffer, bytes);
    }

    private Buffer reserve(int bytes) {
        if (!filling || current().used + bytes > BLOCK_BYTES) {
            open();
        }
        return current();
    }

    private long placeOf(Buffer buffer, int bytes) {
        final long at = (long) buffer.index * BLOCK_BYTES + buffer.used;
        buffer.used += bytes;
        buffer.records++;
        parts.counters.count(Counter.RECORDS);
        return at;
    }

    private void open() {
        final Buffer buffer = buffers[(int) (nextBuffer++ % BUFFER_COUNT)];
        buffer.lsn = nextLsn++;
        buffer.used = LogLayout.HEADER_BYTES;
        buffer.records = 0;
        buffer.firstOp = null;
        buffer.lastOp = null;
        buffer.firstAborting = null;
        assert incomplete[slot(buffer.lsn)] == 0;
        incomplete[slot(buffer.lsn)] = 1;
        filling = true;
    }

    private Buffer current() {
        return buffers[(int) ((nextBuffer - 1) % BUFFER_COUNT)];
    }

    private void note(StoreOp op) {
        op.nextNoted = null;
        if (lastNoted == null) {
            firstNoted = op;
        } else {
            lastNoted.nextNoted = op;
        }
        lastNoted = op;
        if (firstUnflushed == null) {
            firstUnflushed = op;
        }
    }

    // Writing

    /// Write the blocks that are due.
    ///
    /// @return blocks issued
    int poll() {
        int issued = 0;
        while (isDue()) {
            issue();
            issued++;
        }
        return issued;
    }

    /// Whether a poll would write.
    boolean isDue() {
        if (nextToWrite == nextBuffer || inFlight == IN_FLIGHT_MAX) {
            return false;
        }
        if (inFlight == 0 || nextToWrite < nextBuffer - 1) {
            return true;
        }
        return current().records * SHARE_OF_WRITES >= writesUnderWay;
    }

    private void issue() {
        final Buffer buffer = buffers[(int) (nextToWrite % BUFFER_COUNT)];
        nextToWrite++;
        if (nextToWrite == nextBuffer) {
            filling = false;
        }
        inFlight++;
        buffer.mark = mark;
        buffer.tail = tail;
        issuedMark = mark;
        issuedTail = tail;
        buffer.incomplete = parts.isIncomplete();
        if (buffer.incomplete != issuedIncomplete) {
            issuedIncomplete = buffer.incomplete;
            incompleteFrom = buffer.lsn;
            writtenIncomplete = false;
        }
        final long at = (long) buffer.index * BLOCK_BYTES;
        LogLayout.header(
                memory,
                at,
                parts.geometry,
                buffer.lsn,
                mark,
                tail,
                parts.entries.highWater(),
                buffer.records,
                buffer.used,
                buffer.incomplete);
        LogLayout.seal(
                memory,
                at,
                parts.checksums.of(
                        parts.memory.table(),
                        Memory.LOG_REGION,
                        at + LogLayout.COVERED_FROM,
                        buffer.used - LogLayout.COVERED_FROM));
        parts.counters.add(Counter.LOG_BYTES_WRITTEN, BLOCK_BYTES);
        if (buffer.records == 0) {
            parts.counters.count(Counter.MARKS);
        }
        parts.device.submit(buffer.io.range(
                true, parts.geometry.logOffset(buffer.lsn), parts.memory.table(), Memory.LOG_REGION, at, BLOCK_BYTES));
    }

    @Override
    public void ioDone(DeviceIo io, BlockStatus status) {
        final Buffer buffer = buffers[io.tag];
        inFlight--;
        if (status != BlockStatus.OK) {
            parts.fail();
            failOps(buffer);
            return;
        }
        writtenMark = Math.max(writtenMark, buffer.mark);
        writtenTail = Math.max(writtenTail, buffer.tail);
        writtenIncomplete |= issuedIncomplete && buffer.incomplete && buffer.lsn >= incompleteFrom;
        for (StoreOp op = buffer.firstAborting; op != null; op = op.nextAborting) {
            incomplete[slot(op.lsn)]--;
        }
        final long lsn = buffer.lsn;
        StoreOp op = buffer.firstOp;
        // The buffer is free for others only when its operations are taken out of it.
        buffer.firstOp = null;
        buffer.lsn = 0;
        while (firstBuffer < nextToWrite && buffers[(int) (firstBuffer % BUFFER_COUNT)].lsn == 0) {
            firstBuffer++;
        }
        incomplete[slot(lsn)]--;
        while (op != null) {
            final StoreOp following = op.nextInBlock;
            op.nextInBlock = null;
            parts.operations().partDone(op);
            op = following;
        }
        advance();
    }

    private void failOps(Buffer buffer) {
        StoreOp op = buffer.firstOp;
        buffer.firstOp = null;
        while (op != null) {
            final StoreOp following = op.nextInBlock;
            op.fail(StoreStatus.IO_ERROR, StoreRequest.NO_BLOCK);
            parts.operations().partDone(op);
            op = following;
        }
    }

    // Completing

    /// An operation's content and record are both on the device.
    void complete(StoreOp op) {
        writesUnderWay--;
        incomplete[slot(op.lsn)]--;
        advance();
    }

    /// As [#complete], for an operation that takes effect only when it is durable: a flush is asked for.
    void completeByFlush(StoreOp op) {
        flushWaits++;
        complete(op);
    }

    /// Such an operation is durable, or failed.
    void flushWaitEnded() {
        flushWaits--;
    }

    private void flushForWaits() {
        if (flushWaits > 0 && completed > mark && !parts.flusher().inFlight()) {
            parts.flusher().request();
        }
    }

    /// An operation failed, and is complete once the record that says so is.
    void failed() {
        writesUnderWay--;
    }

    private void advance() {
        while (completed < nextLsn && incomplete[slot(completed)] == 0) {
            completed++;
        }
        if (!byFlush) {
            mark = completed;
            durableMark = writtenMark;
            durableTail = writtenTail;
            cover();
        } else {
            flushForWaits();
        }
    }

    void flushStarts() {
        flushingCompleted = completed;
        flushingMark = writtenMark;
        flushingTail = writtenTail;
    }

    void flushed() {
        if (!byFlush) {
            return;
        }
        mark = Math.max(mark, flushingCompleted);
        durableMark = Math.max(durableMark, flushingMark);
        durableTail = Math.max(durableTail, flushingTail);
        while (firstUnflushed != null && firstUnflushed.lsn < mark) {
            final StoreOp op = firstUnflushed;
            firstUnflushed = op.nextNoted;
            parts.operations().durable(op);
        }
        cover();
        flushForWaits();
    }

    /// A flush has failed: what waits for one is never going to be durable.
    void flushFailed() {
        for (StoreOp op = firstUnflushed; op != null; op = op.nextNoted) {
            parts.operations().flushFailed(op);
        }
    }

    private void cover() {
        while (firstNoted != null && firstNoted.lsn < durableMark) {
            final StoreOp op = firstNoted;
            firstNoted = op.nextNoted;
            if (firstNoted == null) {
                lastNoted = null;
            }
            if (!byFlush) {
                firstUnflushed = firstNoted;
            }
            op.nextNoted = null;
            parts.operations().covered(op);
        }
    }

    /// The store has failed, so that no record will ever be covered: let go of the operations that have
    /// ended. Reads need them.
    void abandonNoted() {
        StoreOp op = firstNoted;
        firstNoted = null;
        lastNoted = null;
        firstUnflushed = null;
        while (op != null) {
            final StoreOp following = op.nextNoted;
            op.nextNoted = null;
            if (op.state == StoreOp.State.NOTED) {
                parts.operations().abandoned(op);
            } else {
                note(op);
            }
            op = following;
        }
    }

    /// Do what moves the mark, or the tail, for those who wait for space. A block without records is
    /// written only if no other is on its way.
    ///
    /// @param tailToo whether the log itself is short of space
    /// @return whether anything was started
    boolean push(boolean tailToo) {
        final boolean markBehind = firstNoted != null && firstNoted.lsn < completed;
        if (inFlight > 0 || nextToWrite < nextBuffer || parts.failed() || (!markBehind && !tailToo)) {
            return false;
        }
        if (byFlush && !parts.flusher().inFlight()) {
            final boolean useful = (markBehind && firstNoted != null && firstNoted.lsn >= mark)
                    || writtenMark > durableMark
                    || writtenTail > durableTail;
            if (useful) {
                parts.flusher().request();
                return true;
            }
        }
        final boolean forMark = mark > issuedMark && markBehind && canOpen(KEPT_FOR_TAIL + 1);
        final boolean forTail = tailToo && tail > issuedTail && canOpen(1);
        if (forMark || forTail) {
            open();
            issue();
            return true;
        }
        return false;
    }

    /// Write a block for nothing but what each one says of the whole store ([ChunkStore#isIncomplete]), if the last one
    /// says otherwise.
    ///
    /// @return whether one was started
    boolean pushIncomplete() {
        if (!isIncompleteDue()) {
            return false;
        }
        open();
        issue();
        return true;
    }

    /// Whether [#pushIncomplete] would write. Where there is no room, the block that makes room says it.
    boolean isIncompleteDue() {
        return issuedIncomplete != parts.isIncomplete() && isIdle() && !parts.failed() && canOpen(KEPT_FOR_TAIL + 1);
    }

    /// Whether the device has been told that the store is incomplete.
    boolean isIncompleteWritten() {
        return writtenIncomplete;
    }

    /// Everything noted in blocks before an lsn is in the pages, durably.
    void tail(long lsn) {
        assert lsn >= tail;
        tail = lsn;
    }

    long nextLsn() {
        return nextLsn;
    }

    /// The lsn that a record added now would get.
    long fillingLsn() {
        return filling ? current().lsn : nextLsn;
    }

    /// Blocks in force.
    long usedBlocks() {
        return nextLsn - durableTail;
    }

    /// Whether little room is left, or none for records.
    boolean isShort() {
        final long room = durableTail + parts.geometry.logBlocks() - nextLsn;
        return room <= 2 * KEPT_BLOCKS || room * 5 < parts.geometry.logBlocks();
    }

    /// Whether operations are noted that recovery may still judge.
    boolean hasNoted() {
        return firstNoted != null;
    }

    boolean isIdle() {
        return inFlight == 0 && nextToWrite == nextBuffer;
    }

    int writesUnderWay() {
        return writesUnderWay;
    }

    boolean tailUnpublished() {
        return tail > durableTail;
    }

    @Override
    public String toString() {
        return "log: tail " + tail + " (durable " + durableTail + "), mark " + mark + " (durable " + durableMark
                + "), completed " + completed + ", next " + nextLsn + ", blocks in flight " + inFlight + ", noted from "
                + (firstNoted == null ? "none" : firstNoted.lsn);
    }

    private static int slot(long lsn) {
        return (int) (lsn & WINDOW - 1);
    }
}
