package io.basalt.gate.rpc.method;

import static io.basalt.gate.rpc.RpcParameter.integer;
import static io.basalt.gate.rpc.RpcParameter.text;

import io.basalt.block.LatencyDistribution;
import io.basalt.block.Stage;
import io.basalt.gate.cluster.ClusterVolume;
import io.basalt.gate.cluster.DeviceTime;
import io.basalt.gate.cluster.VolumeLayout;
import io.basalt.gate.rpc.Json;
import io.basalt.gate.rpc.RpcCall;
import io.basalt.gate.rpc.RpcDispatcher;
import io.basalt.gate.rpc.RpcMethod;
import io.basalt.gate.trace.Breakdown;
import io.basalt.gate.trace.SlowLog;
import io.basalt.gate.trace.SlowRequest;
import io.basalt.gate.volume.IoStatistics;
import io.basalt.gate.volume.VolumeEntry;
import io.basalt.gate.volume.VolumeRegistry;
import io.basalt.placement.ClusterMap;
import io.basalt.placement.Device;
import io.basalt.reactor.NanoClock;
import java.util.List;
import java.util.Locale;
import java.util.TreeSet;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// Where the time of requests goes: `bdev_get_latency_breakdown`, `bdev_get_slow_io`, `bdev_set_slow_io`. All times are
/// in
/// nanoseconds unless their name says otherwise.
final class LatencyMethods {
    /// The method that says what is slow.
    static final String SET_SLOW = "bdev_set_slow_io";

    private static final long MS_NS = 1_000_000;
    private static final long THRESHOLD_MS_MAX = 3_600_000;
    private static final double MEDIAN = 0.5;
    private static final double TAIL = 0.99;

    private final VolumeRegistry volumes;
    private final ChosenSettings chosen;
    private final LiveConfiguration configuration;
    private final NanoClock clock;
    private final IntFunction<@Nullable ClusterMap> maps;

    /// @param maps the newest map of a set; null if none is known
    LatencyMethods(
            VolumeRegistry volumes,
            ChosenSettings chosen,
            LiveConfiguration configuration,
            NanoClock clock,
            IntFunction<@Nullable ClusterMap> maps) {
        this.volumes = volumes;
        this.chosen = chosen;
        this.configuration = configuration;
        this.clock = clock;
        this.maps = maps;
    }

    void register(RpcDispatcher dispatcher) {
        dispatcher.register(RpcMethod.of(
                "bdev_get_latency_breakdown",
                "Tell where the time of a volume's requests has gone since it was opened",
                List.of(VolumeMethods.name("name")),
                call -> describe(volumes.require("name", call.text("name")))));
        dispatcher.register(RpcMethod.of(
                "bdev_get_slow_io",
                "Tell the last requests that took long",
                List.of(text("name", "name or uuid of a volume; all if not given")),
                this::slow));
        dispatcher.register(RpcMethod.of(
                SET_SLOW,
                "Say from when on a request is slow; kept over restarts",
                List.of(integer("threshold_ms", 0, THRESHOLD_MS_MAX, "milliseconds; 0 if none ever is")
                        .must()),
                this::set));
    }

    // ---- the breakdown

    private ObjectNode describe(VolumeEntry entry) {
        final Breakdown breakdown = entry.traces().read();
        final IoStatistics counted = entry.statistics();
        final ObjectNode answer = Json.object().put("name", entry.name());
        answer.put("ticks", clock.nanoTime());
        answer.put("kind", entry.spec().kind().word());
        put(answer.putObject("ring"), breakdown.ring());
        put(answer.putObject("read"), breakdown.read(), counted.read().count());
        put(answer.putObject("write"), breakdown.write(), counted.write().count());
        answer.set("qos", QosCalls.describe(entry));
        if (entry.volume() instanceof ClusterVolume volume) {
            answer.put("state", volume.state().name());
            answer.put("reason", volume.reason());
            answer.put("in_flight", volume.inFlight());
            answer.set("events", BasaltView.counters(volume));
            devices(answer.putArray("devices"), volume);
        }
        recent(entry.name(), answer.putArray("slow"));
        return answer;
    }

    private static void put(ObjectNode target, Breakdown.Direction direction, long requests) {
        target.put("requests", requests).put("slow", direction.slow());
        put(target.putObject("total"), direction.total());
        final ArrayNode stages = target.putArray("stages");
        for (final Stage stage : Stage.values()) {
            final Breakdown.Cost cost = direction.cost(stage);
            if (cost.times().count() > 0) {
                final ObjectNode told = stages.addObject().put("stage", word(stage));
                put(told.put("cost_ns", cost.costNs()), cost.times());
            }
        }
    }

    private static void put(ObjectNode target, LatencyDistribution times) {
        target.put("count", times.count()).put("sum_ns", times.sumNs());
        target.put("p50_ns", times.quantileNs(MEDIAN)).put("p99_ns", times.quantileNs(TAIL));
        final ArrayNode buckets = target.putArray("buckets");
        times.buckets()
                .forEach((lowNs, count) ->
                        buckets.addArray().add(lowNs.longValue()).add(count.longValue()));
    }

    /// How long the devices take that the volume may be on: for all that this gate asks of them.
    private void devices(ArrayNode target, ClusterVolume volume) {
        final VolumeLayout layout = volume.layout();
        if (layout == null) {
            return;
        }
        final TreeSet<Integer> sets = new TreeSet<>();
        layout.record().parts().forEach(part -> sets.add(part.setId()));
        for (final int set : sets) {
            final ClusterMap map = maps.apply(set);
            volume.deviceTimes(set).forEach((id, time) -> device(target.addObject(), set, id, time, map));
        }
    }

    private static void device(ObjectNode told, int set, int id, DeviceTime time, @Nullable ClusterMap map) {
        told.put("set", set).put("device", id);
        final Device device = map == null ? null : map.device(id);
        if (device != null) {
            told.put("node", device.nodeId()).put("address", device.address());
        }
        told.put("served", time.served()).put("queue_ns", time.queueNs()).put("store_ns", time.storeNs());
        told.put("network_ns", time.networkNs());
        told.put("copied", time.copied()).put("copy_ns", time.copyNs());
    }

    // ---- slow requests

    private JsonNode slow(RpcCall call) {
        final SlowLog log = volumes.slow();
        final ObjectNode answer = Json.object();
        answer.put("threshold_ms", log.thresholdNs() == Long.MAX_VALUE ? 0 : log.thresholdNs() / MS_NS);
        answer.put("missed", log.missed());
        final String name =
                call.has("name") ? volumes.require("name", call.text("name")).name() : "";
        recent(name, answer.putArray("requests"));
        return answer;
    }

    /// @param name of a volume; empty for all
    private void recent(String name, ArrayNode target) {
        for (final SlowRequest request : volumes.slow().recent()) {
            if (name.isEmpty() || request.volume().equals(name)) {
                describe(target.addObject(), request);
            }
        }
    }

    private void describe(ObjectNode told, SlowRequest request) {
        told.put("name", request.volume()).put("operation", request.write() ? "write" : "read");
        told.put("offset", request.offset()).put("length", request.length());
        told.put("seconds_ago", (clock.nanoTime() - request.seenNs()) / (1_000 * MS_NS));
        told.put("took_ns", request.tookNs());
        final ObjectNode costs = told.putObject("cost_ns");
        for (final Stage stage : Stage.values()) {
            final long ns = request.costs().getOrDefault(stage, 0L);
            if (ns > 0) {
                costs.put(word(stage), ns);
            }
        }
        if (request.device() != 0) {
            told.put("set", request.set()).put("device", request.device());
            told.put("replica_1", request.replica1()).put("replica_2", request.replica2());
        }
    }

    private JsonNode set(RpcCall call) {
        final long ms = call.integer("threshold_ms");
        volumes.slow().threshold(ms == 0 ? Long.MAX_VALUE : ms * MS_NS);
        chosen.slowMs(ms);
        configuration.changed(LiveConfiguration.FRAMEWORK, ChosenSettings.SLOW);
        return Json.truth(true);
    }

    private static String word(Stage stage) {
        return stage.name().toLowerCase(Locale.ROOT);
    }
}
