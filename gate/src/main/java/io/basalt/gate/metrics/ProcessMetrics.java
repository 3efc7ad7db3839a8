package io.basalt.gate.metrics;

import io.basalt.linux.file.FileDescriptor;
import io.basalt.linux.process.CpuClock;
import io.basalt.linux.process.ResourceLimit;
import io.basalt.linux.process.ResourceLimit.Resource;
import io.basalt.wire.metrics.MetricType;
import io.basalt.wire.metrics.MetricsPage;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/// The metrics that Prometheus expects of any process, under the names it has for them.
final class ProcessMetrics {
    private static final CpuClock CPU = CpuClock.ofProcess();
    private static final long PAGE_BYTES = 4096;
    private static final long NS_PER_MS = 1_000_000;

    private ProcessMetrics() {}

    static void add(MetricsPage page) {
        page.family("process_cpu_seconds_total", MetricType.COUNTER, "Processor time of all threads.");
        page.seconds("process_cpu_seconds_total", Map.of(), CPU.nowNs());
        page.family("process_start_time_seconds", MetricType.GAUGE, "Start of the process, in Unix time.");
        page.seconds(
                "process_start_time_seconds",
                Map.of(),
                ManagementFactory.getRuntimeMXBean().getStartTime() * NS_PER_MS);
        page.single("process_open_fds", MetricType.GAUGE, "Open file descriptors.", openDescriptors());
        page.single(
                "process_max_fds",
                MetricType.GAUGE,
                "Most open file descriptors; -1 for no bound.",
                ResourceLimit.of(Resource.OPEN_FILES).soft());
        page.single(
                "basalt_owned_fds",
                MetricType.GAUGE,
                "Open file descriptors that have an owner in the gate.",
                FileDescriptor.openCount());
        page.single("process_resident_memory_bytes", MetricType.GAUGE, "Memory in use.", residentBytes());
    }

    private static long openDescriptors() {
        try (DirectoryStream<Path> open = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
            long count = 0;
            for (final Path _ : open) {
                count++;
            }
            // One of them is the directory's, which is being read.
            return count - 1;
        } catch (IOException e) {
            return 0;
        }
    }

    private static long residentBytes() {
        try {
            final String[] pages = Files.readString(Path.of("/proc/self/statm")).split(" ", -1);
            return Long.parseLong(pages[1]) * PAGE_BYTES;
        } catch (IOException e) {
            return 0;
        }
    }
}
