package io.basalt.block;

import java.util.Arrays;
import java.util.SortedMap;
import java.util.TreeMap;

/// How times are spread: what a [LatencyHistogram] had counted at a moment. Immutable.
public final class LatencyDistribution {
    /// Nothing counted.
    public static final LatencyDistribution NONE = new LatencyDistribution(new long[LatencyHistogram.BUCKETS], 0);

    private final long[] counts;
    private final long sumNs;
    private final long count;

    LatencyDistribution(long[] counts, long sumNs) {
        this.counts = counts;
        this.sumNs = sumNs;
        count = Arrays.stream(counts).sum();
    }

    /// The distribution whose buckets were told by [#buckets()].
    ///
    /// @param byLowNs counts, by any time that their bucket holds, in nanoseconds
    public static LatencyDistribution of(SortedMap<Long, Long> byLowNs, long sumNs) {
        final long[] counts = new long[LatencyHistogram.BUCKETS];
        byLowNs.forEach((lowNs, count) -> counts[LatencyHistogram.bucket(lowNs)] += count);
        return new LatencyDistribution(counts, sumNs);
    }

    /// Both together.
    public LatencyDistribution plus(LatencyDistribution other) {
        final long[] sum = counts.clone();
        Arrays.setAll(sum, bucket -> sum[bucket] + other.counts[bucket]);
        return new LatencyDistribution(sum, sumNs + other.sumNs);
    }

    /// What came after an earlier reading of the same counts; all of it if they began anew meanwhile.
    public LatencyDistribution since(LatencyDistribution earlier) {
        final long[] rest = counts.clone();
        Arrays.setAll(rest, bucket -> rest[bucket] - earlier.counts[bucket]);
        final boolean anew = Arrays.stream(rest).anyMatch(each -> each < 0);
        return anew ? this : new LatencyDistribution(rest, sumNs - earlier.sumNs);
    }

    /// How many times were counted.
    public long count() {
        return count;
    }

    /// Their sum in nanoseconds, exactly.
    public long sumNs() {
        return sumNs;
    }

    /// Their mean in nanoseconds, exactly; 0 if there are none.
    public long meanNs() {
        return count == 0 ? 0 : sumNs / count;
    }

    /// The time that a part of all does not exceed, to within a sixteenth: the middle of its bucket. 0 if there are
    /// none.
    ///
    /// @param part 0 to 1, such as 0.99
    public long quantileNs(double part) {
        final long rank = Math.max(1, (long) Math.ceil(part * count));
        long seen = 0;
        for (int bucket = 0; bucket < counts.length; bucket++) {
            seen += counts[bucket];
            if (seen >= rank) {
                return middleNs(bucket);
            }
        }
        return 0;
    }

    private static long middleNs(int bucket) {
        final long lowNs = LatencyHistogram.lowNs(bucket);
        return bucket == LatencyHistogram.BUCKETS - 1 ? lowNs : (lowNs + LatencyHistogram.lowNs(bucket + 1)) / 2;
    }

    /// How many times were shorter than a bound, as far as buckets tell: one that holds the bound is not counted.
    public long countBelow(long boundNs) {
        long below = 0;
        for (int bucket = 0; bucket < counts.length - 1 && LatencyHistogram.lowNs(bucket + 1) <= boundNs; bucket++) {
            below += counts[bucket];
        }
        return below;
    }

    /// The buckets that hold something: counts by the shortest time that the bucket holds, in nanoseconds.
    public SortedMap<Long, Long> buckets() {
        final SortedMap<Long, Long> held = new TreeMap<>();
        for (int bucket = 0; bucket < counts.length; bucket++) {
            if (counts[bucket] != 0) {
                held.put(LatencyHistogram.lowNs(bucket), counts[bucket]);
            }
        }
        return held;
    }
}
