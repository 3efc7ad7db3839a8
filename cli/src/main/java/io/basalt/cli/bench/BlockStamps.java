package io.basalt.cli.bench;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// What every block of the disk should hold: a stamp that names the block and the write that made it, so that a
/// lost, a misdirected, a torn and a stale write all show.
///
/// One owner thread; blocks that belong to different threads do not overlap. A block has at most one request in
/// flight, so its content is certain whenever it is read.
final class BlockStamps {
    private static final long GOLDEN = 0x9E3779B97F4A7C15L;

    private final long seed;
    private final int blockSize;
    /// Generation of each block's last write; 0 is never written, which is not checked: the disk had content
    /// before.
    private final int[] generations;
    private final boolean[] busy;

    BlockStamps(long seed, int blockSize, int blockCount) {
        this.seed = seed;
        this.blockSize = blockSize;
        this.generations = new int[blockCount];
        this.busy = new boolean[blockCount];
    }

    boolean busy(int block) {
        return busy[block];
    }

    void busy(int block, boolean now) {
        busy[block] = now;
    }

    boolean written(int block) {
        return generations[block] != 0;
    }

    /// Fill a buffer with what the block's next write stores. The generation counts from now on.
    void stamp(int block, MemorySegment memory, long offset) {
        final long base = base(block, ++generations[block]);
        for (int at = 0; at < blockSize; at += Long.BYTES) {
            memory.set(ValueLayout.JAVA_LONG, offset + at, base + at * GOLDEN);
        }
    }

    /// Compare what was read with what the block's last write stored.
    ///
    /// @return offset of the first wrong byte group in the block, or -1
    int mismatch(int block, MemorySegment memory, long offset) {
        final int generation = generations[block];
        if (generation == 0) {
            return -1;
        }
        final long base = base(block, generation);
        for (int at = 0; at < blockSize; at += Long.BYTES) {
            if (memory.get(ValueLayout.JAVA_LONG, offset + at) != base + at * GOLDEN) {
                return at;
            }
        }
        return -1;
    }

    private long base(int block, int generation) {
        long z = seed + (((long) block << 32) | generation) * GOLDEN;
        z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
        z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
        return z ^ z >>> 31;
    }
}
