package io.basalt.placement;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.testkit.SeededTest;
import org.junit.jupiter.api.Test;

class Mix64Test {
    @Test
    void keepsItsGoldenValues() {
        assertThat(Mix64.mix64(0)).isZero();
        assertThat(Mix64.mix64(1)).isEqualTo(0x5692161d100b05e5L);
        assertThat(Mix64.mix64(-1)).isEqualTo(0xb4d055fcf2cbbd7bL);
        assertThat(Mix64.mix64(1, 0)).isEqualTo(0xdce423fc82c0d5b8L);
        assertThat(Mix64.mix64(1, 1)).isEqualTo(0xdec1469c8d51e97bL);
        assertThat(Mix64.mix64(123_456_789, 77)).isEqualTo(0x95ef24341a2c84ceL);
    }

    @Test
    void changesAboutHalfOfTheBitsForOneBitOfInput() {
        SeededTest.run(20, random -> {
            long changed = 0;
            final int trials = 4096;
            for (int trial = 0; trial < trials; trial++) {
                final long value = random.nextLong();
                changed += Long.bitCount(Mix64.mix64(value) ^ Mix64.mix64(value ^ (1L << random.nextInt(64))));
            }
            assertThat((double) changed / trials).isBetween(31.0, 33.0);
        });
    }

    @Test
    void tellsTheFirstOfAPairFromTheSecond() {
        assertThat(Mix64.mix64(3, 5)).isNotEqualTo(Mix64.mix64(5, 3));
    }
}
