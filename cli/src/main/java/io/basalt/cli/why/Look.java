package io.basalt.cli.why;

import io.basalt.block.LatencyDistribution;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;

/// What a gate knows of a volume's times: at one moment, since the volume was opened; or between two.
///
/// @param seconds between the two; 0 for all the time
/// @param events what happened to requests off their straight way, by name
/// @param told the newer answer of `bdev_get_latency_breakdown`
record Look(
        double seconds,
        LatencyDistribution ring,
        Side read,
        Side write,
        List<DeviceUse> devices,
        Map<String, Long> events,
        JsonNode told) {
    private static final double NS_PER_S = 1e9;

    Look {
        devices = List.copyOf(devices);
        events = Map.copyOf(events);
    }

    static Look of(JsonNode told) {
        final LatencyDistribution ring = Told.distribution(told.path("ring"));
        final List<DeviceUse> devices = new ArrayList<>();
        told.path("devices").forEach(each -> devices.add(DeviceUse.of(each)));
        final Map<String, Long> events = new TreeMap<>();
        put(events, "", told.path("events"));
        put(events, "answer ", told.path("events").path("answers"));
        return new Look(
                0, ring, Side.of(told.path("read"), ring), Side.of(told.path("write"), ring), devices, events, told);
    }

    private static void put(Map<String, Long> events, String prefix, JsonNode counters) {
        counters.properties().forEach(each -> {
            if (each.getValue().isNumber()) {
                events.put(prefix + each.getKey(), each.getValue().longValue(0));
            }
        });
    }

    Look since(Look earlier) {
        final LatencyDistribution rings = ring.since(earlier.ring);
        final List<DeviceUse> used =
                devices.stream().map(each -> each.since(earlier.devices)).toList();
        final Map<String, Long> happened = new TreeMap<>();
        events.forEach(
                (event, count) -> happened.put(event, Told.since(count, earlier.events.getOrDefault(event, 0L))));
        final long ticks =
                told.path("ticks").longValue(0) - earlier.told.path("ticks").longValue(0);
        return new Look(
                Math.max(1, ticks) / NS_PER_S,
                rings,
                read.since(earlier.read, rings),
                write.since(earlier.write, rings),
                used,
                happened,
                told);
    }

    /// How often something happened.
    long events(String name) {
        return events.getOrDefault(name, 0L);
    }

    /// Requests answered.
    long requests() {
        return read.requests() + write.requests();
    }

    /// Whether the cluster keeps the volume.
    boolean isRemote() {
        return told.has("state");
    }
}
