package io.basalt.net.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.testkit.SeededTest;
import org.junit.jupiter.api.Test;

class TransitClockTest {
    private static final long MS = 1_000_000;

    @Test
    void seesHowLateAFrameIsWhateverTheClocksSay() {
        SeededTest.run(200, random -> {
            final TransitClock clock = new TransitClock();
            final long offsetNs = random.nextLong() >> 2;
            long nowNs = random.nextLong(1L << 50);
            long leastNs = Long.MAX_VALUE;
            for (int i = 0; i < 2000; i++) {
                nowNs += random.nextLong(20 * MS);
                final long delayNs = MS + (random.nextInt(10) == 0 ? random.nextLong(300 * MS) : random.nextLong(MS));
                leastNs = Math.min(leastNs, delayNs);
                final int sentMicros = (int) ((nowNs - delayNs + offsetNs) / 1000);
                final long lateNs = clock.lateNs(nowNs, sentMicros);
                assertThat(lateNs).isLessThanOrEqualTo(delayNs - leastNs + 2000);
                if (i > 100) {
                    assertThat(lateNs).isGreaterThanOrEqualTo(delayNs - 2 * MS - 2000);
                }
            }
        });
    }

    @Test
    void standstillOfTheReceiverCountsAsTimeUnderWay() {
        final TransitClock clock = new TransitClock();
        for (int i = 0; i < 100; i++) {
            assertThat(clock.lateNs(i * MS, (int) (i * MS / 1000))).isZero();
        }
        // Frames sent in the second of the standstill, read together after a minute.
        for (int i = 100; i < 200; i++) {
            final long nowNs = 60_000 * MS;
            assertThat(clock.lateNs(nowNs, (int) (i * MS / 1000))).isEqualTo(nowNs - i * MS);
        }
    }

    @Test
    void clocksThatDriftApartForHoursDoNotMakeFramesLate() {
        for (final long perMillion : new long[] {-500, 500}) {
            final TransitClock clock = new TransitClock();
            long latestNs = 0;
            for (long nowNs = 0; nowNs < 10_000_000 * MS; nowNs += 100 * MS) {
                final long sentNs = nowNs + nowNs / 1_000_000 * perMillion;
                latestNs = Math.max(latestNs, clock.lateNs(nowNs, (int) (sentNs / 1000)));
            }
            assertThat(latestNs)
                    .as("at " + perMillion + " ppm: no more than the drift of two spans")
                    .isLessThanOrEqualTo(11 * MS);
        }
    }
}
