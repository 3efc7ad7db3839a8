package io.basalt.store.chunk;

import static io.basalt.store.chunk.PageLayout.NO_POSITION;
import static io.basalt.store.chunk.PageLayout.NO_SLOT;
import static io.basalt.store.chunk.StoreRequest.BLOCK_BYTES;

import io.basalt.store.chunk.StoreCounters.Counter;
import io.basalt.store.chunk.StoreOp.Kind;
import io.basalt.store.chunk.StoreOp.State;
import java.lang.foreign.MemorySegment;

/// Changes shards. New content goes to free positions and, at the same time, a record of it to the log;
/// when both are on the device the map is switched and the caller is answered. What the content replaces
/// stays untouched until no recovery can need it:
///
/// ```
///   noted ──── content and record written ────▶ complete: map switched, answered
///     │                                            │ at once, or with durability FLUSH after a flush
///     │                                            ▼
///     │                                         durable: old positions are not taken any more
///     │                                            │ a durable log block has the mark past the record
///     ▼                                            ▼
///   aborted (a record says so) ───────────────▶ covered: new positions are not exposed any more,
///                                               slots and entries given back can be used again
/// ```
///
/// One owner reactor.
final class BlockWriter {
    private final StoreParts parts;
    private final ShardOperations operations;
    private final WriteContent content;
    private final SpaceAllocator space;
    private final MemorySegment cache;
    private final MemorySegment log;

    BlockWriter(StoreParts parts, ShardOperations operations, WriteContent content) {
        this.parts = parts;
        this.operations = operations;
        this.content = content;
        space = new SpaceAllocator(parts);
        cache = parts.memory.cache();
        log = parts.memory.log();
    }

    // Starting

    void step(StoreOp op) {
        if (op.aborted) {
            abort(op);
            return;
        }
        final Frame frame = op.page();
        if (parts.failed()) {
            op.fail(StoreStatus.FAILED, StoreRequest.NO_BLOCK);
        } else if (frame.state == Frame.State.DAMAGED && op.kind != Kind.DROP && op.kind != Kind.LOSE) {
            op.fail(StoreStatus.CORRUPT, op.firstBlock);
        }
        if (op.kind == Kind.ZERO_PART
                && op.status == StoreStatus.OK
                && PageLayout.position(cache, frame.page, op.firstBlock) == NO_POSITION) {
            op.kind = Kind.CLEAR;
        }
        if (op.status == StoreStatus.OK && places(op) && !content.make(op)) {
            return;
        }
        if (op.status != StoreStatus.OK || isVain(op)) {
            end(op);
            return;
        }
        place(op);
    }

    static boolean places(StoreOp op) {
        return op.kind == Kind.WRITE || op.kind == Kind.ZERO_PART || op.kind == Kind.MOVE;
    }

    /// Whether an operation of the store's own finds nothing to do any more.
    private boolean isVain(StoreOp op) {
        return switch (op.kind) {
            case RELEASE -> !isReleasable(op.page(), 0) && !isReleasable(op.page(), 1);
            case FORGET -> !isForgettable(op.page()) || op.nextInFrame != null;
            case LOSE -> !op.page().losing;
            default -> false;
        };
    }

    private void end(StoreOp op) {
        content.giveBack(op);
        if (op.kind == Kind.RELEASE || op.kind == Kind.FORGET) {
            op.page().releasing = false;
        }
        operations.ended(op);
    }

    private void place(StoreOp op) {
        final Frame frame = op.page();
        if (frame.state == Frame.State.DAMAGED) {
            // Any record that the lost page has had is of an older block of the log.
            parts.cache.reset(frame, parts.log().fillingLsn() << 16);
            if (op.kind == Kind.LOSE) {
                PageLayout.raiseVersion(cache, frame.page, parts.entries.version(frame.entry));
            }
            parts.entries.damaged(frame.entry, false);
        }
        if (op.kind == Kind.LOSE) {
            // From now on: nothing that fails may make zeros of what is lost.
            PageLayout.lose(cache, frame.page, parts.geometry.shardBlocks());
            parts.entries.note(frame.entry, cache, frame.page);
        }
        final boolean outOfTurn = frame.spaceWaits > 0 && ShardOperations.hasEarlierSpaceWait(op);
        final boolean tooFarAhead = frame.sequence - PageLayout.floor(cache, frame.page) >= Long.SIZE;
        final int bytes = LogLayout.recordBytes(places(op) ? op.blockCount : 0);
        if (outOfTurn || tooFarAhead || !parts.log().hasRoom(bytes)) {
            operations.awaitSpace(op);
            return;
        }
        if (op.kind == Kind.MOVE) {
            if (!space.chooseInTarget(op)) {
                op.fail(StoreStatus.NO_SPACE, StoreRequest.NO_BLOCK);
                end(op);
                return;
            }
        } else if (places(op)) {
            final SpaceAllocator.Outcome outcome = space.choose(op);
            if (outcome == SpaceAllocator.Outcome.WAIT) {
                operations.awaitSpace(op);
                return;
            }
            if (outcome == SpaceAllocator.Outcome.FULL) {
                op.fail(StoreStatus.NO_SPACE, StoreRequest.NO_BLOCK);
                end(op);
                return;
            }
        }
        note(op, bytes);
        writeContent(op);
    }

    /// Add the operation's record to the log.
    private void note(StoreOp op, int bytes) {
        final Frame frame = op.page();
        final long page = frame.page;
        final int entry = frame.entry;
        op.state = State.WRITING;
        op.parts = 1;
        frame.sequence++;
        op.sequence = frame.sequence;
        if (op.kind == Kind.RELEASE) {
            release(op);
        }
        if (!frees(op)) {
            frame.forgetting = false;
        }
        PageLayout.identity(cache, page, parts.entries.partId(entry), parts.entries.shardIndex(entry));
        final long at = parts.log().add(op, bytes);
        final int type = recordType(op.kind);
        LogLayout.record(log, at, type, op.firstBlock, op.blockCount, entry, op.sequence, op.version);
        final boolean frees = frees(op);
        LogLayout.recordShard(
                log,
                at,
                parts.entries.partId(entry),
                parts.entries.shardIndex(entry),
                frees ? NO_SLOT : PageLayout.slot(cache, page, 0),
                frees ? NO_SLOT : PageLayout.slot(cache, page, 1));
        if (!frees) {
            PageLayout.slotSequence(cache, page, op.sequence);
        }
        for (int i = 0; places(op) && i < op.blockCount; i++) {
            frame.take(op.positions[i]);
            frame.expose(op.positions[i]);
            if (op.kind == Kind.MOVE) {
                op.checksums[i] = PageLayout.blockChecksum(cache, page, op.firstBlock + i);
            }
            LogLayout.recordBlock(log, at, op.blockCount, i, op.positions[i], op.checksums[i]);
        }
        parts.checkpoint().markDirty(frame);
    }

    private static int recordType(Kind kind) {
        return switch (kind) {
            case WRITE, ZERO_PART -> LogLayout.WRITE;
            case MOVE -> LogLayout.MOVE;
            case CLEAR, RELEASE -> LogLayout.CLEAR;
            case DROP, FORGET -> LogLayout.FREE;
            case LOSE -> LogLayout.LOSE;
            case READ, VERSIONS, UNKEEP -> throw new AssertionError(kind);
        };
    }

    private void writeContent(StoreOp op) {
        if (!places(op)) {
            return;
        }
        int ios = 0;
        int place = 0;
        while (place < op.blockCount) {
            final int position = op.positions[place];
            int run = 1;
            while (place + run < op.blockCount && op.positions[place + run] == position + run) {
                run++;
            }
            content.slice(op, place, run, op.ios[ios].data());
            final int slot = PageLayout.slot(cache, op.page().page, position >>> 15);
            final long offset = parts.geometry.blockOffset(slot, position & ~PageLayout.SECOND_SLOT);
            op.ios[ios].range(true, offset, (long) run * BLOCK_BYTES);
            ios++;
            place += run;
        }
        parts.counters.add(Counter.DATA_BYTES_WRITTEN, (long) op.blockCount * BLOCK_BYTES);
        if (op.kind == Kind.MOVE) {
            parts.counters.add(Counter.MOVED_BYTES, (long) op.blockCount * BLOCK_BYTES);
        }
        op.parts += ios;
        for (int i = 0; i < ios; i++) {
            parts.device.submit(op.ios[i]);
        }
    }

    // Ending

    /// Content and record are on the device, or one of them failed.
    void written(StoreOp op) {
        content.giveBack(op);
        if (op.status != StoreStatus.OK) {
            reflect(op);
            op.aborted = true;
            parts.log().failed();
            leave(op);
            abort(op);
            return;
        }
        if (parts.byFlush() && frees(op)) {
            // What comes later speaks of other slots, and must not outlive this record.
            parts.log().completeByFlush(op);
            return;
        }
        takeEffect(op);
        if (!parts.byFlush()) {
            durable(op);
        }
        parts.log().complete(op);
    }

    private static boolean frees(StoreOp op) {
        return op.kind == Kind.DROP || op.kind == Kind.FORGET;
    }

    private void reflect(StoreOp op) {
        PageLayout.reflect(cache, op.page().page, op.sequence);
        op.page().changed = true;
    }

    private void takeEffect(StoreOp op) {
        reflect(op);
        apply(op);
        leave(op);
    }

    private void leave(StoreOp op) {
        op.state = State.NOTED;
        if (op.kind == Kind.RELEASE || op.kind == Kind.FORGET) {
            op.page().releasing = false;
        }
        operations.leave(op);
    }

    /// Note that the operation's record has no effect, whatever recovery finds at the new positions.
    private void abort(StoreOp op) {
        final int bytes = LogLayout.recordBytes(0);
        if (parts.failed()) {
            return;
        }
        if (!parts.log().hasRoom(bytes)) {
            operations.awaitAbort(op);
            return;
        }
        final Frame frame = op.page();
        final long at = parts.log().addAbort(op, bytes);
        LogLayout.record(log, at, LogLayout.ABORT, 0, 0, frame.entry, op.sequence, 0);
        LogLayout.recordShard(
                log, at, parts.entries.partId(frame.entry), parts.entries.shardIndex(frame.entry), NO_SLOT, NO_SLOT);
    }

    /// Switch the map.
    private void apply(StoreOp op) {
        final Frame frame = op.page();
        final long page = frame.page;
        final int end = op.firstBlock + op.blockCount;
        switch (op.kind) {
            case WRITE, ZERO_PART -> {
                for (int i = 0; i < op.blockCount; i++) {
                    replaced(
                            op,
                            PageLayout.place(
                                    cache, page, op.firstBlock + i, op.positions[i], op.checksums[i], op.version));
                }
                frame.forget = false;
            }
            case MOVE -> {
                for (int i = 0; i < op.blockCount; i++) {
                    final int block = op.firstBlock + i;
                    final long version = PageLayout.blockVersion(cache, page, block);
                    replaced(op, PageLayout.place(cache, page, block, op.positions[i], op.checksums[i], version));
                }
            }
            case CLEAR -> {
                for (int block = op.firstBlock; block < end; block++) {
                    replaced(op, PageLayout.unmap(cache, page, block, op.version));
                }
                frame.forget = !op.keepVersions;
            }
            case DROP, FORGET -> {
                for (int block = op.firstBlock; block < end; block++) {
                    replaced(op, PageLayout.unmap(cache, page, block, 0));
                }
                empty(op);
            }
            // The page says so since the record was noted.
            case LOSE -> {}
            case RELEASE, READ, VERSIONS, UNKEEP -> {}
        }
        PageLayout.raiseVersion(cache, page, op.version);
        parts.entries.note(frame.entry, cache, page);
    }

    private static void replaced(StoreOp op, int position) {
        if (PageLayout.isMapped(position)) {
            op.oldPositions[op.oldCount++] = position;
        }
    }

    /// The shard is forgotten: its page is that of a free entry.
    private void empty(StoreOp op) {
        final long page = op.page().page;
        release(op);
        PageLayout.identity(cache, page, 0, 0);
        PageLayout.forgetVersion(cache, page);
        op.releasesEntry = true;
        op.page().forget = true;
        op.page().forgetting = true;
    }

    // Giving back

    /// Whether a shard has something to give back: a slot without content, or its entry.
    boolean hasToTidy(Frame frame) {
        return !parts.failed()
                && frame.state == Frame.State.READY
                && (isReleasable(frame, 0) || isReleasable(frame, 1) || isForgettable(frame));
    }

    boolean isReleasable(Frame frame, int which) {
        return PageLayout.slot(cache, frame.page, which) != NO_SLOT && frame.isUntaken(which);
    }

    /// Whether a shard is empty, and nobody needs its versions.
    boolean isForgettable(Frame frame) {
        return frame.forget
                && PageLayout.mapped(cache, frame.page) == 0
                && PageLayout.lost(cache, frame.page) == 0
                && !frame.forgetting
                && parts.entries.isUsed(frame.entry)
                && frame.isUntaken(0)
                && frame.isUntaken(1);
    }

    /// Let a tombstone go: it is forgotten as soon as nothing of the shard is under way, unless that changes
    /// it.
    void unkeep(StoreOp op) {
        final Frame frame = op.page();
        if (frame.state == Frame.State.READY
                && PageLayout.mapped(cache, frame.page) == 0
                && PageLayout.lost(cache, frame.page) == 0
                && PageLayout.version(cache, frame.page) == op.version) {
            frame.forget = true;
        }
        operations.ended(op);
    }

    /// Take the slots without content, or all of an emptied shard's, from the page.
    private void release(StoreOp op) {
        final Frame frame = op.page();
        final boolean all = op.kind != Kind.RELEASE;
        final int slot0 = PageLayout.slot(cache, frame.page, 0);
        final int slot1 = PageLayout.slot(cache, frame.page, 1);
        if (slot0 != NO_SLOT && (all || frame.isUntaken(0))) {
            op.releasedSlot0 = slot0;
            PageLayout.slot(cache, frame.page, 0, NO_SLOT);
            parts.slots.release();
        }
        if (slot1 != NO_SLOT && (all || frame.isUntaken(1))) {
            op.releasedSlot1 = slot1;
            PageLayout.slot(cache, frame.page, 1, NO_SLOT);
            parts.slots.release();
        }
        if (slot0 != NO_SLOT && slot1 != NO_SLOT) {
            parts.slots.single();
            parts.mover().hasOneSlot(frame.entry);
        }
    }

    /// What the operation replaced is not needed any more.
    void durable(StoreOp op) {
        if (op.aborted) {
            return;
        }
        if (op.state == State.WRITING) {
            parts.log().flushWaitEnded();
            takeEffect(op);
        }
        final Frame frame = op.page();
        for (int i = 0; i < op.oldCount; i++) {
            frame.giveUp(op.oldPositions[i]);
        }
        if (op.oldCount > 0) {
            operations.spaceChanged();
            operations.tidyLater(frame);
        }
    }

    /// The flush that the operation waits for, if it does, has failed.
    void flushFailed(StoreOp op) {
        if (op.state == State.WRITING && op.parts == 0) {
            parts.log().flushWaitEnded();
            op.fail(StoreStatus.IO_ERROR, StoreRequest.NO_BLOCK);
            op.aborted = true;
            reflect(op);
            leave(op);
        }
    }

    /// Recovery cannot judge the operation's record any more.
    void covered(StoreOp op) {
        final Frame frame = op.page();
        for (int i = 0; places(op) && i < op.blockCount; i++) {
            frame.cover(op.positions[i]);
            if (op.aborted) {
                frame.giveUp(op.positions[i]);
            }
        }
        if (op.releasedSlot0 != SlotPool.NONE) {
            parts.slots.free(op.releasedSlot0);
        }
        if (op.releasedSlot1 != SlotPool.NONE) {
            parts.slots.free(op.releasedSlot1);
        }
        // A later record of the entry decides anew.
        if (op.releasesEntry && frame.sequence == op.sequence) {
            frame.forgetting = false;
            if (frame.first == null) {
                assert PageLayout.mapped(cache, frame.page) == 0;
                parts.entries.free(frame.entry, frame.sequence);
                return;
            }
        }
        if (op.aborted || (op.releasesEntry && frame.sequence == op.sequence)) {
            operations.tidyLater(frame);
        }
    }
}
