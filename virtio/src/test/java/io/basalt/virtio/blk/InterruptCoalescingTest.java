package io.basalt.virtio.blk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class InterruptCoalescingTest {
    private static final long WINDOW_NS = InterruptCoalescing.WINDOW_NS;

    @Test
    void delaysNothingUpToTheThreshold() {
        final InterruptCoalescing setting = new InterruptCoalescing(32, 60_000);
        assertThat(setting.delayNs(0, WINDOW_NS)).isZero();
        assertThat(setting.delayNs(600, WINDOW_NS)).isZero();
    }

    @Test
    void delaysInProportionToTheRateAboveTheThreshold() {
        final InterruptCoalescing setting = new InterruptCoalescing(32, 60_000);
        assertThat(setting.delayNs(900, WINDOW_NS)).isEqualTo(16_000);
        assertThat(setting.delayNs(1200, WINDOW_NS)).isEqualTo(32_000);
        assertThat(setting.delayNs(2400, 2 * WINDOW_NS)).isEqualTo(32_000);
        assertThat(setting.delayNs(1800, WINDOW_NS)).isEqualTo(64_000);
    }

    @Test
    void neverDelaysLongerThanItMeasures() {
        final InterruptCoalescing setting = new InterruptCoalescing(InterruptCoalescing.DELAY_BASE_US_MAX, 100);
        assertThat(setting.delayNs(1_000_000, WINDOW_NS)).isEqualTo(WINDOW_NS);
    }

    @Test
    void delaysNothingWhenOff() {
        assertThat(InterruptCoalescing.OFF.delayNs(1_000_000, WINDOW_NS)).isZero();
    }

    @Test
    void refusesSettingsOutsideItsRange() {
        assertThatThrownBy(() -> new InterruptCoalescing(-1, 60_000)).hasMessageContaining("delay_base_us");
        assertThatThrownBy(() -> new InterruptCoalescing(1_000_001, 60_000)).hasMessageContaining("delay_base_us");
        assertThatThrownBy(() -> new InterruptCoalescing(0, 99)).hasMessageContaining("iops_threshold");
    }
}
