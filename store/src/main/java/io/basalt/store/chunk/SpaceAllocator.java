package io.basalt.store.chunk;

import io.basalt.store.chunk.StoreCounters.Counter;
import java.lang.foreign.MemorySegment;

/// Chooses the positions that new content goes to: free ones of the shard's slot, following each other if possible
/// and in the blocks' own place if that is free; with too few of them, of a second slot. One owner reactor.
final class SpaceAllocator {
    enum Outcome {
        /// The positions are chosen.
        FOUND,
        /// There will be some once writes under way are complete and covered.
        WAIT,
        /// There is no slot to be had.
        FULL
    }

    private final StoreParts parts;
    private final MemorySegment cache;
    private final int slotBlocks;

    SpaceAllocator(StoreParts parts) {
        this.parts = parts;
        cache = parts.memory.cache();
        slotBlocks = parts.geometry.slotBlocks();
    }

    /// Choose a position for each block of an operation. Nothing is taken yet, but a slot may be.
    Outcome choose(StoreOp op) {
        final Frame frame = op.page();
        final int free0 = freeCount(frame, 0);
        final int free1 = freeCount(frame, 1);
        if (free0 + free1 < op.blockCount) {
            final Outcome outcome = addSlot(frame);
            if (outcome != Outcome.FOUND) {
                return outcome;
            }
        }
        final int target = hasSlot(frame, frame.target) ? frame.target : 1 - frame.target;
        if (!chooseRun(op, target) && !chooseRun(op, 1 - target)) {
            final int found = choosePieces(op, target, 0);
            final int all = choosePieces(op, 1 - target, found);
            assert all == op.blockCount;
        }
        return Outcome.FOUND;
    }

    /// Choose a position in the target slot for each block of an operation that empties the other one.
    boolean chooseInTarget(StoreOp op) {
        final Frame frame = op.page();
        if (freeCount(frame, frame.target) < op.blockCount) {
            return false;
        }
        if (!chooseRun(op, frame.target)) {
            final int all = choosePieces(op, frame.target, 0);
            assert all == op.blockCount;
        }
        return true;
    }

    private boolean hasSlot(Frame frame, int which) {
        return PageLayout.slot(cache, frame.page, which) != PageLayout.NO_SLOT;
    }

    private int freeCount(Frame frame, int which) {
        return hasSlot(frame, which) ? frame.freeCount(which) : 0;
    }

    private Outcome addSlot(Frame frame) {
        final boolean second = hasSlot(frame, 0) || hasSlot(frame, 1);
        final int which = hasSlot(frame, 0) || !frame.isBlank(0) ? 1 : 0;
        if (hasSlot(frame, which) || !frame.isBlank(which)) {
            return Outcome.WAIT;
        }
        final int slot = second ? parts.slots.takeSecond() : parts.slots.takeFirst();
        if (slot == SlotPool.NONE) {
            return second || parts.slots.releasing() > 0 ? Outcome.WAIT : Outcome.FULL;
        }
        PageLayout.slot(cache, frame.page, which, slot);
        frame.target = which;
        if (second) {
            parts.counters.count(Counter.SECOND_SLOTS);
            parts.mover().hasTwoSlots(frame.entry);
        }
        return Outcome.FOUND;
    }

    private boolean chooseRun(StoreOp op, int which) {
        if (!hasSlot(op.page(), which)) {
            return false;
        }
        final int first = op.page().findRun(which, op.firstBlock, op.blockCount);
        for (int i = 0; first >= 0 && i < op.blockCount; i++) {
            op.positions[i] = which << 15 | first + i;
        }
        return first >= 0;
    }

    private int choosePieces(StoreOp op, int which, int found) {
        if (!hasSlot(op.page(), which)) {
            return found;
        }
        int count = found;
        int at = 0;
        while (count < op.blockCount && at < slotBlocks) {
            at = op.page().nextFree(which, at);
            if (at < 0) {
                break;
            }
            op.positions[count++] = which << 15 | at++;
        }
        return count;
    }
}
