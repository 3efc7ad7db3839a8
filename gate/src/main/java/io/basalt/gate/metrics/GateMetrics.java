package io.basalt.gate.metrics;

import io.basalt.gate.cluster.ClusterCounters;
import io.basalt.gate.cluster.ClusterVolume;
import io.basalt.gate.cluster.VolumeState;
import io.basalt.gate.rpc.ControllerHost;
import io.basalt.gate.rpc.ControllerStatus;
import io.basalt.gate.rpc.ReactorHost;
import io.basalt.gate.volume.IoStatistics;
import io.basalt.gate.volume.VolumeEntry;
import io.basalt.gate.volume.VolumeRegistry;
import io.basalt.reactor.IdleMode;
import io.basalt.reactor.ReactorCounters;
import io.basalt.store.file.FileCounters;
import io.basalt.store.file.FileVolume;
import io.basalt.wire.metrics.MetricType;
import io.basalt.wire.metrics.MetricsPage;
import java.util.Locale;
import java.util.Map;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;

/// What a gate counts, as metrics: of each disk, each virtqueue, each reactor, and of the process. One owner: the
/// control reactor.
///
/// The longest times, and with them everything of a disk, begin anew when an operator resets its statistics; a
/// counter that falls back to 0 is what Prometheus takes for a restart.
public final class GateMetrics {
    private static final String DISK = "disk";
    private static final String OPERATION = "op";
    private static final String REACTOR = "reactor";
    private static final String CONTROLLER = "controller";
    private static final String QUEUE = "queue";

    private final String version;
    private final VolumeRegistry volumes;
    private final ControllerHost controllers;
    private final ReactorHost reactors;
    private final IntSupplier unapplied;
    private final LongSupplier moves;

    /// @param version the product's
    /// @param unapplied how many calls of the state file have failed so far
    /// @param moves queues moved from a busy reactor to another so far
    public GateMetrics(
            String version,
            VolumeRegistry volumes,
            ControllerHost controllers,
            ReactorHost reactors,
            IntSupplier unapplied,
            LongSupplier moves) {
        this.version = version;
        this.volumes = volumes;
        this.controllers = controllers;
        this.reactors = reactors;
        this.unapplied = unapplied;
        this.moves = moves;
    }

    /// Everything, as Prometheus reads it.
    public String text() {
        final MetricsPage page = new MetricsPage();
        page.family("basalt_build_info", MetricType.GAUGE, "The software that runs; always 1.");
        page.sample("basalt_build_info", Map.of("version", version), 1);
        page.single(
                "basalt_gate_unapplied_calls",
                MetricType.GAUGE,
                "Calls of the state file that fail and are tried again.",
                unapplied.getAsInt());
        page.single(
                "basalt_gate_queue_moves_total",
                MetricType.COUNTER,
                "Queues moved from a busy reactor to one that had time.",
                moves.getAsLong());
        disks(page);
        QosMetrics.add(page, volumes);
        StageMetrics.add(page, volumes);
        queues(page);
        reactors(page);
        ProcessMetrics.add(page);
        return page.text();
    }

    // Disks

    private void disks(MetricsPage page) {
        page.family("basalt_disk_info", MetricType.GAUGE, "A disk's identifier and kind; always 1.");
        page.family("basalt_disk_size_bytes", MetricType.GAUGE, "Size of a disk.");
        page.family("basalt_disk_ops_total", MetricType.COUNTER, "Requests answered.");
        page.family("basalt_disk_bytes_total", MetricType.COUNTER, "Bytes moved, or covered by ranges.");
        page.family(
                "basalt_disk_op_duration_seconds", MetricType.SUMMARY, "Time from taking a request to answering it.");
        page.family("basalt_disk_op_duration_max_seconds", MetricType.GAUGE, "Longest such time.");
        page.family("basalt_disk_errors_total", MetricType.COUNTER, "Requests answered with another status than OK.");
        page.family("basalt_disk_file_events_total", MetricType.COUNTER, "What happened off a file's straight path.");
        page.family(
                "basalt_disk_cluster_events_total", MetricType.COUNTER, "What happened to requests to the cluster.");
        page.family("basalt_disk_state", MetricType.GAUGE, "1 for the state that a disk of the cluster is in.");
        volumes.volumes().forEach(entry -> disk(page, entry));
    }

    private static void disk(MetricsPage page, VolumeEntry entry) {
        final String name = entry.name();
        final Map<String, String> disk = Map.of(DISK, name);
        final String kind = entry.spec().kind().word();
        page.sample("basalt_disk_info", Map.of(DISK, name, "uuid", entry.uuid().toString(), "kind", kind), 1);
        page.sample("basalt_disk_size_bytes", disk, entry.volume().sizeBytes());
        final IoStatistics statistics = entry.statistics();
        operations(page, name, "read", statistics.read());
        operations(page, name, "write", statistics.write());
        operations(page, name, "unmap", statistics.unmap());
        operations(page, name, "flush", statistics.flush());
        page.sample("basalt_disk_errors_total", disk, statistics.errors());
        if (entry.volume() instanceof FileVolume file) {
            for (final FileCounters.Event event : FileCounters.Event.values()) {
                final Map<String, String> labels = Map.of(DISK, name, "event", lower(event));
                page.sample(
                        "basalt_disk_file_events_total", labels, file.counters().of(event));
            }
        }
        if (entry.volume() instanceof ClusterVolume volume) {
            final ClusterCounters counters = volume.counters();
            for (final ClusterCounters.Event event : ClusterCounters.Event.values()) {
                final Map<String, String> labels = Map.of(DISK, name, "event", lower(event));
                page.sample("basalt_disk_cluster_events_total", labels, counters.of(event));
            }
            for (final VolumeState state : VolumeState.values()) {
                final Map<String, String> labels = Map.of(DISK, name, "state", lower(state));
                page.sample("basalt_disk_state", labels, volume.state() == state ? 1 : 0);
            }
        }
    }

    private static void operations(MetricsPage page, String disk, String operation, IoStatistics.Operations done) {
        final Map<String, String> labels = Map.of(DISK, disk, OPERATION, operation);
        page.sample("basalt_disk_ops_total", labels, done.count());
        page.sample("basalt_disk_bytes_total", labels, done.bytes());
        page.times("basalt_disk_op_duration_seconds", labels, done.latencySumNs(), done.count());
        page.seconds("basalt_disk_op_duration_max_seconds", labels, done.latencyMaxNs());
    }

    // Virtqueues

    private void queues(MetricsPage page) {
        page.family("basalt_controller_sessions", MetricType.GAUGE, "Front ends connected to a controller.");
        page.family("basalt_queue_requests_total", MetricType.COUNTER, "Requests answered since the queue started.");
        page.family("basalt_queue_in_flight", MetricType.GAUGE, "Requests taken and not answered.");
        page.family("basalt_queue_size", MetricType.GAUGE, "Entries of the queue's ring.");
        page.family("basalt_queue_resubmitted", MetricType.GAUGE, "Requests taken over from a gate that died.");
        page.family("basalt_queue_state", MetricType.GAUGE, "The state of a queue, and where it lives; always 1.");
        page.family(
                "basalt_queue_broken", MetricType.GAUGE, "1 if the driver broke the ring, and the queue has stopped.");
        for (final ControllerStatus controller : controllers.list()) {
            final String name = controller.spec().name();
            page.sample(
                    "basalt_controller_sessions",
                    Map.of(CONTROLLER, name, DISK, controller.spec().volume()),
                    controller.sessions().size());
            for (final ControllerStatus.Session session : controller.sessions()) {
                session.queues().forEach(queue -> queue(page, name, queue));
            }
        }
    }

    private static void queue(MetricsPage page, String controller, ControllerStatus.Queue queue) {
        final String index = String.valueOf(queue.index());
        final Map<String, String> labels = Map.of(CONTROLLER, controller, QUEUE, index);
        page.sample("basalt_queue_requests_total", labels, queue.requests());
        page.sample("basalt_queue_in_flight", labels, queue.inFlight());
        page.sample("basalt_queue_size", labels, queue.size());
        page.sample("basalt_queue_resubmitted", labels, queue.resubmitted());
        page.sample("basalt_queue_broken", labels, queue.fault().isEmpty() ? 0 : 1);
        final String reactor = String.valueOf(queue.reactor());
        final String state = queue.state().toLowerCase(Locale.ROOT);
        page.sample(
                "basalt_queue_state",
                Map.of(CONTROLLER, controller, QUEUE, index, REACTOR, reactor, "state", state),
                1);
    }

    // Reactors

    private void reactors(MetricsPage page) {
        page.family("basalt_reactor_busy_seconds_total", MetricType.COUNTER, "Time in passes that did work.");
        page.family(
                "basalt_reactor_idle_seconds_total", MetricType.COUNTER, "Time in passes that did none, and asleep.");
        page.family("basalt_reactor_passes_total", MetricType.COUNTER, "Passes made.");
        page.family("basalt_reactor_working_passes_total", MetricType.COUNTER, "Passes that did work.");
        page.family("basalt_reactor_sleeps_total", MetricType.COUNTER, "Times that the reactor blocked.");
        page.family("basalt_reactor_wakes_total", MetricType.COUNTER, "Sleeps that another thread ended.");
        page.family("basalt_reactor_commands_total", MetricType.COUNTER, "Posted commands run.");
        page.family("basalt_reactor_faults_total", MetricType.COUNTER, "Pieces of work that failed.");
        page.family("basalt_reactor_loop_max_seconds", MetricType.GAUGE, "Longest pass that did work.");
        page.family("basalt_reactor_pollers", MetricType.GAUGE, "Pollers in the loop.");
        page.family("basalt_reactor_idle_mode", MetricType.GAUGE, "1 for the way that the reactor idles.");
        reactors.reactors().forEach(reactor -> reactor(page, reactor));
    }

    private static void reactor(MetricsPage page, ReactorHost.Status reactor) {
        final ReactorCounters.Snapshot counters = reactor.counters();
        final Map<String, String> labels = Map.of(REACTOR, String.valueOf(reactor.id()), "name", reactor.name());
        page.seconds("basalt_reactor_busy_seconds_total", labels, counters.busyNs());
        page.seconds("basalt_reactor_idle_seconds_total", labels, counters.idleNs());
        page.sample("basalt_reactor_passes_total", labels, counters.passes());
        page.sample("basalt_reactor_working_passes_total", labels, counters.workingPasses());
        page.sample("basalt_reactor_sleeps_total", labels, counters.sleeps());
        page.sample("basalt_reactor_wakes_total", labels, counters.wakes());
        page.sample("basalt_reactor_commands_total", labels, counters.commands());
        page.sample("basalt_reactor_faults_total", labels, counters.faults());
        page.seconds("basalt_reactor_loop_max_seconds", labels, counters.loopMaxNs());
        page.sample("basalt_reactor_pollers", labels, reactor.pollers());
        for (final IdleMode mode : IdleMode.values()) {
            final Map<String, String> withMode =
                    Map.of(REACTOR, String.valueOf(reactor.id()), "name", reactor.name(), "mode", lower(mode));
            page.sample("basalt_reactor_idle_mode", withMode, reactor.mode() == mode ? 1 : 0);
        }
    }

    private static String lower(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }
}
