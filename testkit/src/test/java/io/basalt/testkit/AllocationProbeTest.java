package io.basalt.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class AllocationProbeTest {
    private static final int RUNS = 100_000;

    private long sum;
    private Object kept = this;

    @Test
    void countsNothingForArithmetic() {
        assertThat(AllocationProbe.bytesAllocated(RUNS, () -> sum += 3)).isZero();
        assertThat(sum).isPositive();
    }

    @Test
    void countsEveryObjectThatEscapes() {
        final long bytes = AllocationProbe.bytesAllocated(RUNS, () -> kept = new long[4]);
        assertThat(bytes).isGreaterThanOrEqualTo(RUNS * 32L);
        assertThat(kept).isInstanceOf(long[].class);
    }

    @Test
    void seesOneAllocationAmongManyRuns() {
        final long bytes = AllocationProbe.bytesAllocated(RUNS, () -> {
            if (++sum % RUNS == 0) {
                kept = new byte[64];
            }
        });
        assertThat(bytes).isGreaterThanOrEqualTo(64);
        assertThat(kept).isInstanceOf(byte[].class);
    }
}
