package io.basalt.store.chunk;

import java.util.BitSet;

/// The slots that are free. A part of them, the reserve, is kept for shards that need a second slot while they are
/// overwritten in a burst. One owner reactor.
final class SlotPool {
    static final int NONE = -1;

    private final int[] free;
    private final BitSet isFree;
    private final int reserve;
    private final int total;
    private int freeCount;
    private int releasing;
    private int seconds;

    /// @param used slots that hold blocks
    SlotPool(int total, int reserve, BitSet used) {
        this.total = total;
        this.reserve = reserve;
        free = new int[total];
        isFree = new BitSet(total);
        for (int slot = total - 1; slot >= 0; slot--) {
            if (!used.get(slot)) {
                free[freeCount++] = slot;
                isFree.set(slot);
            }
        }
    }

    /// Take a slot for a shard that has none.
    ///
    /// @return the slot, or [#NONE]
    int takeFirst() {
        return freeCount > Math.max(0, reserve - seconds) ? take() : NONE;
    }

    /// Take a second slot for a shard.
    ///
    /// @return the slot, or [#NONE]
    int takeSecond() {
        if (seconds >= reserve || freeCount == 0) {
            return NONE;
        }
        seconds++;
        return take();
    }

    private int take() {
        final int slot = free[--freeCount];
        isFree.clear(slot);
        return slot;
    }

    /// A shard has one slot again; what it gave back is not free yet.
    void single() {
        assert seconds > 0;
        seconds--;
    }

    /// A shard was found with two slots.
    void second() {
        seconds++;
    }

    /// A slot was given back and must not be used yet.
    void release() {
        releasing++;
    }

    /// No recovery can need a slot any more.
    void free(int slot) {
        assert !isFree.get(slot);
        releasing--;
        isFree.set(slot);
        free[freeCount++] = slot;
    }

    int total() {
        return total;
    }

    int reserve() {
        return reserve;
    }

    int freeCount() {
        return freeCount;
    }

    int releasing() {
        return releasing;
    }

    int seconds() {
        return seconds;
    }

    int used() {
        return total - freeCount - releasing;
    }

    @Override
    public String toString() {
        return "slots: " + freeCount + " of " + total + " free, " + releasing + " releasing, " + seconds + " second";
    }
}
