package io.basalt.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class AllocationProbeTest {
    private static final int RUNS = 100_000;

    /// One round only: enough for code that is known to allocate.
    private static final long ONE_ROUND = 0;

    private long sum;
    private Object kept = this;

    @Test
    void countsNothingForArithmetic() {
        assertThat(AllocationProbe.bytesAllocated(RUNS, () -> sum += 3)).isZero();
        assertThat(sum).isPositive();
    }

    @Test
    void countsEveryObjectThatEscapes() {
        final long bytes = AllocationProbe.bytesAllocated(0, RUNS, ONE_ROUND, () -> kept = new long[4]);
        assertThat(bytes).isGreaterThanOrEqualTo(RUNS * 32L);
        assertThat(kept).isInstanceOf(long[].class);
    }

    @Test
    void seesOneAllocationAmongManyRuns() {
        final long bytes = AllocationProbe.bytesAllocated(0, RUNS, ONE_ROUND, () -> {
            if (++sum % RUNS == 0) {
                kept = new byte[64];
            }
        });
        assertThat(bytes).isGreaterThanOrEqualTo(64);
        assertThat(kept).isInstanceOf(byte[].class);
    }

    @Test
    void waitsForCodeThatStopsAllocating() {
        final long bytes = AllocationProbe.bytesAllocated(0, RUNS, 120_000_000_000L, () -> {
            if (++sum <= 20L * RUNS) {
                kept = new byte[64];
            }
        });
        assertThat(bytes).isZero();
        assertThat(sum).isGreaterThan(20L * RUNS);
    }

    @Test
    void losesPatienceWithCodeThatDoesNot() {
        final long bytes = AllocationProbe.bytesAllocated(0, 10, 1_000_000_000, () -> {
            sum++;
            kept = new byte[64];
        });
        assertThat(bytes).isGreaterThanOrEqualTo(10 * 64);
        assertThat(sum).as("more than one round").isGreaterThan(10);
    }
}
