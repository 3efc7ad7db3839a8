package io.basalt.block;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.testkit.AllocationProbe;
import io.basalt.testkit.SeededTest;
import java.util.Arrays;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class LatencyHistogramTest {
    private final LatencyHistogram histogram = new LatencyHistogram();

    @Test
    void everyTimeLiesInItsBucket() {
        SeededTest.run(1000, random -> {
            final long ns = random.nextLong(1L << random.nextInt(7, 40));
            final int bucket = LatencyHistogram.bucket(ns);
            assertThat(LatencyHistogram.lowNs(bucket)).isLessThanOrEqualTo(ns);
            if (bucket < LatencyHistogram.BUCKETS - 1) {
                assertThat(LatencyHistogram.lowNs(bucket + 1)).isGreaterThan(ns);
            }
        });
    }

    @Test
    void bucketsAreNoWiderThanAnEighth() {
        for (int bucket = 1; bucket < LatencyHistogram.BUCKETS - 1; bucket++) {
            final long lowNs = LatencyHistogram.lowNs(bucket);
            assertThat(LatencyHistogram.bucket(lowNs)).isEqualTo(bucket);
            assertThat(LatencyHistogram.lowNs(bucket + 1) - lowNs).isBetween(1L, lowNs / 8);
        }
    }

    @Test
    void quantilesAreTrueToASixteenth() {
        SeededTest.run(200, random -> {
            final LatencyHistogram some = new LatencyHistogram();
            final long[] times = random.longs(random.nextInt(1, 400), 1_000, 1L << random.nextInt(12, 35))
                    .sorted()
                    .toArray();
            Arrays.stream(times).forEach(some::record);
            final double part = random.nextDouble(0.01, 1);
            final long exact = times[Math.max(0, (int) Math.ceil(part * times.length) - 1)];
            assertThat((double) some.read().quantileNs(part)).isBetween(exact * 0.93, exact * 1.07);
            assertThat(some.read().meanNs()).isEqualTo(Arrays.stream(times).sum() / times.length);
        });
    }

    @Test
    void whatCameSinceIsTheDifference() {
        histogram.record(1_000);
        final LatencyDistribution before = histogram.read();
        histogram.record(1_000_000, 3);
        final LatencyDistribution since = histogram.read().since(before);
        assertThat(since.count()).isEqualTo(3);
        assertThat(since.sumNs()).isEqualTo(3_000_000);
        assertThat((double) since.quantileNs(0.01)).isBetween(0.9e6, 1.1e6);
        assertThat(before.plus(since).count()).isEqualTo(4);
        assertThat(new LatencyHistogram().read().since(before).count())
                .as("begun anew")
                .isZero();
    }

    @Test
    void bucketsThatWereToldMakeTheSameDistribution() {
        histogram.record(70);
        histogram.record(5_000_000, 2);
        histogram.record(Long.MAX_VALUE / 4);
        final LatencyDistribution told = histogram.read();
        final LatencyDistribution heard = LatencyDistribution.of(new TreeMap<>(told.buckets()), told.sumNs());
        assertThat(heard.buckets()).isEqualTo(told.buckets()).hasSize(3);
        assertThat(heard.quantileNs(0.5)).isEqualTo(told.quantileNs(0.5));
    }

    @Test
    void countsWhatIsBelowABound() {
        histogram.record(90_000);
        histogram.record(3_000_000);
        assertThat(histogram.read().countBelow(1_000)).isZero();
        assertThat(histogram.read().countBelow(1_000_000)).isEqualTo(1);
        assertThat(histogram.read().countBelow(5_000_000_000L)).isEqualTo(2);
    }

    @Test
    void countingAllocatesNothing() {
        final long[] ns = {17};
        assertThat(AllocationProbe.bytesAllocated(100_000, () -> {
                    ns[0] = ns[0] * 31 & 0xfff_ffffL;
                    histogram.record(ns[0]);
                    histogram.record(ns[0], 3);
                }))
                .isZero();
    }
}
