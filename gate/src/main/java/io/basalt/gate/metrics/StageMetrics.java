package io.basalt.gate.metrics;

import io.basalt.block.LatencyDistribution;
import io.basalt.block.Stage;
import io.basalt.gate.trace.Breakdown;
import io.basalt.gate.volume.VolumeEntry;
import io.basalt.gate.volume.VolumeRegistry;
import io.basalt.wire.metrics.MetricType;
import io.basalt.wire.metrics.MetricsPage;
import java.util.Locale;
import java.util.Map;

/// Where the time of disks' requests goes. A histogram for each disk's reads and writes as a whole; of each stage one
/// number, so that a disk has some fifty series and not a thousand.
final class StageMetrics {
    private static final String DISK = "disk";
    private static final String OPERATION = "op";
    private static final long US_NS = 1_000;
    private static final long MS_NS = 1_000_000;
    private static final long[] BOUNDS_NS = {
        50 * US_NS,
        100 * US_NS,
        250 * US_NS,
        500 * US_NS,
        MS_NS,
        5 * MS_NS / 2,
        5 * MS_NS,
        10 * MS_NS,
        25 * MS_NS,
        50 * MS_NS,
        100 * MS_NS,
        250 * MS_NS,
        1_000 * MS_NS,
        5_000 * MS_NS
    };

    private StageMetrics() {}

    static void add(MetricsPage page, VolumeRegistry volumes) {
        page.family(
                "basalt_disk_latency_seconds",
                MetricType.HISTOGRAM,
                "Time from taking a read or write to answering it, of those not answered in the same moment.");
        page.family(
                "basalt_disk_stage_seconds_total",
                MetricType.COUNTER,
                "What each stage has cost of that time; the stages of a disk add up to it.");
        page.family("basalt_disk_ring_wait_seconds", MetricType.SUMMARY, "Time in the ring before that, at most.");
        page.family(
                "basalt_disk_slow_requests_total", MetricType.COUNTER, "Requests slower than the gate's threshold.");
        page.family(
                "basalt_gate_slow_request_threshold_seconds",
                MetricType.GAUGE,
                "From when on a request is slow; 0 if none ever is.");
        final long thresholdNs = volumes.slow().thresholdNs();
        page.seconds(
                "basalt_gate_slow_request_threshold_seconds",
                Map.of(),
                thresholdNs == Long.MAX_VALUE ? 0 : thresholdNs);
        volumes.volumes().forEach(entry -> disk(page, entry));
    }

    private static void disk(MetricsPage page, VolumeEntry entry) {
        final Breakdown breakdown = entry.traces().read();
        page.times(
                "basalt_disk_ring_wait_seconds",
                Map.of(DISK, entry.name()),
                breakdown.ring().sumNs(),
                breakdown.ring().count());
        direction(page, entry.name(), "read", breakdown.read());
        direction(page, entry.name(), "write", breakdown.write());
    }

    private static void direction(MetricsPage page, String disk, String operation, Breakdown.Direction direction) {
        final Map<String, String> labels = Map.of(DISK, disk, OPERATION, operation);
        final LatencyDistribution total = direction.total();
        page.histogram(
                "basalt_disk_latency_seconds", labels, BOUNDS_NS, total::countBelow, total.sumNs(), total.count());
        page.sample("basalt_disk_slow_requests_total", labels, direction.slow());
        for (final Stage stage : Stage.values()) {
            if (stage != Stage.RING) {
                page.seconds(
                        "basalt_disk_stage_seconds_total",
                        Map.of(
                                DISK,
                                disk,
                                OPERATION,
                                operation,
                                "stage",
                                stage.name().toLowerCase(Locale.ROOT)),
                        direction.cost(stage).costNs());
            }
        }
    }
}
