package io.basalt.gate.metrics;

import io.basalt.gate.qos.LimitKind;
import io.basalt.gate.qos.LimitedVolume;
import io.basalt.gate.qos.QosStatistics;
import io.basalt.gate.qos.Rate;
import io.basalt.gate.volume.VolumeEntry;
import io.basalt.gate.volume.VolumeRegistry;
import io.basalt.wire.metrics.MetricType;
import io.basalt.wire.metrics.MetricsPage;
import java.util.Map;

/// The limits of disks, and what they hold back.
final class QosMetrics {
    private static final String DISK = "disk";
    private static final String LIMIT = "limit";
    private static final int PERCENT = 100;

    private QosMetrics() {}

    static void add(MetricsPage page, VolumeRegistry volumes) {
        page.family("basalt_disk_qos_throttled_total", MetricType.COUNTER, "Requests held back by a limit.");
        page.family("basalt_disk_qos_waiting", MetricType.GAUGE, "Requests that a limit holds back now.");
        page.family("basalt_disk_qos_wait_seconds", MetricType.SUMMARY, "Time for which requests were held back.");
        page.family("basalt_disk_qos_wait_max_seconds", MetricType.GAUGE, "Longest such time.");
        page.family("basalt_disk_qos_limit", MetricType.GAUGE, "Requests or bytes per second that a disk may use.");
        page.family("basalt_disk_qos_burst_limit", MetricType.GAUGE, "The same while the disk has credit.");
        page.family(
                "basalt_disk_qos_tokens",
                MetricType.GAUGE,
                "Requests or bytes that may be used at once; negative while some wait.");
        page.family("basalt_disk_qos_credit_percent", MetricType.GAUGE, "What is left of full credit for bursts.");
        volumes.volumes().forEach(entry -> disk(page, entry));
    }

    private static void disk(MetricsPage page, VolumeEntry entry) {
        final LimitedVolume volume = entry.limited();
        final Map<String, String> disk = Map.of(DISK, entry.name());
        final QosStatistics statistics = volume.statistics();
        page.sample("basalt_disk_qos_throttled_total", disk, statistics.throttled());
        page.sample("basalt_disk_qos_waiting", disk, statistics.waiting());
        page.times(
                "basalt_disk_qos_wait_seconds",
                disk,
                statistics.waitSumNs(),
                statistics.throttled() - statistics.waiting());
        page.seconds("basalt_disk_qos_wait_max_seconds", disk, statistics.waitMaxNs());
        volume.limits().rates().forEach((kind, rate) -> limit(page, entry.name(), volume, kind, rate));
    }

    private static void limit(MetricsPage page, String disk, LimitedVolume volume, LimitKind kind, Rate rate) {
        final Map<String, String> labels =
                Map.of(DISK, disk, LIMIT, kind.bytes() ? kind.word().replace("mbytes", "bytes") : kind.word());
        page.sample("basalt_disk_qos_limit", labels, rate.perSecond());
        page.sample("basalt_disk_qos_tokens", labels, (long) Math.floor(volume.tokens(kind)));
        if (rate.bursts()) {
            page.sample("basalt_disk_qos_burst_limit", labels, rate.burstPerSecond());
            page.sample("basalt_disk_qos_credit_percent", labels, (long) (PERCENT * volume.credit(kind)));
        }
    }
}
