package io.basalt.block;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/// Times counted in buckets whose width is an eighth of their power of two, from 64 ns to 68 s: a value is known to
/// within 12.5 %. Fixed size; counting allocates nothing.
///
/// | field | owner | others |
/// |---|---|---|
/// | each cell | plain read, opaque write | opaque read |
///
/// A reader sees each number whole and never going back; two of them may be some requests apart.
public final class LatencyHistogram {
    private static final int EXPONENT_FIRST = 6;
    private static final int EXPONENT_END = 36;
    private static final int SUB_BITS = 3;
    private static final int SUB_COUNT = 1 << SUB_BITS;
    private static final int SUB_MASK = SUB_COUNT - 1;

    /// The first bucket holds what is shorter than 64 ns, the last what is longer than 68 s.
    static final int BUCKETS = 1 + (EXPONENT_END - EXPONENT_FIRST) * SUB_COUNT + 1;

    private static final int SUM = BUCKETS;
    private static final VarHandle CELL =
            MethodHandles.arrayElementVarHandle(long[].class).withInvokeExactBehavior();

    private final long[] cells = new long[BUCKETS + 1];

    /// Count one time. Owner only.
    public void record(long ns) {
        record(ns, 1);
    }

    /// Count the same time more than once. Owner only.
    public void record(long ns, int count) {
        add(bucket(ns), count);
        add(SUM, ns * count);
    }

    private void add(int cell, long amount) {
        CELL.setOpaque(cells, cell, cells[cell] + amount);
    }

    /// What was counted. Any thread; allocates.
    public LatencyDistribution read() {
        final long[] counts = new long[BUCKETS];
        for (int bucket = 0; bucket < BUCKETS; bucket++) {
            counts[bucket] = (long) CELL.getOpaque(cells, bucket);
        }
        return new LatencyDistribution(counts, (long) CELL.getOpaque(cells, SUM));
    }

    /// The bucket of a time.
    static int bucket(long ns) {
        if (ns < 1L << EXPONENT_FIRST) {
            return 0;
        }
        final int exponent = Long.SIZE - 1 - Long.numberOfLeadingZeros(ns);
        if (exponent >= EXPONENT_END) {
            return BUCKETS - 1;
        }
        final int sub = (int) (ns >>> (exponent - SUB_BITS)) & SUB_MASK;
        return 1 + (exponent - EXPONENT_FIRST) * SUB_COUNT + sub;
    }

    /// Shortest time that a bucket holds.
    static long lowNs(int bucket) {
        if (bucket == 0) {
            return 0;
        }
        final int exponent = EXPONENT_FIRST + (bucket - 1) / SUB_COUNT;
        final int sub = (bucket - 1) & SUB_MASK;
        return (long) (SUB_COUNT + sub) << (exponent - SUB_BITS);
    }
}
