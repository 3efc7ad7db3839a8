package io.basalt.wire.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.Test;

class MetricsPageTest {
    private final MetricsPage page = new MetricsPage();

    @Test
    void writesFamiliesByNameWithTheirSamplesTogether() {
        page.family("b_total", MetricType.COUNTER, "Second.");
        page.single("a", MetricType.GAUGE, "First.", -3);
        page.sample("b_total", Map.of("y", "2", "x", "1"), 7);
        page.sample("b_total", Map.of(), 8);
        assertThat(page.text()).isEqualTo("""
                        # HELP a First.
                        # TYPE a gauge
                        a -3
                        # HELP b_total Second.
                        # TYPE b_total counter
                        b_total{x="1",y="2"} 7
                        b_total 8
                        """);
    }

    @Test
    void tellsTimesInSeconds() {
        page.family("wait_seconds", MetricType.SUMMARY, "Waits.");
        page.times("wait_seconds", Map.of("q", "0"), 1_500_000_000L, 3);
        page.family("up_seconds", MetricType.GAUGE, "Up.");
        page.seconds("up_seconds", Map.of(), 250_000_000L);
        assertThat(page.text())
                .contains("# TYPE wait_seconds summary\n")
                .contains("wait_seconds_sum{q=\"0\"} 1.5\nwait_seconds_count{q=\"0\"} 3\n")
                .contains("up_seconds 0.25\n");
    }

    @Test
    void escapesWhatWouldEndALabelOrALine() {
        page.family("x", MetricType.GAUGE, "Two\nlines and a \\.");
        page.sample("x", Map.of("name", "a\"b\\c\nd"), 1);
        assertThat(page.text())
                .isEqualTo("# HELP x Two\\nlines and a \\\\.\n# TYPE x gauge\nx{name=\"a\\\"b\\\\c\\nd\"} 1\n");
    }

    @Test
    void wantsAFamilyBeforeItsSamples() {
        assertThatThrownBy(() -> page.sample("none", Map.of(), 1))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("none");
    }
}
