package io.basalt.virtio.queue;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Comparator;

/// A split queue's part of the inflight region: which heads were taken and not answered, in memory that outlives
/// this process (vhost-user, "Inflight I/O tracking").
///
/// ```
/// 0         8        10        12               14         16             one for each head
/// +---------+--------+---------+----------------+----------+   +0        +1     +6      +8        16
/// |features |version |desc_num |last_batch_head |used_idx  |   |inflight |pad   |next   |counter  |
/// |   64    |   16   |   16    |       16       |   16     |   |    8    | 40   |  16   |   64    |
/// +---------+--------+---------+----------------+----------+   +---------+------+-------+---------+
/// ```
///
/// Recovery. A batch is answered by the one store of used.idx, between the linking of its heads and the clearing of
/// their marks. So used.idx and used_idx differ exactly if that store was the last thing that happened, and the
/// difference k says how many heads, from last_batch_head along `next`, are answered although still marked.
///
/// Failure: whoever shares the region may write anything; recovery refuses what cannot come from a correct back
/// end, as a guess could answer a request twice or never. While running, nothing is read back.
final class SplitInflight {
    private static final int VERSION = 8;
    private static final int DESC_NUM = 10;
    private static final int LAST_BATCH_HEAD = 12;
    private static final int USED_IDX = 14;
    private static final int ENTRIES = 16;
    private static final int ENTRY_BYTES = 16;
    private static final int INFLIGHT = 0;
    private static final int NEXT = 6;
    private static final int COUNTER = 8;
    private static final int CURRENT_VERSION = 1;

    private final MemorySegment part;
    private final int queue;
    private final int size;
    private long counter;
    private int lastBatchHead;

    SplitInflight(MemorySegment part, int queue, int size) {
        this.part = part;
        this.queue = queue;
        this.size = size;
    }

    static long bytes(int size) {
        return ENTRIES + (long) ENTRY_BYTES * size;
    }

    private static long entry(int head) {
        return ENTRIES + (long) ENTRY_BYTES * head;
    }

    /// Whether no back end has used the region yet.
    boolean fresh() {
        return RingMemory.loadAcquire16(part, VERSION) == 0;
    }

    /// Begin to use a fresh region. The ring may have been in use before (a migrated guest), so used_idx starts
    /// where the ring is: were it 0, a crash before the first answer would look like a batch of used.idx answered
    /// heads.
    void initialise(int usedIndex) {
        part.asSlice(0, bytes(size)).fill((byte) 0);
        RingMemory.store16(part, DESC_NUM, size);
        RingMemory.store16(part, USED_IDX, usedIndex);
        // Release: a region that says it is in use is initialised.
        RingMemory.storeRelease16(part, VERSION, CURRENT_VERSION);
    }

    /// Bring a used region up to date with the ring and find what was in flight.
    ///
    /// @return heads in the order they were taken
    int[] recover(int usedIndex) {
        final int version = RingMemory.load16(part, VERSION);
        if (version != CURRENT_VERSION) {
            throw corrupt("version " + version + " is not 1");
        }
        final int count = RingMemory.load16(part, DESC_NUM);
        if (count != size) {
            throw corrupt("desc_num " + count + " is not the queue size " + size);
        }
        finishBatch(usedIndex);
        return marked();
    }

    private void finishBatch(int usedIndex) {
        final int answered = usedIndex - RingMemory.load16(part, USED_IDX) & 0xffff;
        if (answered > size) {
            throw corrupt("used_idx is " + answered + " behind the used ring");
        }
        lastBatchHead = RingMemory.load16(part, LAST_BATCH_HEAD);
        final int[] heads = new int[answered];
        final boolean[] visited = new boolean[size];
        int head = lastBatchHead;
        for (int i = 0; i < answered; i++) {
            if (head >= size || visited[head]) {
                throw corrupt("last batch is not a list of " + answered + " heads");
            }
            visited[head] = true;
            heads[i] = head;
            head = RingMemory.load16(part, entry(head) + NEXT);
        }
        settle(heads, answered, usedIndex);
    }

    private int[] marked() {
        final long[] counters = new long[size];
        final Integer[] heads = new Integer[size];
        int count = 0;
        for (int head = 0; head < size; head++) {
            final int mark = RingMemory.load8(part, entry(head) + INFLIGHT);
            if (mark > 1) {
                throw corrupt("inflight of head " + head + " is " + mark);
            }
            if (mark == 1) {
                counters[head] = RingMemory.load64(part, entry(head) + COUNTER);
                heads[count++] = head;
            }
        }
        Arrays.sort(heads, 0, count, Comparator.comparing(head -> counters[head], Long::compareUnsigned));
        final int[] inOrder = new int[count];
        for (int i = 0; i < count; i++) {
            inOrder[i] = heads[i];
            if (i > 0 && counters[inOrder[i]] == counters[inOrder[i - 1]]) {
                throw corrupt("heads " + inOrder[i - 1] + " and " + inOrder[i] + " have the same counter");
            }
        }
        counter = count == 0 ? 0 : counters[inOrder[count - 1]] + 1;
        return inOrder;
    }

    private QueueSetupException corrupt(String what) {
        return new QueueSetupException("queue " + queue + ": inflight region is corrupt: " + what);
    }

    /// A head was taken from the available ring.
    void take(int head) {
        final long entry = entry(head);
        RingMemory.store64(part, entry + COUNTER, counter++);
        // Release: a marked head has its counter.
        RingMemory.storeRelease8(part, entry + INFLIGHT, 1);
    }

    /// A head's used element was written, not yet published.
    void complete(int head) {
        RingMemory.store16(part, entry(head) + NEXT, lastBatchHead);
        lastBatchHead = head;
        // Release: the list is whole from the head it starts with.
        RingMemory.storeRelease16(part, LAST_BATCH_HEAD, head);
    }

    /// A batch was published with this used index.
    void settle(int[] heads, int count, int usedIndex) {
        for (int i = 0; i < count; i++) {
            // Release: after the used index that says the head is answered.
            RingMemory.storeRelease8(part, entry(heads[i]) + INFLIGHT, 0);
        }
        // Release: the difference to used.idx vouches for the marks until all are cleared.
        RingMemory.storeRelease16(part, USED_IDX, usedIndex);
    }
}
