package io.basalt.placement;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.basalt.testkit.SeededTest;
import org.junit.jupiter.api.Test;

class Straw2Test {
    private static final double ONE = Math.scalb(1.0, Straw2.FRACTION_BITS);

    @Test
    void logarithmIsRightWithinTheInterpolation() {
        SeededTest.run(50, random -> {
            for (int trial = 0; trial < 1000; trial++) {
                final long hash = random.nextLong() >>> (1 + random.nextInt(62)) << 1;
                final double uniform = ((hash >>> 1) + 1) / Math.scalb(1.0, 63);
                assertThat(Straw2.negativeLog2(hash) / ONE).isCloseTo(-Math.log(uniform) / Math.log(2), within(2e-7));
            }
        });
    }

    @Test
    void logarithmIsRelativelyExactForTheShortestStraws() {
        for (int bits = 24; bits < 50; bits++) {
            final long hash = -1L - (1L << bits);
            final double complement = Math.scalb(1.0, bits - 64);
            assertThat(Straw2.negativeLog2(hash) / ONE / (-Math.log1p(-complement) / Math.log(2)))
                    .isCloseTo(1, within(1e-3));
        }
    }

    @Test
    void logarithmNeverGrowsWithTheNumber() {
        SeededTest.run(50, random -> {
            for (int trial = 0; trial < 1000; trial++) {
                final long hash = random.nextLong(Long.MAX_VALUE);
                assertThat(Straw2.negativeLog2(hash + random.nextInt(1, 1 << 20)))
                        .isLessThanOrEqualTo(Straw2.negativeLog2(hash));
            }
        });
    }

    @Test
    void logarithmSpansItsRange() {
        assertThat(Straw2.negativeLog2(-1L)).isZero();
        assertThat(Straw2.negativeLog2(0)).isEqualTo(63L << Straw2.FRACTION_BITS);
        assertThat(Straw2.straw(0, 0, Straw2.inverse(1))).isLessThan(Straw2.NONE);
    }

    @Test
    void keepsItsGoldenValues() {
        assertThat(Straw2.negativeLog2(0x0123456789abcdefL)).isEqualTo(0xfa0a7ef0581779aL);
        assertThat(Straw2.negativeLog2(0x8000000000000000L)).isEqualTo(0x200000000000000L);
        assertThat(Straw2.negativeLog2(0xfedcba9876543210L)).isEqualTo(0x34a4e5893a635L);
        assertThat(Straw2.straw(Straw2.pgKey(0), Straw2.deviceKey(1), Straw2.inverse(Device.WEIGHT_ONE)))
                .isEqualTo(215_448_529_743L);
        assertThat(Straw2.straw(Straw2.pgKey(65535), Straw2.deviceKey(4711), Straw2.inverse(3 * Device.WEIGHT_ONE)))
                .isEqualTo(2_051_576_972_867L);
        long all = 0;
        for (long index = 0; index < 1 << 16; index++) {
            all = Mix64.mix64(all, Straw2.negativeLog2(Mix64.mix64(index)));
        }
        assertThat(all).isEqualTo(0x15720cca37c93112L);
    }

    @Test
    void devicesWinInProportionToTheirWeights() {
        final int[] weights = {1, 2, 3, 4, 10};
        final int[] wins = new int[weights.length];
        final int trials = 200_000;
        for (int pg = 0; pg < trials; pg++) {
            int best = 0;
            long least = Straw2.NONE;
            for (int device = 0; device < weights.length; device++) {
                final long inverse = Straw2.inverse(weights[device] * Device.WEIGHT_ONE);
                final long straw = Straw2.straw(Straw2.pgKey(pg), Straw2.deviceKey(device + 1), inverse);
                if (straw < least) {
                    least = straw;
                    best = device;
                }
            }
            wins[best]++;
        }
        for (int device = 0; device < weights.length; device++) {
            assertThat(wins[device] / (trials * weights[device] / 20.0)).isCloseTo(1, within(0.03));
        }
    }
}
