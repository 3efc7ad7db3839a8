package io.basalt.gate.rpc.method;

import static io.basalt.gate.rpc.RpcParameter.flag;
import static io.basalt.gate.rpc.RpcParameter.text;
import static io.basalt.gate.rpc.RpcParameter.texts;
import static io.basalt.gate.rpc.RpcParameter.word;

import io.basalt.gate.cluster.ClusterVolume;
import io.basalt.gate.rpc.Json;
import io.basalt.gate.rpc.RpcCall;
import io.basalt.gate.rpc.RpcDispatcher;
import io.basalt.gate.rpc.RpcError;
import io.basalt.gate.rpc.RpcMethod;
import io.basalt.gate.rpc.RpcParameter;
import io.basalt.gate.volume.IoStatistics;
import io.basalt.gate.volume.VolumeEntry;
import io.basalt.gate.volume.VolumeRegistry;
import io.basalt.reactor.NanoClock;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// How much was done to volumes: `bdev_get_iostat`, `bdev_reset_iostat`. A tick is a nanosecond.
final class StatisticsMethods {
    private static final long TICK_RATE = 1_000_000_000;
    private static final List<String> MODES = List.of("all", "maxmin", "error", "none");

    private final VolumeRegistry volumes;
    private final NanoClock clock;

    StatisticsMethods(VolumeRegistry volumes, NanoClock clock) {
        this.volumes = volumes;
        this.clock = clock;
    }

    void register(RpcDispatcher dispatcher) {
        dispatcher.register(RpcMethod.of(
                "bdev_get_iostat",
                "Tell how much was done to volumes",
                List.of(
                        texts("names", "names or uuids of volumes; all if not given"),
                        text("name", "the same for one"),
                        flag("per_channel", "tell it per virtqueue"),
                        mode("reset_mode", "what to count anew afterwards; none if not given")),
                this::answer));
        dispatcher.register(RpcMethod.of(
                "bdev_reset_iostat",
                "Count anew",
                List.of(
                        text("name", "name or uuid of a volume; all if not given"),
                        mode("mode", "what to count anew; all if not given")),
                this::reset));
    }

    private static RpcParameter mode(String name, String description) {
        return word(name, MODES, description);
    }

    private List<VolumeEntry> chosen(RpcCall call) {
        final List<String> names = new ArrayList<>(call.texts("names"));
        if (call.has("name")) {
            names.add(call.text("name"));
        }
        if (names.isEmpty()) {
            return volumes.volumes();
        }
        return names.stream().map(name -> volumes.require("names", name)).toList();
    }

    private JsonNode answer(RpcCall call) {
        final boolean perChannel = call.flag("per_channel", false);
        if (perChannel && !call.has("name") && call.texts("names").isEmpty()) {
            throw new RpcError(
                    RpcError.INVALID,
                    "Invalid argument",
                    "per_channel",
                    "needs the name of a volume",
                    "give names: [\"...\"]");
        }
        final List<VolumeEntry> chosen = chosen(call);
        final ObjectNode answer = Json.object();
        answer.put("tick_rate", TICK_RATE).put("ticks", clock.nanoTime());
        final ArrayNode bdevs = answer.putArray("bdevs");
        for (final VolumeEntry entry : chosen) {
            final ObjectNode bdev = bdevs.addObject().put("name", entry.name());
            if (perChannel) {
                final ArrayNode channels = bdev.putArray("channels");
                for (final VolumeEntry.Channel channel : entry.channels()) {
                    final ObjectNode target = channels.addObject();
                    target.put("thread_id", channel.reactor()).put("channel", channel.channel());
                    fill(target, channel.statistics());
                }
            } else {
                fill(bdev, entry.statistics());
            }
            if (entry.volume() instanceof ClusterVolume volume) {
                bdev.putObject("driver_specific").set("basalt", BasaltView.counters(volume));
            }
        }
        final String mode = call.text("reset_mode", "none");
        chosen.forEach(entry -> reset(entry, mode));
        return answer;
    }

    private JsonNode reset(RpcCall call) {
        chosen(call).forEach(entry -> reset(entry, call.text("mode", "all")));
        return Json.truth(true);
    }

    private static void reset(VolumeEntry entry, String mode) {
        switch (mode) {
            case "all" -> entry.resetStatistics();
            case "maxmin" -> entry.resetExtremes();
            case "error" -> entry.resetErrors();
            default -> {}
        }
    }

    private static void fill(ObjectNode target, IoStatistics statistics) {
        target.put("bytes_read", statistics.read().bytes());
        target.put("num_read_ops", statistics.read().count());
        target.put("bytes_written", statistics.write().bytes());
        target.put("num_write_ops", statistics.write().count());
        target.put("bytes_unmapped", statistics.unmap().bytes());
        target.put("num_unmap_ops", statistics.unmap().count());
        target.put("bytes_copied", 0).put("num_copy_ops", 0);
        latency(target, "read", statistics.read());
        latency(target, "write", statistics.write());
        latency(target, "unmap", statistics.unmap());
        target.put("copy_latency_ticks", 0).put("max_copy_latency_ticks", 0).put("min_copy_latency_ticks", 0);
        target.put("num_flush_ops", statistics.flush().count());
        latency(target, "flush", statistics.flush());
        final ObjectNode errors = target.putObject("io_error");
        if (statistics.errors() != 0) {
            errors.put("io_failed", statistics.errors());
        }
    }

    /// The shortest time is not measured: 0, as SPDK answers before it knows one.
    private static void latency(ObjectNode target, String kind, IoStatistics.Operations operations) {
        target.put(kind + "_latency_ticks", operations.latencySumNs());
        target.put("max_" + kind + "_latency_ticks", operations.latencyMaxNs());
        target.put("min_" + kind + "_latency_ticks", 0);
    }
}
