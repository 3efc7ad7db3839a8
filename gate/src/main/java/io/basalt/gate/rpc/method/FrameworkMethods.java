package io.basalt.gate.rpc.method;

import static io.basalt.gate.rpc.RpcParameter.flag;
import static io.basalt.gate.rpc.RpcParameter.integer;
import static io.basalt.gate.rpc.RpcParameter.word;

import io.basalt.gate.rpc.Json;
import io.basalt.gate.rpc.ReactorHost;
import io.basalt.gate.rpc.RpcCall;
import io.basalt.gate.rpc.RpcDispatcher;
import io.basalt.gate.rpc.RpcError;
import io.basalt.gate.rpc.RpcMethod;
import io.basalt.reactor.IdleMode;
import io.basalt.reactor.ReactorCounters;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// The process and its reactors: `spdk_get_version`, `rpc_get_methods`, `framework_*`, `thread_get_stats`. A tick
/// is a nanosecond.
final class FrameworkMethods {
    private static final long TICK_RATE = 1_000_000_000;
    private static final Pattern VERSION = Pattern.compile("(\\d{1,9})\\.(\\d{1,9})\\.(\\d{1,9})(.*)");

    private final ReactorHost reactors;
    private final GateSettings settings;
    private final ChosenSettings chosen;
    private final LiveConfiguration configuration;

    FrameworkMethods(
            ReactorHost reactors, GateSettings settings, ChosenSettings chosen, LiveConfiguration configuration) {
        this.reactors = reactors;
        this.settings = settings;
        this.chosen = chosen;
        this.configuration = configuration;
    }

    void register(RpcDispatcher dispatcher) {
        dispatcher.register(
                RpcMethod.of("spdk_get_version", "Tell the gate's name and version", List.of(), _ -> version()));
        dispatcher.register(RpcMethod.of(
                "rpc_get_methods",
                "List the methods",
                List.of(
                        flag("current", "only those that may be called in the current state"),
                        flag("include_aliases", "second names too")),
                call -> methods(dispatcher, call)));
        dispatcher.register(
                RpcMethod.of("framework_get_reactors", "Describe the reactors", List.of(), _ -> describeReactors()));
        dispatcher.register(RpcMethod.of(
                ChosenSettings.SET_IDLE,
                "Change how reactors idle; kept over restarts, and then stronger than the gate's option",
                List.of(
                        word("mode", List.of("adaptive", "poll", "interrupt"), "how to idle")
                                .must(),
                        integer("lcore", 0, Integer.MAX_VALUE, "id of a reactor; all data reactors if not given")),
                this::idle));
        dispatcher.register(
                RpcMethod.of("thread_get_stats", "Tell the threads' times", List.of(), _ -> describeThreads()));
        dispatcher.register(
                RpcMethod.of("framework_start_init", "Nothing: the gate runs already", List.of(), _ -> Json.truth(true))
                        .onlyAtStartup());
        dispatcher.register(RpcMethod.of(
                "framework_wait_init", "Answer when the gate runs: at once", List.of(), _ -> Json.truth(true)));
    }

    private JsonNode version() {
        final ObjectNode answer = Json.object();
        final String commit = settings.commit().isEmpty() ? "" : " git sha1 " + settings.commit();
        answer.put("version", "Basalt " + settings.version() + commit);
        final ObjectNode fields = answer.putObject("fields");
        final Matcher parts = VERSION.matcher(settings.version());
        final boolean parsed = parts.matches();
        fields.put("major", parsed ? Integer.parseInt(parts.group(1)) : 0);
        fields.put("minor", parsed ? Integer.parseInt(parts.group(2)) : 0);
        fields.put("patch", parsed ? Integer.parseInt(parts.group(3)) : 0);
        fields.put("suffix", parsed ? parts.group(4) : "");
        fields.put("commit", settings.commit());
        return answer;
    }

    private static JsonNode methods(RpcDispatcher dispatcher, RpcCall call) {
        final boolean current = call.flag("current", false);
        final ArrayNode names = Json.array();
        dispatcher.methods().stream()
                .filter(method -> !(current && method.startup()))
                .forEach(method -> names.add(method.name()));
        if (call.flag("include_aliases", false)) {
            dispatcher.aliases().keySet().forEach(names::add);
        }
        return names;
    }

    private JsonNode describeReactors() {
        final ObjectNode answer = Json.object();
        answer.put("tick_rate", TICK_RATE).put("pid", settings.processId());
        final ArrayNode list = answer.putArray("reactors");
        for (final ReactorHost.Status reactor : reactors.reactors()) {
            final ReactorCounters.Snapshot counters = reactor.counters();
            final ObjectNode target = list.addObject();
            target.put("lcore", reactor.id()).put("numa_id", 0).put("tid", reactor.threadId());
            target.put("busy", counters.busyNs()).put("idle", counters.idleNs());
            target.put("in_interrupt", reactor.mode() == IdleMode.INTERRUPT);
            target.put("irq", 0).put("sys", 0).put("usr", 0);
            final ObjectNode thread = target.putArray("lw_threads").addObject();
            thread.put("name", reactor.name()).put("id", reactor.id() + 1).put("cpumask", mask(reactor));
            thread.put("elapsed", counters.busyNs() + counters.idleNs());
            target.put("name", reactor.name());
            target.put("role", reactor.control() ? "control" : "data");
            target.put("cpu", reactor.cpu());
            target.put("mode", reactor.mode().name().toLowerCase(Locale.ROOT));
            target.put("pollers", reactor.pollers());
            target.put("passes", counters.passes()).put("working_passes", counters.workingPasses());
            target.put("sleeps", counters.sleeps()).put("wakes", counters.wakes());
            target.put("commands", counters.commands()).put("faults", counters.faults());
            target.put("loop_max", counters.loopMaxNs());
        }
        return answer;
    }

    private JsonNode describeThreads() {
        final ObjectNode answer = Json.object();
        answer.put("tick_rate", TICK_RATE);
        final ArrayNode list = answer.putArray("threads");
        for (final ReactorHost.Status reactor : reactors.reactors()) {
            final ObjectNode target = list.addObject();
            target.put("name", reactor.name()).put("id", reactor.id() + 1).put("cpumask", mask(reactor));
            target.put("busy", reactor.counters().busyNs())
                    .put("idle", reactor.counters().idleNs());
            target.put("active_pollers_count", reactor.pollers());
            target.put("timed_pollers_count", 0).put("paused_pollers_count", 0);
        }
        return answer;
    }

    /// The processor of a reactor as SPDK writes masks in threads; empty if it is not pinned.
    private static String mask(ReactorHost.Status reactor) {
        return reactor.cpu() < 0 ? "" : CpuMask.ofProcessor(reactor.cpu()).substring(2);
    }

    private JsonNode idle(RpcCall call) {
        final IdleMode mode = IdleMode.valueOf(call.text("mode").toUpperCase(Locale.ROOT));
        final List<ReactorHost.Status> known = reactors.reactors();
        if (!call.has("lcore")) {
            known.stream()
                    .filter(reactor -> !reactor.control())
                    .forEach(reactor -> reactors.idleMode(reactor.id(), mode));
            chosen.idle(mode);
            configuration.changed(LiveConfiguration.FRAMEWORK, ChosenSettings.IDLE);
            return Json.truth(true);
        }
        final int id = (int) call.integer("lcore");
        if (known.stream().noneMatch(reactor -> reactor.id() == id)) {
            throw RpcError.invalidParameter(
                    "lcore", "there is no reactor " + id, "framework_get_reactors lists the reactors");
        }
        reactors.idleMode(id, mode);
        chosen.idle(id, mode);
        configuration.changed(LiveConfiguration.FRAMEWORK, ChosenSettings.idleObject(id));
        return Json.truth(true);
    }
}
