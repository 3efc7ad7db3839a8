package io.basalt.simulation;

import io.basalt.reactor.RandomSource;

/// A stream of random numbers from a seed. Streams for different purposes are forked by label, so that
/// drawing more in one place does not change what another draws. SplitMix64.
public final class SimRandom implements RandomSource {
    private static final long STEP = 0x9E3779B97F4A7C15L;

    private final long origin;
    private long state;

    /// @param seed any number
    public SimRandom(long seed) {
        origin = seed;
        state = mix(seed);
    }

    /// An independent stream.
    public SimRandom fork(String label) {
        return new SimRandom(mix(origin ^ (long) label.hashCode() * STEP));
    }

    @Override
    public long nextLong() {
        state += STEP;
        return mix(state);
    }

    /// 0 to `bound - 1`.
    public int below(int bound) {
        return (int) Long.remainderUnsigned(nextLong(), bound);
    }

    /// `least` to `most`, both included.
    public long between(long least, long most) {
        return least + Long.remainderUnsigned(nextLong(), most - least + 1);
    }

    /// True so many times in a hundred.
    public boolean chance(int percent) {
        return below(100) < percent;
    }

    private static long mix(long value) {
        long mixed = (value ^ value >>> 30) * 0xBF58476D1CE4E5B9L;
        mixed = (mixed ^ mixed >>> 27) * 0x94D049BB133111EBL;
        return mixed ^ mixed >>> 31;
    }
}
