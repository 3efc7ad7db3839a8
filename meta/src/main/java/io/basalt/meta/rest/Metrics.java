package io.basalt.meta.rest;

import io.basalt.meta.service.CommitTimes;
import io.basalt.meta.service.MetaService;
import io.basalt.meta.state.Capacity;
import io.basalt.meta.state.DeviceRecord;
import io.basalt.meta.state.NodeRecord;
import io.basalt.meta.state.SetRecord;
import io.basalt.placement.Device;
import io.basalt.placement.DeviceState;
import io.basalt.wire.meta.NodeRole;
import io.basalt.wire.meta.VolumeRecord;
import io.basalt.wire.metrics.MetricType;
import io.basalt.wire.metrics.MetricsPage;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.LongAdder;

/// What the metaserver tells Prometheus.
final class Metrics {
    private final String software;
    private final Map<Integer, LongAdder> responses = new ConcurrentSkipListMap<>();

    Metrics(String software) {
        this.software = software;
    }

    /// The API has answered. Any thread.
    void answered(int status) {
        responses.computeIfAbsent(status, ignored -> new LongAdder()).increment();
    }

    /// All metrics.
    String text(ServiceAccess access) {
        final MetricsPage page = new MetricsPage();
        page.family("basalt_build_info", MetricType.GAUGE, "The software that runs; always 1.");
        page.sample("basalt_build_info", Map.of("version", software), 1);
        page.family("basalt_http_responses_total", MetricType.COUNTER, "Answers of the REST API by status.");
        responses.forEach((status, count) ->
                page.sample("basalt_http_responses_total", Map.of("code", String.valueOf(status)), count.sum()));
        access.look(service -> {
            service(page, service);
            nodes(page, service);
            sets(page, service);
            devices(page, service);
            return page;
        });
        return page.text();
    }

    private static void service(MetricsPage page, MetaService service) {
        page.single("basalt_meta_leader", MetricType.GAUGE, "Whether this metaserver leads.", service.leads() ? 1 : 0);
        page.single("basalt_meta_log_index", MetricType.GAUGE, "Last command that was applied.", service.lastIndex());
        page.single(
                "basalt_meta_connections", MetricType.GAUGE, "Connections of nodes and tools.", service.sessionCount());
        page.single(
                "basalt_meta_attachments_waiting",
                MetricType.GAUGE,
                "Attachments that wait for chunk servers.",
                service.grantsWaiting());
        final CommitTimes times = service.commitTimes();
        page.family(
                "basalt_meta_commit_duration_seconds",
                MetricType.SUMMARY,
                "Time from a command's proposal to its result.");
        page.times("basalt_meta_commit_duration_seconds", Map.of(), times.totalNs(), times.count());
        page.single(
                "basalt_volumes", MetricType.GAUGE, "Volumes.", service.state().volumeCount());
        page.single(
                "basalt_volumes_attached",
                MetricType.GAUGE,
                "Volumes that a gate serves.",
                service.state().volumes().stream()
                        .filter(VolumeRecord::attached)
                        .count());
    }

    private static void nodes(MetricsPage page, MetaService service) {
        page.family("basalt_nodes", MetricType.GAUGE, "Nodes by role and state.");
        for (final NodeRole role : NodeRole.values()) {
            for (final boolean up : List.of(true, false)) {
                final long count = service.state().nodes().stream()
                        .filter((NodeRecord node) -> node.role() == role && node.up() == up)
                        .count();
                page.sample("basalt_nodes", ordered("role", lower(role.name()), "state", up ? "up" : "down"), count);
            }
        }
    }

    private static void sets(MetricsPage page, MetaService service) {
        page.family("basalt_pgs", MetricType.GAUGE, "Placement groups by state.");
        for (final SetRecord set : service.state().sets()) {
            final PgHealth health = PgHealth.of(service.state(), set);
            for (final String state :
                    List.of(PgHealth.NEW, PgHealth.CLEAN, PgHealth.DEGRADED, PgHealth.WAITING, PgHealth.UNAVAILABLE)) {
                page.sample("basalt_pgs", ordered("set", set.name(), "state", state), health.count(state));
            }
        }
        page.single(
                "basalt_repairs",
                MetricType.GAUGE,
                "Copies that are not in sync and are to be.",
                service.repairs().activeCount());
        page.single(
                "basalt_repairs_done_total",
                MetricType.COUNTER,
                "Copies that have come in sync since this metaserver leads.",
                service.repairs().doneCount());
        page.family("basalt_set_raw_bytes", MetricType.GAUGE, "Capacity of the devices that are in.");
        page.family("basalt_set_used_bytes", MetricType.GAUGE, "What shards take of it, all copies.");
        page.family("basalt_set_provisioned_bytes", MetricType.GAUGE, "What volumes could take, one copy.");
        page.family("basalt_set_map_version", MetricType.GAUGE, "Version of the map.");
        for (final SetRecord set : service.state().sets()) {
            final Capacity capacity = service.state().capacity(set);
            final Map<String, String> labels = Map.of("set", set.name());
            page.sample("basalt_set_raw_bytes", labels, capacity.rawBytes());
            page.sample("basalt_set_used_bytes", labels, service.usedBytes(set));
            page.sample("basalt_set_provisioned_bytes", labels, set.provisionedBytes());
            page.sample("basalt_set_map_version", labels, set.map().version());
        }
    }

    private static void devices(MetricsPage page, MetaService service) {
        page.family("basalt_device_size_bytes", MetricType.GAUGE, "What shards may take of a device.");
        page.family("basalt_device_used_bytes", MetricType.GAUGE, "What they take.");
        page.family("basalt_device_state", MetricType.GAUGE, "1 for the state that a device is in.");
        for (final SetRecord set : service.state().sets()) {
            for (final Device place : set.map().devices()) {
                final DeviceRecord device = service.state().device(place.id());
                if (device == null) {
                    continue;
                }
                final var report = service.report(place.id());
                final Map<String, String> labels = ordered("device", String.valueOf(place.id()), "set", set.name());
                page.sample("basalt_device_size_bytes", labels, device.capacityBytes());
                page.sample(
                        "basalt_device_used_bytes", labels, report == null ? device.usedBytes() : report.usedBytes());
                for (final DeviceState state : DeviceState.values()) {
                    final Map<String, String> withState = new TreeMap<>(labels);
                    withState.put("state", lower(state.name()));
                    page.sample("basalt_device_state", withState, place.state() == state ? 1 : 0);
                }
            }
        }
    }

    private static String lower(String text) {
        return text.toLowerCase(Locale.ROOT);
    }

    private static Map<String, String> ordered(String name, String value, String name2, String value2) {
        final Map<String, String> labels = new TreeMap<>();
        labels.put(name, value);
        labels.put(name2, value2);
        return labels;
    }
}
