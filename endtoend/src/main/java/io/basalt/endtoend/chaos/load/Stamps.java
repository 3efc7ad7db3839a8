package io.basalt.endtoend.chaos.load;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// What stands in each sector: the number of the write that made it, which no other write has, and words that follow
/// from that number and the sector's. A lost, a misdirected, a torn and a stale write all show.
final class Stamps {
    /// Smallest unit of a disk.
    static final int SECTOR_BYTES = 512;
    /// Seen where no write has left what is there.
    static final long GARBAGE = -1;

    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
    private static final long GOLDEN = 0x9E3779B97F4A7C15L;

    private Stamps() {}

    /// Fill a sector.
    ///
    /// @param stamp of the write, from 1
    /// @param sector of the disk
    static void fill(MemorySegment memory, long offset, long stamp, long sector) {
        memory.set(LONG, offset, stamp);
        final long base = base(stamp, sector);
        for (int at = Long.BYTES; at < SECTOR_BYTES; at += Long.BYTES) {
            memory.set(LONG, offset + at, base + at * GOLDEN);
        }
    }

    /// The stamp of a sector; 0 if it is zero throughout, [#GARBAGE] if it is not what any write leaves there.
    static long read(MemorySegment memory, long offset, long sector) {
        final long stamp = memory.get(LONG, offset);
        if (stamp < 0) {
            return GARBAGE;
        }
        final long base = base(stamp, sector);
        for (int at = Long.BYTES; at < SECTOR_BYTES; at += Long.BYTES) {
            final long expected = stamp == 0 ? 0 : base + at * GOLDEN;
            if (memory.get(LONG, offset + at) != expected) {
                return GARBAGE;
            }
        }
        return stamp;
    }

    private static long base(long stamp, long sector) {
        long z = stamp * GOLDEN + sector;
        z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
        z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
        return z ^ z >>> 31;
    }
}
