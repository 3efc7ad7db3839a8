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
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.LongAdder;

/// What the metaserver tells Prometheus, as text of its exposition format 0.0.4: base units, and one series per
/// state
/// instead of states as numbers.
final class Metrics {
    static final String CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

    private static final double NS_PER_SECOND = 1e9;

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
        final Page page = new Page();
        page.family("basalt_build_info", "gauge", "The software that runs; always 1.");
        page.sample("basalt_build_info", Map.of("version", software), 1);
        page.family("basalt_http_responses_total", "counter", "Answers of the REST API by status.");
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

    private static void service(Page page, MetaService service) {
        page.single("basalt_meta_leader", "gauge", "Whether this metaserver leads.", service.leads() ? 1 : 0);
        page.single("basalt_meta_log_index", "gauge", "Last command that was applied.", service.lastIndex());
        page.single("basalt_meta_connections", "gauge", "Connections of nodes and tools.", service.sessionCount());
        page.single(
                "basalt_meta_attachments_waiting",
                "gauge",
                "Attachments that wait for chunk servers.",
                service.grantsWaiting());
        final CommitTimes times = service.commitTimes();
        page.family("basalt_meta_commit_duration_seconds", "summary", "Time from a command's proposal to its result.");
        page.sample("basalt_meta_commit_duration_seconds_sum", Map.of(), times.totalNs() / NS_PER_SECOND);
        page.sample("basalt_meta_commit_duration_seconds_count", Map.of(), times.count());
        page.single("basalt_volumes", "gauge", "Volumes.", service.state().volumeCount());
        page.single(
                "basalt_volumes_attached",
                "gauge",
                "Volumes that a gate serves.",
                service.state().volumes().stream()
                        .filter(VolumeRecord::attached)
                        .count());
    }

    private static void nodes(Page page, MetaService service) {
        page.family("basalt_nodes", "gauge", "Nodes by role and state.");
        for (final NodeRole role : NodeRole.values()) {
            for (final boolean up : List.of(true, false)) {
                final long count = service.state().nodes().stream()
                        .filter((NodeRecord node) -> node.role() == role && node.up() == up)
                        .count();
                page.sample("basalt_nodes", ordered("role", lower(role.name()), "state", up ? "up" : "down"), count);
            }
        }
    }

    private static void sets(Page page, MetaService service) {
        page.family("basalt_pgs", "gauge", "Placement groups by state.");
        for (final SetRecord set : service.state().sets()) {
            final PgHealth health = PgHealth.of(service.state(), set);
            for (final String state : List.of(PgHealth.NEW, PgHealth.CLEAN, PgHealth.DEGRADED, PgHealth.UNAVAILABLE)) {
                page.sample("basalt_pgs", ordered("set", set.name(), "state", state), health.count(state));
            }
        }
        page.family("basalt_set_raw_bytes", "gauge", "Capacity of the devices that are in.");
        page.family("basalt_set_used_bytes", "gauge", "What shards take of it, all copies.");
        page.family("basalt_set_provisioned_bytes", "gauge", "What volumes could take, one copy.");
        page.family("basalt_set_map_version", "gauge", "Version of the map.");
        for (final SetRecord set : service.state().sets()) {
            final Capacity capacity = service.state().capacity(set);
            final Map<String, String> labels = Map.of("set", set.name());
            page.sample("basalt_set_raw_bytes", labels, capacity.rawBytes());
            page.sample("basalt_set_used_bytes", labels, service.usedBytes(set));
            page.sample("basalt_set_provisioned_bytes", labels, set.provisionedBytes());
            page.sample("basalt_set_map_version", labels, set.map().version());
        }
    }

    private static void devices(Page page, MetaService service) {
        page.family("basalt_device_size_bytes", "gauge", "What shards may take of a device.");
        page.family("basalt_device_used_bytes", "gauge", "What they take.");
        page.family("basalt_device_state", "gauge", "1 for the state that a device is in.");
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

    /// The text, with the samples of each family together.
    private static final class Page {
        private final Map<String, StringBuilder> families = new TreeMap<>();

        private void family(String name, String type, String help) {
            families.put(
                    name, new StringBuilder("# HELP " + name + " " + help + "\n# TYPE " + name + " " + type + "\n"));
        }

        private void single(String name, String type, String help, long value) {
            family(name, type, help);
            sample(name, Map.of(), value);
        }

        private void sample(String name, Map<String, String> labels, long value) {
            sample(name, labels, String.valueOf(value));
        }

        private void sample(String name, Map<String, String> labels, double value) {
            sample(name, labels, String.valueOf(value));
        }

        private void sample(String name, Map<String, String> labels, String value) {
            final StringBuilder family = family(name);
            family.append(name);
            if (!labels.isEmpty()) {
                final StringBuilder inner = new StringBuilder();
                new TreeMap<>(labels)
                        .forEach((label, text) -> inner.append(inner.isEmpty() ? "" : ",")
                                .append(label)
                                .append("=\"")
                                .append(escape(text))
                                .append('"'));
                family.append('{').append(inner).append('}');
            }
            family.append(' ').append(value).append('\n');
        }

        /// A summary's samples have names of their own.
        private StringBuilder family(String sample) {
            final StringBuilder own = families.get(sample);
            if (own != null) {
                return own;
            }
            final StringBuilder summary = families.get(sample.substring(0, sample.lastIndexOf('_')));
            Objects.requireNonNull(summary, "a family comes before its samples");
            return summary;
        }

        private static String escape(String text) {
            return text.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n");
        }

        private String text() {
            return String.join("", families.values());
        }
    }
}
