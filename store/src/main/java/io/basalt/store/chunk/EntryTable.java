package io.basalt.store.chunk;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/// What is in memory of every shard, and the way from a shard to its entry. A few arrays and an
/// open-addressing hash table: about 70 bytes for each entry. One owner reactor.
final class EntryTable {
    static final int NONE = -1;

    /// No frame holds the entry's page.
    static final int NO_FRAME = -1;

    /// Of a free entry whose page is lost.
    static final long UNKNOWN_FLOOR = -1;

    private static final byte FREE = 0;
    private static final byte USED = 1;
    private static final byte DAMAGED = 2;

    private final long[] partIds;
    private final int[] shardIndexes;
    private final long[] versions;
    private final long[] digests;
    private final long[] generations;
    private final long[] freeFloors;
    private final int[] frames;
    private final short[] mapped;
    private final short[] lost;
    private final byte[] states;
    private final int[] buckets;
    private final int[] freeStack;
    private int freeCount;
    private int highWater;
    private int used;
    private int tombstones;
    private long mappedTotal;

    EntryTable(int entries) {
        partIds = new long[entries];
        shardIndexes = new int[entries];
        versions = new long[entries];
        digests = new long[entries];
        generations = new long[entries];
        freeFloors = new long[entries];
        frames = new int[entries];
        Arrays.fill(frames, NO_FRAME);
        mapped = new short[entries];
        lost = new short[entries];
        states = new byte[entries];
        buckets = new int[Integer.highestOneBit(Math.max(4, entries)) << 2];
        Arrays.fill(buckets, NONE);
        freeStack = new int[entries];
    }

    /// The entry of a shard, or [#NONE].
    int find(long partId, int shardIndex) {
        for (int bucket = home(partId, shardIndex); ; bucket = bucket + 1 & buckets.length - 1) {
            final int entry = buckets[bucket];
            if (entry == NONE || (partIds[entry] == partId && shardIndexes[entry] == shardIndex)) {
                return entry;
            }
        }
    }

    /// Give a shard a free entry.
    ///
    /// @return the entry, or [#NONE] if all are taken
    int claim(long partId, int shardIndex) {
        final int entry;
        if (freeCount > 0) {
            entry = freeStack[--freeCount];
        } else if (highWater < states.length) {
            entry = highWater++;
        } else {
            return NONE;
        }
        use(entry, partId, shardIndex);
        return entry;
    }

    /// Note the shard of an entry that is not in use.
    void use(int entry, long partId, int shardIndex) {
        assert states[entry] == FREE;
        states[entry] = USED;
        versions[entry] = 0;
        digests[entry] = 0;
        partIds[entry] = partId;
        shardIndexes[entry] = shardIndex;
        used++;
        int bucket = home(partId, shardIndex);
        while (buckets[bucket] != NONE) {
            bucket = bucket + 1 & buckets.length - 1;
        }
        buckets[bucket] = entry;
    }

    /// The shard of an entry is forgotten; the entry can be claimed.
    ///
    /// @param floor every record up to it is in the entry's page
    void free(int entry, long floor) {
        assert states[entry] != FREE;
        unlink(entry);
        mapped(entry, 0);
        lost(entry, 0);
        tombstones -= isTombstone(entry) ? 1 : 0;
        states[entry] = FREE;
        versions[entry] = 0;
        partIds[entry] = 0;
        freeFloors[entry] = floor;
        used--;
        freeStack[freeCount++] = entry;
    }

    /// Take over what a page says of its shard.
    void note(int entry, MemorySegment pages, long page) {
        version(entry, PageLayout.version(pages, page));
        digest(entry, PageLayout.digest(pages, page));
        mapped(entry, PageLayout.mapped(pages, page));
        lost(entry, PageLayout.lost(pages, page));
    }

    /// While recovering: an entry's shard has another one.
    void giveUp(int entry) {
        unlink(entry);
        tombstones -= isTombstone(entry) ? 1 : 0;
        states[entry] = FREE;
        versions[entry] = 0;
        partIds[entry] = 0;
        freeFloors[entry] = UNKNOWN_FLOOR;
        used--;
    }

    /// After recovery: entries below the mark that hold nothing can be claimed.
    ///
    /// @param lostFloor higher than the sequence of every record there ever was
    void recovered(int newHighWater, long lostFloor) {
        highWater = newHighWater;
        for (int entry = highWater - 1; entry >= 0; entry--) {
            if (states[entry] == FREE) {
                if (freeFloors[entry] == UNKNOWN_FLOOR) {
                    freeFloors[entry] = lostFloor;
                }
                freeStack[freeCount++] = entry;
            }
        }
    }

    /// Remove an entry's bucket, and close the gap in the chain of those that follow.
    private void unlink(int entry) {
        final int mask = buckets.length - 1;
        int gap = home(partIds[entry], shardIndexes[entry]);
        while (buckets[gap] != entry) {
            gap = gap + 1 & mask;
        }
        for (int at = gap + 1 & mask; buckets[at] != NONE; at = at + 1 & mask) {
            final int other = buckets[at];
            final int wanted = home(partIds[other], shardIndexes[other]);
            if ((at - wanted & mask) >= (at - gap & mask)) {
                buckets[gap] = other;
                gap = at;
            }
        }
        buckets[gap] = NONE;
    }

    private int home(long partId, int shardIndex) {
        return (int) Checksums.mix(partId ^ Checksums.mix(shardIndex)) & buckets.length - 1;
    }

    long partId(int entry) {
        return partIds[entry];
    }

    int shardIndex(int entry) {
        return shardIndexes[entry];
    }

    long version(int entry) {
        return versions[entry];
    }

    void version(int entry, long version) {
        tombstones -= isTombstone(entry) ? 1 : 0;
        versions[entry] = version;
        tombstones += isTombstone(entry) ? 1 : 0;
    }

    /// See [PageLayout]; 0 if the map is lost.
    long digest(int entry) {
        return states[entry] == DAMAGED ? 0 : digests[entry];
    }

    void digest(int entry, long digest) {
        digests[entry] = digest;
    }

    long generation(int entry) {
        return generations[entry];
    }

    void generation(int entry, long generation) {
        generations[entry] = generation;
    }

    long freeFloor(int entry) {
        return freeFloors[entry];
    }

    void freeFloor(int entry, long floor) {
        freeFloors[entry] = floor;
    }

    int frame(int entry) {
        return frames[entry];
    }

    void frame(int entry, int frame) {
        frames[entry] = frame;
    }

    int mapped(int entry) {
        return mapped[entry];
    }

    void mapped(int entry, int blocks) {
        mappedTotal += blocks - mapped[entry];
        tombstones -= isTombstone(entry) ? 1 : 0;
        mapped[entry] = (short) blocks;
        tombstones += isTombstone(entry) ? 1 : 0;
    }

    /// Blocks whose content is lost.
    int lost(int entry) {
        return lost[entry];
    }

    void lost(int entry, int blocks) {
        tombstones -= isTombstone(entry) ? 1 : 0;
        lost[entry] = (short) blocks;
        tombstones += isTombstone(entry) ? 1 : 0;
    }

    boolean isUsed(int entry) {
        return states[entry] != FREE;
    }

    boolean isDamaged(int entry) {
        return states[entry] == DAMAGED;
    }

    void damaged(int entry, boolean damaged) {
        assert states[entry] != FREE;
        tombstones -= isTombstone(entry) ? 1 : 0;
        states[entry] = damaged ? DAMAGED : USED;
        tombstones += isTombstone(entry) ? 1 : 0;
    }

    /// Whether a shard has no content, and its versions are kept. One whose map, or a block of which, is lost
    /// is none: it may have had some.
    boolean isTombstone(int entry) {
        return states[entry] == USED && mapped[entry] == 0 && lost[entry] == 0 && versions[entry] != 0;
    }

    /// Whether something of a shard is known: not of one that was forgotten, or whose first write is under way.
    boolean isKnown(int entry) {
        return states[entry] == DAMAGED
                || (states[entry] == USED && (mapped[entry] != 0 || lost[entry] != 0 || versions[entry] != 0));
    }

    int tombstones() {
        return tombstones;
    }

    int used() {
        return used;
    }

    int total() {
        return states.length;
    }

    /// Entries ever used: all beyond have never had a page.
    int highWater() {
        return highWater;
    }

    long mappedTotal() {
        return mappedTotal;
    }
}
