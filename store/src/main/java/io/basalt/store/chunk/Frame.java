package io.basalt.store.chunk;

import io.basalt.block.BlockStatus;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// A place in the cache for one shard's metadata page, with what is known of the shard only while it is here:
/// which positions of its slots are free, and the operations on it in the order of submission.
///
/// ```
///   EMPTY ──▶ LOADING ──▶ READY ──▶ EMPTY
///     │          └──────▶ DAMAGED ──▶ EMPTY, READY (dropped)
///     └─────────────────▶ READY (a new shard)
/// ```
///
/// **Positions.** One is free if it is neither *taken* (mapped, being written, or given up by a write that is
/// not durable) nor *exposed* (a log record that places a block there may still be judged by recovery, see
/// [IntentLog]). Only free positions are ever written to.
final class Frame implements DeviceIo.Owner {
    enum State {
        EMPTY,
        LOADING,
        READY,
        DAMAGED
    }

    final int index;

    /// First byte of the page in the cache's memory.
    final long page;

    final DeviceIo io;
    private final PageCache cache;
    private final int slotBlocks;
    private final int slotWords;
    private final long[] taken;
    private final long[] exposed;

    State state = State.EMPTY;
    int entry = EntryTable.NONE;

    /// Operations and others that need the page to stay.
    int pins;

    /// The page differs from its home on the device, or soon will.
    boolean dirty;

    /// A record has taken effect since the page was last written. Without one the page is not written: were
    /// the write torn, recovery would find no record that explains it.
    boolean changed;

    /// Used since the clock hand passed.
    boolean referenced;

    /// Sequence number of the newest record of the entry.
    long sequence;

    /// Which slot new content goes to first.
    int target;

    /// Operations in the order of submission, and how many of them wait for another or for space.
    @Nullable
    StoreOp first;

    @Nullable
    StoreOp last;

    int orderWaits;
    int spaceWaits;

    /// Operation that gives slots back or frees the entry is under way.
    boolean releasing;

    /// The shard is to be forgotten when it is empty; a record that says so is noted and not covered.
    boolean forget;

    boolean forgetting;

    /// An operation is under way that says of every block that it is lost.
    boolean losing;

    /// Links of the lists of dirty frames and of frames with something to give back.
    @Nullable
    Frame nextDirty;

    @Nullable
    Frame nextToTidy;

    Frame(PageCache cache, Device device, int index, Geometry geometry) {
        this.cache = cache;
        this.index = index;
        page = (long) index * StoreRequest.BLOCK_BYTES;
        io = new DeviceIo(device, this, index, 1);
        slotBlocks = geometry.slotBlocks();
        slotWords = (slotBlocks + Long.SIZE - 1) >>> 6;
        taken = new long[2 * slotWords];
        exposed = new long[2 * slotWords];
    }

    @Override
    public void ioDone(DeviceIo done, BlockStatus status) {
        cache.loaded(this, status);
    }

    /// No position is taken or exposed.
    void clearPositions() {
        Arrays.fill(taken, 0);
        Arrays.fill(exposed, 0);
    }

    void take(int position) {
        final int bit = bit(position);
        assert (taken[bit >>> 6] & 1L << bit) == 0 : "position is taken already";
        taken[bit >>> 6] |= 1L << bit;
    }

    void giveUp(int position) {
        final int bit = bit(position);
        assert (taken[bit >>> 6] & 1L << bit) != 0 : "position is not taken";
        taken[bit >>> 6] &= ~(1L << bit);
    }

    void expose(int position) {
        final int bit = bit(position);
        exposed[bit >>> 6] |= 1L << bit;
    }

    void cover(int position) {
        final int bit = bit(position);
        exposed[bit >>> 6] &= ~(1L << bit);
    }

    boolean isTaken(int position) {
        final int bit = bit(position);
        return (taken[bit >>> 6] & 1L << bit) != 0;
    }

    boolean isFree(int position) {
        final int bit = bit(position);
        return ((taken[bit >>> 6] | exposed[bit >>> 6]) & 1L << bit) == 0;
    }

    /// Whether nothing of a slot is taken.
    boolean isUntaken(int which) {
        long any = 0;
        for (int word = 0; word < slotWords; word++) {
            any |= taken[which * slotWords + word];
        }
        return any == 0;
    }

    /// Whether nothing of a slot is taken or exposed, so that another slot can stand in its place.
    boolean isBlank(int which) {
        return freeCount(which) == slotBlocks;
    }

    int freeCount(int which) {
        int busy = 0;
        for (int word = which * slotWords; word < (which + 1) * slotWords; word++) {
            busy += Long.bitCount(taken[word] | exposed[word]);
        }
        return slotBlocks - busy;
    }

    /// Find free positions that follow each other in a slot.
    ///
    /// @param wanted where to look first
    /// @return the first one, or -1
    int findRun(int which, int wanted, int count) {
        if (runLength(which, wanted, count) == count) {
            return wanted;
        }
        int at = 0;
        while (at + count <= slotBlocks) {
            final int length = runLength(which, at, count);
            if (length == count) {
                return at;
            }
            at += length + 1;
        }
        return -1;
    }

    /// The next free position of a slot, or -1.
    int nextFree(int which, int from) {
        for (int at = from; at < slotBlocks; at++) {
            if (isFree(which << 15 | at)) {
                return at;
            }
        }
        return -1;
    }

    private int runLength(int which, int from, int most) {
        int length = 0;
        while (length < most && from + length < slotBlocks && isFree(which << 15 | from + length)) {
            length++;
        }
        return length;
    }

    private int bit(int position) {
        return (position >>> 15) * (slotWords << 6) + (position & ~PageLayout.SECOND_SLOT);
    }

    // Order

    void append(StoreOp op) {
        op.previousInFrame = last;
        op.nextInFrame = null;
        if (last == null) {
            first = op;
        } else {
            last.nextInFrame = op;
        }
        last = op;
    }

    /// Go before all others, none of which has begun.
    void prepend(StoreOp op) {
        op.previousInFrame = null;
        op.nextInFrame = first;
        if (first == null) {
            last = op;
        } else {
            first.previousInFrame = op;
        }
        first = op;
    }

    void remove(StoreOp op) {
        final StoreOp before = op.previousInFrame;
        final StoreOp after = op.nextInFrame;
        if (before == null) {
            first = after;
        } else {
            before.nextInFrame = after;
        }
        if (after == null) {
            last = before;
        } else {
            after.previousInFrame = before;
        }
        op.previousInFrame = null;
        op.nextInFrame = null;
    }

    /// Whether an operation must wait for one submitted before it.
    static boolean mustWait(StoreOp op) {
        for (StoreOp before = op.previousInFrame; before != null; before = before.previousInFrame) {
            if (before.conflicts(op)) {
                return true;
            }
        }
        return false;
    }
}
