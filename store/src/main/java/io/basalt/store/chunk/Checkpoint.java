package io.basalt.store.chunk;

import static io.basalt.store.chunk.StoreRequest.BLOCK_BYTES;

import io.basalt.block.BlockStatus;
import io.basalt.store.chunk.StoreCounters.Counter;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Writes the pages that differ from the device, so that the log before them is no longer needed.
///
/// A cycle takes the pages that are dirty when it starts, at lsn C. Of each it writes an image that has
/// every record before C in it; a page with an operation under way that was noted before C waits for that
/// one. When all are durable, the tail of the log is C. Images go to the page's other home, so the one that
/// recovery would use is never touched.
///
/// ```
///   IDLE ─▶ COLLECTING ─▶ FLUSHING ─▶ WRITING ─▶ COLLECTING ... ─▶ SYNCING ─▶ IDLE
///             a batch of     (durability FLUSH only: what an image
///             images         speaks of must be durable before it)
/// ```
///
/// Batches are spread over the time that the log takes to fill up, and come at once when space is short. One
/// owner reactor.
final class Checkpoint implements DeviceIo.Owner {
    enum State {
        IDLE,
        COLLECTING,
        FLUSHING,
        WRITING,
        SYNCING
    }

    private static final int BATCH_MAX = 32;
    private static final int ERRORS_MAX = 8;

    /// Shares of the log, in percent: where a cycle starts, how much more it may take, and where it hurries.
    private static final int START_PERCENT = 60;

    private static final int SPREAD_PERCENT = 25;
    private static final int HURRY_PERCENT = 85;

    private final StoreParts parts;
    private final DeviceIo[] ios;
    private final Frame[] staged;
    private final long[] generations;
    private State state = State.IDLE;
    private @Nullable Frame firstDirty;
    private @Nullable Frame lastDirty;
    private int dirtyCount;
    private @Nullable Frame firstInCycle;
    private @Nullable Frame lastInCycle;
    private int leftInCycle;
    private int cyclePages;
    private long cycleLsn;
    private int batchCount;
    private int batchPending;
    private long flushNumber;
    private int errors;
    private boolean hurry;

    Checkpoint(StoreParts parts) {
        this.parts = parts;
        final int batch = batchMax(parts.memory);
        ios = new DeviceIo[batch];
        staged = new Frame[batch];
        generations = new long[batch];
        for (int i = 0; i < batch; i++) {
            ios[i] = new DeviceIo(parts.device, this, i, 1);
        }
    }

    /// Staging buffers for a cache of so many frames.
    static int stagingPages(int frames) {
        return Math.min(BATCH_MAX, frames);
    }

    private static int batchMax(Memory memory) {
        return (int) (memory.staging().byteSize() / BLOCK_BYTES);
    }

    /// A record that changes the page has been noted.
    void markDirty(Frame frame) {
        if (frame.dirty) {
            return;
        }
        frame.dirty = true;
        frame.nextDirty = null;
        if (lastDirty == null) {
            firstDirty = frame;
        } else {
            lastDirty.nextDirty = frame;
        }
        lastDirty = frame;
        dirtyCount++;
    }

    /// Space is short, or the store closes: do not spread the work.
    void hurry() {
        hurry = true;
    }

    boolean isClean() {
        return state == State.IDLE && firstDirty == null;
    }

    /// Go on as far as is possible and called for.
    ///
    /// @return whether anything was started
    boolean poll() {
        if (parts.failed()) {
            return false;
        }
        return switch (state) {
            case IDLE -> isDue() && start();
            case COLLECTING -> isPaced() && collect();
            case FLUSHING -> parts.flusher().finished() >= flushNumber && write();
            case WRITING -> false;
            case SYNCING -> parts.flusher().finished() >= flushNumber && finish();
        };
    }

    private boolean isDue() {
        if (firstDirty == null) {
            hurry = false;
            return false;
        }
        return hurry
                || parts.log().usedBlocks() * 100 > (long) parts.geometry.logBlocks() * START_PERCENT
                || dirtyCount * 8L > parts.cache.frameCount() * 5L;
    }

    /// Whether the cycle may go on: not before the log has grown by the batch's share.
    private boolean isPaced() {
        if (hurry || parts.log().usedBlocks() * 100 > (long) parts.geometry.logBlocks() * HURRY_PERCENT) {
            return true;
        }
        if (dirtyCount * 8L > parts.cache.frameCount() * 5L || parts.log().writesUnderWay() == 0) {
            return true;
        }
        final long span = (long) parts.geometry.logBlocks() * SPREAD_PERCENT / 100;
        final long done = (long) cyclePages - leftInCycle;
        return (parts.log().nextLsn() - cycleLsn) * cyclePages >= done * span;
    }

    private boolean start() {
        assert firstInCycle == null;
        cycleLsn = parts.log().fillingLsn();
        firstInCycle = firstDirty;
        lastInCycle = lastDirty;
        leftInCycle = dirtyCount;
        cyclePages = dirtyCount;
        firstDirty = null;
        lastDirty = null;
        dirtyCount = 0;
        state = State.COLLECTING;
        return true;
    }

    /// Take images of the next pages.
    private boolean collect() {
        batchCount = 0;
        final int looks = leftInCycle;
        for (int i = 0; i < looks && batchCount < ios.length; i++) {
            final Frame frame = takeFromCycle();
            if (!isReady(frame)) {
                returnToCycle(frame);
            } else if (frame.changed) {
                stage(frame);
            } else {
                // Its records are all of this cycle's time or later, and none has taken effect.
                frame.dirty = false;
                markDirty(frame);
            }
        }
        if (batchCount == 0) {
            return leftInCycle == 0 && sync();
        }
        if (parts.byFlush()) {
            flushNumber = parts.flusher().request();
            state = State.FLUSHING;
            return true;
        }
        return write();
    }

    /// Whether every record before the cycle's lsn is in the page.
    private boolean isReady(Frame frame) {
        for (StoreOp op = frame.first; op != null; op = op.nextInFrame) {
            if (op.state == StoreOp.State.WRITING && op.lsn < cycleLsn) {
                return false;
            }
        }
        return true;
    }

    private void stage(Frame frame) {
        final int at = batchCount++;
        final MemorySegment staging = parts.memory.staging();
        final long image = (long) at * BLOCK_BYTES;
        MemorySegment.copy(parts.memory.cache(), frame.page, staging, image, BLOCK_BYTES);
        final long generation = parts.entries.generation(frame.entry) + 1;
        PageLayout.byRecovery(staging, image, false);
        PageLayout.seal(
                parts.memory, Memory.STAGING_REGION, image, parts.checksums, parts.geometry, frame.entry, generation);
        staged[at] = frame;
        generations[at] = generation;
        frame.pins++;
        frame.changed = false;
        frame.dirty = false;
        for (StoreOp op = frame.first; op != null; op = op.nextInFrame) {
            if (op.state == StoreOp.State.WRITING) {
                markDirty(frame);
                break;
            }
        }
    }

    private boolean write() {
        state = State.WRITING;
        batchPending = batchCount;
        for (int i = 0; i < batchCount; i++) {
            parts.counters.add(Counter.PAGE_BYTES_WRITTEN, BLOCK_BYTES);
            parts.device.submit(ios[i].range(
                    true,
                    parts.geometry.pageOffset(staged[i].entry, generations[i]),
                    parts.memory.table(),
                    Memory.STAGING_REGION,
                    (long) i * BLOCK_BYTES,
                    BLOCK_BYTES));
        }
        return true;
    }

    @Override
    public void ioDone(DeviceIo io, BlockStatus status) {
        final Frame frame = staged[io.tag];
        frame.pins--;
        if (status == BlockStatus.OK) {
            errors = 0;
            parts.entries.generation(frame.entry, generations[io.tag]);
        } else {
            errors++;
            writeAgain(frame);
            if (errors > ERRORS_MAX) {
                parts.fail();
            }
        }
        batchPending--;
        if (batchPending == 0) {
            state = State.COLLECTING;
        }
    }

    /// The page must be in this cycle once more: what it holds may be needed from before its lsn.
    private void writeAgain(Frame frame) {
        if (frame.dirty) {
            removeDirty(frame);
        }
        frame.dirty = true;
        frame.changed = true;
        returnToCycle(frame);
    }

    private void removeDirty(Frame frame) {
        Frame before = null;
        Frame at = firstDirty;
        while (at != null && at.index != frame.index) {
            before = at;
            at = at.nextDirty;
        }
        if (before == null) {
            firstDirty = frame.nextDirty;
        } else {
            before.nextDirty = frame.nextDirty;
        }
        if (frame.nextDirty == null) {
            lastDirty = before;
        }
        dirtyCount--;
    }

    private boolean sync() {
        if (parts.byFlush()) {
            flushNumber = parts.flusher().request();
            state = State.SYNCING;
            return true;
        }
        return finish();
    }

    private boolean finish() {
        state = State.IDLE;
        hurry = false;
        parts.log().tail(cycleLsn);
        parts.counters.count(Counter.CHECKPOINTS);
        return true;
    }

    @Override
    public String toString() {
        return "checkpoint: " + state + ", " + dirtyCount + " dirty, " + leftInCycle + " left in cycle from "
                + cycleLsn;
    }

    private Frame takeFromCycle() {
        final Frame frame = Objects.requireNonNull(firstInCycle);
        firstInCycle = frame.nextDirty;
        if (firstInCycle == null) {
            lastInCycle = null;
        }
        frame.nextDirty = null;
        leftInCycle--;
        return frame;
    }

    private void returnToCycle(Frame frame) {
        frame.nextDirty = null;
        if (lastInCycle == null) {
            firstInCycle = frame;
        } else {
            lastInCycle.nextDirty = frame;
        }
        lastInCycle = frame;
        leftInCycle++;
    }
}
