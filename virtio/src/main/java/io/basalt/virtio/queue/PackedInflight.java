package io.basalt.virtio.queue;

import io.basalt.linux.memory.HostMemory;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Comparator;

/// A packed queue's part of the inflight region: copies of the descriptors that were taken and not answered, in
/// memory that outlives this process (vhost-user, "Inflight I/O tracking"). Copies, because answers overwrite the
/// ring.
///
/// ```
/// 0         8        10        12         14             16        18            20         21             22   32
/// +---------+--------+---------+----------+--------------+---------+-------------+----------+--------------+----+
/// |features |version |desc_num |free_head |old_free_head |used_idx |old_used_idx |used_wrap |old_used_wrap |pad |
/// |   64    |   16   |   16    |   16     |     16       |   16    |     16      |    8     |      8       | 80 |
/// +---------+--------+---------+----------+--------------+---------+-------------+----------+--------------+----+
/// one for each descriptor, from 32 on:
/// +0        +1    +2     +4     +6    +8        +16  +18     +20   +24      32
/// +---------+-----+------+------+-----+---------+-----+-------+-----+--------+
/// |inflight |pad  |next  |last  |num  |counter  |id   |flags  |len  |addr    |
/// |    8    |  8  |  16  |  16  | 16  |   64    | 16  |  16   | 32  |  64    |
/// +---------+-----+------+------+-----+---------+-----+-------+-----+--------+
/// ```
///
/// Entries that hold no request form the free list from free_head along `next`; its end is desc_num. A taken
/// chain is filled into the entries at its front, which then leave the list; an answered one goes back to the
/// front.
///
/// Recovery. Each old_ field is the state before the batch that is being published. If the used position and the
/// old one differ, a crash fell into a publish, and the ring tells on which side of the one store that shows the
/// batch to the driver: the slot at the old position is still available (roll back to the old_ fields) or not
/// (commit). What is on the free list then is not in flight, whatever its mark says. Words 8 and 16 are stored
/// whole, so free_head and old_free_head, or old_used_idx and old_used_wrap, never disagree half-way.
///
/// Failure: as [SplitInflight], contents that no correct back end leaves are refused.
final class PackedInflight {
    private static final int VERSION = 8;
    private static final int FREE_WORD = 8;
    private static final int USED_WORD = 16;
    private static final int ENTRIES = 32;
    private static final int ENTRY_BYTES = 32;
    private static final int INFLIGHT = 0;
    private static final int NEXT = 2;
    private static final int LAST = 4;
    private static final int NUM = 6;
    private static final int COUNTER = 8;
    private static final int HALF = 16;
    private static final int ADDRESS = 24;
    private static final int CURRENT_VERSION = 1;

    private final MemorySegment part;
    private final int queue;
    private final int size;
    /// Private copies of what must not be believed from the region while running.
    private final int[] next;
    private final int[] lastOf;
    private final int[] numOf;
    private final int[] slotOfId;
    private final int[] idOf;
    private long counter;
    private int freeHead;
    private int usedIndex;
    private int usedWrap;
    private int fillSlot;
    private int fillLast;
    private int fillCount;

    PackedInflight(MemorySegment part, int queue, int size) {
        this.part = part;
        this.queue = queue;
        this.size = size;
        next = new int[size];
        lastOf = new int[size];
        numOf = new int[size];
        slotOfId = new int[size];
        idOf = new int[size];
    }

    static long bytes(int size) {
        return ENTRIES + (long) ENTRY_BYTES * size;
    }

    private static long entry(int slot) {
        return ENTRIES + (long) ENTRY_BYTES * slot;
    }

    /// Whether no back end has used the region yet.
    boolean fresh() {
        return RingMemory.loadAcquire16(part, VERSION) == 0;
    }

    /// Begin to use a fresh region at a used position.
    void initialise(int usedAt, int wrap) {
        part.asSlice(0, bytes(size)).fill((byte) 0);
        for (int slot = 0; slot < size; slot++) {
            next[slot] = slot + 1;
            RingMemory.store16(part, entry(slot) + NEXT, slot + 1);
        }
        freeHead = 0;
        usedIndex = usedAt;
        usedWrap = wrap;
        RingMemory.store64(part, USED_WORD, usedWord(usedAt, wrap));
        storeFree(freeHead, freeHead);
    }

    /// Bring a used region up to date with the ring and find what was in flight.
    ///
    /// @param descriptors address of the descriptor ring in this process
    /// @return buffer ids of the chains in the order they were taken
    int[] recover(long descriptors) {
        final long free = RingMemory.load64(part, FREE_WORD);
        final long used = RingMemory.load64(part, USED_WORD);
        final int version = (int) free & 0xffff;
        if (version != CURRENT_VERSION) {
            throw corrupt("version " + version + " is not 1");
        }
        final int count = (int) (free >>> 16) & 0xffff;
        if (count != size) {
            throw corrupt("desc_num " + count + " is not the queue size " + size);
        }
        final int oldIndex = position("old_used_idx", (int) (used >>> 16) & 0xffff);
        final int oldWrap = wrap("old_used_wrap", (int) (used >>> 40) & 0xff);
        usedIndex = position("used_idx", (int) used & 0xffff);
        usedWrap = wrap("used_wrap", (int) (used >>> 32) & 0xff);
        final boolean published =
                (usedIndex != oldIndex || usedWrap != oldWrap) && !stillAvailable(descriptors, oldIndex, oldWrap);
        if (published) {
            freeHead = (int) (free >>> 32) & 0xffff;
        } else {
            freeHead = (int) (free >>> 48);
            usedIndex = oldIndex;
            usedWrap = oldWrap;
        }
        final boolean[] seen = new boolean[size];
        final int freeCount = clearFreeList(seen);
        final int[] ids = marked(seen, freeCount);
        storeFree(freeHead, freeHead);
        RingMemory.storeRelease64(part, USED_WORD, usedWord(usedIndex, usedWrap));
        return ids;
    }

    /// Whether a ring slot has the flags that the driver gave it, not those of an answer. (By now the driver may
    /// have taken the answer and used the slot again, with the flags of the next lap.)
    private static boolean stillAvailable(long descriptors, int index, int wrap) {
        final int flags = (int) (HostMemory.loadAcquire64(descriptors, 16L * index + 8) >>> 48);
        final boolean available = (flags & VirtqueueSpec.VIRTQ_DESC_F_AVAIL) != 0;
        final boolean used = (flags & VirtqueueSpec.VIRTQ_DESC_F_USED) != 0;
        return available == (wrap == 1) && used != (wrap == 1);
    }

    private int clearFreeList(boolean[] seen) {
        int count = 0;
        int slot = freeHead;
        while (slot != size) {
            if (slot > size || seen[slot]) {
                throw corrupt("free list is not a list");
            }
            seen[slot] = true;
            count++;
            RingMemory.storeRelease8(part, entry(slot) + INFLIGHT, 0);
            next[slot] = RingMemory.load16(part, entry(slot) + NEXT);
            slot = next[slot];
        }
        return count;
    }

    private int[] marked(boolean[] seen, int freeCount) {
        final long[] counters = new long[size];
        final Integer[] slots = new Integer[size];
        final boolean[] ids = new boolean[size];
        int count = 0;
        int entries = freeCount;
        for (int slot = 0; slot < size; slot++) {
            final int mark = RingMemory.load8(part, entry(slot) + INFLIGHT);
            if (mark > 1) {
                throw corrupt("inflight of entry " + slot + " is " + mark);
            }
            if (mark == 1) {
                counters[slot] = RingMemory.load64(part, entry(slot) + COUNTER);
                slots[count++] = slot;
                entries += readChain(slot, seen, ids);
            }
        }
        if (entries != size) {
            throw corrupt(entries + " entries are free or in flight, of " + size);
        }
        Arrays.sort(slots, 0, count, Comparator.comparing(slot -> counters[slot], Long::compareUnsigned));
        final int[] inOrder = new int[count];
        for (int i = 0; i < count; i++) {
            inOrder[i] = slots[i];
            if (i > 0 && counters[inOrder[i]] == counters[inOrder[i - 1]]) {
                throw corrupt("entries " + inOrder[i - 1] + " and " + inOrder[i] + " have the same counter");
            }
        }
        counter = count == 0 ? 0 : counters[inOrder[count - 1]] + 1;
        for (int i = 0; i < count; i++) {
            inOrder[i] = idOf[inOrder[i]];
        }
        return inOrder;
    }

    /// Check a chain in flight and copy its links.
    private int readChain(int first, boolean[] seen, boolean[] ids) {
        final int num = RingMemory.load16(part, entry(first) + NUM);
        if (num < 1 || num > size) {
            throw corrupt("num of entry " + first + " is " + num);
        }
        int last = first;
        for (int i = 0, slot = first; i < num; i++) {
            if (slot >= size || seen[slot]) {
                throw corrupt("entry " + first + " is not a list of " + num);
            }
            seen[slot] = true;
            last = slot;
            next[slot] = RingMemory.load16(part, entry(slot) + NEXT);
            slot = next[slot];
        }
        if (RingMemory.load16(part, entry(first) + LAST) != last) {
            throw corrupt("last of entry " + first + " is not its last entry");
        }
        final int id = RingMemory.load16(part, entry(last) + HALF);
        if (id >= size || ids[id]) {
            throw corrupt("id " + id + " is out of range or twice in flight");
        }
        ids[id] = true;
        numOf[first] = num;
        lastOf[first] = last;
        slotOfId[id] = first;
        idOf[first] = id;
        return num;
    }

    private int position(String field, int value) {
        if (value >= size) {
            throw corrupt(field + " " + value + " is not below the queue size " + size);
        }
        return value;
    }

    private int wrap(String field, int value) {
        if (value > 1) {
            throw corrupt(field + " is " + value);
        }
        return value;
    }

    private QueueSetupException corrupt(String what) {
        return new QueueSetupException("queue " + queue + ": inflight region is corrupt: " + what);
    }

    /// Used position after recovery.
    int usedIndex() {
        return usedIndex;
    }

    /// Wrap counter after recovery.
    boolean usedWrap() {
        return usedWrap == 1;
    }

    /// Ring descriptors of a chain in flight.
    int numOf(int id) {
        return numOf[slotOfId[id]];
    }

    /// Slot of a chain in flight.
    int slotOf(int id) {
        return slotOfId[id];
    }

    /// Entry behind another in its chain.
    int nextOf(int slot) {
        return next[slot];
    }

    /// Address of a copied descriptor.
    long address(int slot) {
        return RingMemory.load64(part, entry(slot) + ADDRESS);
    }

    /// Length, id and flags of a copied descriptor, arranged as in the ring.
    long half(int slot) {
        final long word = RingMemory.load64(part, entry(slot) + HALF);
        return word << 32 | word >>> 32;
    }

    /// Begin to copy a chain into free entries. Nothing shows before [#take].
    void begin() {
        fillSlot = freeHead;
        fillLast = size;
        fillCount = 0;
    }

    /// Copy a ring descriptor. The ring is never over-committed, so there is a free entry.
    void copy(long address, long half) {
        assert fillSlot < size;
        final long entry = entry(fillSlot);
        RingMemory.store64(part, entry + ADDRESS, address);
        RingMemory.store64(part, entry + HALF, half << 32 | half >>> 32);
        fillLast = fillSlot;
        fillSlot = next[fillSlot];
        fillCount++;
    }

    /// The copied chain was taken.
    void take(int id) {
        final int slot = freeHead;
        final long entry = entry(slot);
        numOf[slot] = fillCount;
        lastOf[slot] = fillLast;
        slotOfId[id] = slot;
        RingMemory.store16(part, entry + LAST, fillLast);
        RingMemory.store16(part, entry + NUM, fillCount);
        RingMemory.store64(part, entry + COUNTER, counter++);
        // Release: a marked entry is complete. It counts from the next store on, which takes it off the free list.
        RingMemory.storeRelease8(part, entry + INFLIGHT, 1);
        freeHead = fillSlot;
        storeFree(freeHead, freeHead);
    }

    /// A batch is about to be published, which moves the used position. All completed chains go back to the free
    /// list here and not earlier, so that none is reused while the batch may still be rolled back.
    void prepare(int[] ids, int count, int usedAt, boolean wrap) {
        final int oldFreeHead = freeHead;
        final long oldUsed = (long) usedIndex << 16 | (long) usedWrap << 40;
        for (int i = 0; i < count; i++) {
            final int slot = slotOfId[ids[i]];
            final int last = lastOf[slot];
            next[last] = freeHead;
            RingMemory.store16(part, entry(last) + NEXT, freeHead);
            freeHead = slot;
        }
        storeFree(freeHead, oldFreeHead);
        usedIndex = usedAt;
        usedWrap = wrap ? 1 : 0;
        RingMemory.storeRelease64(part, USED_WORD, oldUsed | usedAt | (long) usedWrap << 32);
    }

    /// The batch was published.
    void settle(int[] ids, int count) {
        for (int i = 0; i < count; i++) {
            RingMemory.storeRelease8(part, entry(slotOfId[ids[i]]) + INFLIGHT, 0);
        }
        storeFree(freeHead, freeHead);
        RingMemory.storeRelease64(part, USED_WORD, usedWord(usedIndex, usedWrap));
    }

    private void storeFree(int head, int old) {
        RingMemory.storeRelease64(
                part, FREE_WORD, CURRENT_VERSION | (long) size << 16 | (long) head << 32 | (long) old << 48);
    }

    private static long usedWord(int index, int wrap) {
        return index | (long) index << 16 | (long) wrap << 32 | (long) wrap << 40;
    }
}
