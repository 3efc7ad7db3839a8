package io.basalt.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class ManualClockTest {
    @Test
    void movesOnlyWhenTold() {
        final ManualClock clock = new ManualClock(-5);
        assertThat(clock.nanoTime()).isEqualTo(-5);
        clock.advance(12);
        assertThat(clock.nanoTime()).isEqualTo(7);
    }

    @Test
    void neverGoesBack() {
        assertThatThrownBy(() -> new ManualClock().advance(-1)).isInstanceOf(IllegalArgumentException.class);
    }
}
