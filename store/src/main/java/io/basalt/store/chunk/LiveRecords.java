package io.basalt.store.chunk;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.BitSet;

/// The records of the log that are not in the pages, by entry and, within one, in the order they were written.
final class LiveRecords {
    private final BitSet entries = new BitSet();
    private MemorySegment[] blocks = new MemorySegment[64];
    private long[] lsns = new long[64];
    private int[] offsets = new int[64];
    private long[] keys = new long[64];
    private int count;
    private long blockCount;
    private int next;

    LiveRecords(LogScan log) {
        for (long lsn = log.tail(); lsn <= log.last(); lsn++) {
            final MemorySegment block = log.block(lsn);
            if (block != null) {
                blockCount++;
                add(block, lsn);
            }
        }
        Arrays.sort(keys, 0, count);
    }

    private void add(MemorySegment block, long lsn) {
        int at = LogLayout.HEADER_BYTES;
        for (int i = 0; i < LogLayout.records(block, 0); i++) {
            if (count == keys.length) {
                blocks = Arrays.copyOf(blocks, 2 * count);
                lsns = Arrays.copyOf(lsns, 2 * count);
                offsets = Arrays.copyOf(offsets, 2 * count);
                keys = Arrays.copyOf(keys, 2 * count);
            }
            final int entry = LogLayout.entry(block, at);
            entries.set(entry);
            blocks[count] = block;
            lsns[count] = lsn;
            offsets[count] = at;
            keys[count] = (long) entry << 32 | count;
            count++;
            at += LogLayout.length(block, at);
        }
    }

    boolean has(int entry) {
        return entries.get(entry);
    }

    int count() {
        return count;
    }

    long blockCount() {
        return blockCount;
    }

    /// The next entry that has records, in the order of entries; -1 after the last.
    int takeEntry() {
        if (next == count) {
            return -1;
        }
        final int entry = (int) (keys[next] >>> 32);
        while (next < count && (int) (keys[next] >>> 32) == entry) {
            next++;
        }
        return entry;
    }

    /// Place of an entry's first record.
    int first(int entry) {
        final int found = Arrays.binarySearch(keys, 0, count, (long) entry << 32);
        return found >= 0 ? found : -found - 1;
    }

    /// Whether a place holds a record of an entry.
    boolean belongs(int place, int entry) {
        return place < count && (int) (keys[place] >>> 32) == entry;
    }

    MemorySegment block(int place) {
        return blocks[(int) keys[place]];
    }

    long offset(int place) {
        return offsets[(int) keys[place]];
    }

    long lsn(int place) {
        return lsns[(int) keys[place]];
    }
}
