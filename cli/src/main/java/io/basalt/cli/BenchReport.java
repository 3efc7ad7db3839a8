package io.basalt.cli;

import io.basalt.cli.bench.BenchResult;
import io.basalt.cli.bench.Workload;
import java.util.Locale;
import org.HdrHistogram.Histogram;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// A bench result for people, and for programs.
final class BenchReport {
    private static final double[] PERCENTILES = {50, 90, 99, 99.9, 99.99};
    private static final double US_NS = 1000;

    private BenchReport() {}

    /// Several lines for a terminal.
    static String text(BenchResult result) {
        final Workload load = result.workload();
        final StringBuilder text = new StringBuilder();
        text.append(String.format(
                Locale.ROOT,
                "%s, %s blocks, depth %d on %d queue%s, %d thread%s, %s ring%s%n",
                load.pattern(),
                ByteSize.text(load.blockSize()),
                load.ioDepth(),
                load.queueCount(),
                load.queueCount() == 1 ? "" : "s",
                load.jobCount(),
                load.jobCount() == 1 ? "" : "s",
                load.packed() ? "packed" : "split",
                result.verified() ? ", verified" : ""));
        text.append(String.format(
                Locale.ROOT,
                "  IOPS %s   bandwidth %s/s   requests %d in %.1f s%n",
                rate(result.iops()),
                ByteSize.text(result.bytesPerSecond()),
                result.requests(),
                result.elapsedNs() / 1e9));
        appendLatency(text, "read", result.reads());
        appendLatency(text, "write", result.writes());
        text.append(String.format(
                Locale.ROOT,
                "  CPU per I/O: back end %s, client %.2f us; kicks %d, calls %d",
                result.backEndCpuPerRequestNs() < 0
                        ? "unknown"
                        : String.format(Locale.ROOT, "%.2f us", result.backEndCpuPerRequestNs() / US_NS),
                result.clientCpuPerRequestNs() / US_NS,
                result.kicks(),
                result.calls()));
        if (!result.note().isEmpty()) {
            text.append(System.lineSeparator()).append("  note: ").append(result.note());
        }
        return text.toString();
    }

    private static void appendLatency(StringBuilder text, String what, Histogram latency) {
        if (latency.getTotalCount() == 0) {
            return;
        }
        text.append(String.format(Locale.ROOT, "  %-5s latency us: mean %.1f", what, latency.getMean() / US_NS));
        for (final double percentile : PERCENTILES) {
            text.append(String.format(
                    Locale.ROOT,
                    "  p%s %.1f",
                    percentileName(percentile),
                    latency.getValueAtPercentile(percentile) / US_NS));
        }
        text.append(String.format(Locale.ROOT, "  max %.1f%n", latency.getMaxValue() / US_NS));
    }

    private static String percentileName(double percentile) {
        return percentile == Math.rint(percentile) ? Integer.toString((int) percentile) : Double.toString(percentile);
    }

    /// Requests per second with a unit.
    static String rate(double iops) {
        if (iops >= 1e6) {
            return String.format(Locale.ROOT, "%.2fM", iops / 1e6);
        }
        return iops >= 1e4 ? String.format(Locale.ROOT, "%.1fk", iops / 1e3) : String.format(Locale.ROOT, "%.0f", iops);
    }

    /// Members named as fio names them; times in nanoseconds.
    static ObjectNode json(BenchResult result) {
        final Workload load = result.workload();
        final ObjectNode root = JsonNodeFactory.instance.objectNode();
        root.put("rw", load.pattern().toString())
                .put("bs", load.blockSize())
                .put("iodepth", load.ioDepth())
                .put("numjobs", load.jobCount())
                .put("queues", load.queueCount())
                .put("queue_size", load.queueSize())
                .put("packed", load.packed())
                .put("runtime_ns", result.elapsedNs())
                .put("total_ios", result.requests())
                .put("iops", result.iops())
                .put("bw_bytes", result.bytesPerSecond())
                .put("backend_cpu_ns_per_io", result.backEndCpuPerRequestNs())
                .put("client_cpu_ns_per_io", result.clientCpuPerRequestNs())
                .put("kicks", result.kicks())
                .put("calls", result.calls())
                .put("verified", result.verified());
        addLatency(root.putObject("read"), result.reads());
        addLatency(root.putObject("write"), result.writes());
        return root;
    }

    private static void addLatency(ObjectNode node, Histogram latency) {
        node.put("total_ios", latency.getTotalCount());
        if (latency.getTotalCount() == 0) {
            return;
        }
        final ObjectNode ns = node.putObject("lat_ns");
        ns.put("min", latency.getMinValue()).put("max", latency.getMaxValue()).put("mean", latency.getMean());
        final ObjectNode percentiles = ns.putObject("percentile");
        for (final double percentile : PERCENTILES) {
            percentiles.put(String.format(Locale.ROOT, "%.6f", percentile), latency.getValueAtPercentile(percentile));
        }
    }
}
