package io.basalt.cli.gate;

import io.basalt.gate.rpc.RpcClient;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// What a gate has counted at one moment, and what two moments tell of the time in between.
///
/// @param reactors answer of `framework_get_reactors`
/// @param disks answer of `bdev_get_iostat`
/// @param controllers answer of `vhost_get_controllers`
record TopSample(JsonNode reactors, JsonNode disks, JsonNode controllers) {
    private static final double NS_PER_S = 1e9;
    private static final double US_NS = 1e3;

    static TopSample take(RpcClient gate) {
        return new TopSample(
                gate.call("framework_get_reactors", null),
                gate.call("bdev_get_iostat", null),
                gate.call("vhost_get_controllers", null));
    }

    /// What happened since an earlier moment: `reactors` with `busy_percent`, `disks` with rates a
    /// second, mean times in microseconds and the reactors that their queues live on.
    ObjectNode since(TopSample before) {
        final ObjectNode answer = JsonNodeFactory.instance.objectNode();
        final double seconds = Math.max(1, number(disks, "ticks") - number(before.disks, "ticks")) / NS_PER_S;
        answer.put("seconds", seconds);
        final ArrayNode reactorList = answer.putArray("reactors");
        final Map<String, JsonNode> reactorsThen = byName(before.reactors.path("reactors"));
        for (final JsonNode now : reactors.path("reactors")) {
            reactorList.add(reactor(now, reactorsThen.getOrDefault(name(now), now)));
        }
        final ArrayNode diskList = answer.putArray("disks");
        final Map<String, JsonNode> disksThen = byName(before.disks.path("bdevs"));
        final Map<String, List<String>> places = places();
        for (final JsonNode now : disks.path("bdevs")) {
            final ObjectNode disk = disk(now, disksThen.getOrDefault(name(now), now), seconds);
            final ArrayNode queues = disk.putArray("queues");
            places.getOrDefault(name(now), List.of()).forEach(queues::add);
            diskList.add(disk);
        }
        return answer;
    }

    private static ObjectNode reactor(JsonNode now, JsonNode before) {
        final double busy = number(now, "busy") - number(before, "busy");
        final double idle = number(now, "idle") - number(before, "idle");
        final ObjectNode reactor = JsonNodeFactory.instance.objectNode();
        reactor.put("name", name(now)).put("lcore", now.path("lcore").asInt());
        reactor.put("cpu", now.path("cpu").asInt());
        reactor.put("mode", now.path("mode").asString(""));
        reactor.put("busy_percent", busy + idle <= 0 ? 0 : 100 * busy / (busy + idle));
        reactor.put("pollers", now.path("pollers").asInt());
        reactor.put("longest_pass_us", number(now, "loop_max") / US_NS);
        return reactor;
    }

    private static ObjectNode disk(JsonNode now, JsonNode before, double seconds) {
        final ObjectNode disk = JsonNodeFactory.instance.objectNode();
        disk.put("name", name(now));
        for (final String kind : List.of("read", "write")) {
            final double operations = since(now, before, "num_" + kind + "_ops");
            disk.put(kind + "s_per_second", operations / seconds);
            disk.put(
                    kind + "_bytes_per_second",
                    since(now, before, "bytes_" + (kind.equals("read") ? "read" : "written")) / seconds);
            final double latency = since(now, before, kind + "_latency_ticks");
            disk.put(kind + "_mean_us", operations <= 0 ? 0 : latency / operations / US_NS);
        }
        return disk;
    }

    /// Disks, and `queue:reactor` of each queue that runs.
    private Map<String, List<String>> places() {
        final Map<String, List<String>> places = new HashMap<>();
        for (final JsonNode controller : controllers) {
            final String disk = controller
                    .path("backend_specific")
                    .path("block")
                    .path("bdev")
                    .asString("");
            for (final JsonNode session : controller.path("sessions")) {
                for (final JsonNode queue : session.path("queues")) {
                    places.computeIfAbsent(disk, _ -> new ArrayList<>())
                            .add(queue.path("index").asInt() + ":"
                                    + queue.path("lcore").asInt());
                }
            }
        }
        return places;
    }

    /// Counters that an operator has reset meanwhile have counted from 0.
    private static double since(JsonNode now, JsonNode before, String field) {
        final double difference = number(now, field) - number(before, field);
        return difference < 0 ? number(now, field) : difference;
    }

    private static Map<String, JsonNode> byName(JsonNode list) {
        final Map<String, JsonNode> byName = new HashMap<>();
        list.forEach(each -> byName.put(name(each), each));
        return byName;
    }

    private static String name(JsonNode thing) {
        return thing.path("name").asString("");
    }

    private static double number(JsonNode thing, String field) {
        return thing.path(field).doubleValue(0);
    }
}
