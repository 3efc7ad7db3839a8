package io.basalt.gate.rpc.method;

import static io.basalt.gate.rpc.RpcParameter.integer;
import static io.basalt.gate.rpc.RpcParameter.text;

import io.basalt.gate.qos.LimitKind;
import io.basalt.gate.qos.QosClass;
import io.basalt.gate.qos.QosClasses;
import io.basalt.gate.qos.QosLimits;
import io.basalt.gate.qos.QosPolicy;
import io.basalt.gate.qos.Rate;
import io.basalt.gate.rpc.Json;
import io.basalt.gate.rpc.RpcCall;
import io.basalt.gate.rpc.RpcDispatcher;
import io.basalt.gate.rpc.RpcError;
import io.basalt.gate.rpc.RpcMethod;
import io.basalt.gate.rpc.RpcParameter;
import io.basalt.gate.rpc.Suggestion;
import io.basalt.gate.volume.VolumeEntry;
import io.basalt.gate.volume.VolumeRegistry;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;

/// Limits of volumes and classes of limits: `bdev_set_qos_limit`, as SPDK has it and more, and methods of the gate's
/// own. All hold at once, for volumes in use too.
///
/// A volume has limits of its own or those of a class. Limits that are not given in `bdev_set_qos_limit` stay what
/// they are; after a class, they are none. Rates are taken as they are given: SPDK rounds requests up to thousands,
/// this gate need not.
final class QosMethods {
    private static final int NAME_LENGTH_MAX = 64;
    private static final long KIB = 1 << 10;
    private static final long MIB = 1 << 20;
    private static final long IOS_MAX = 1_000_000_000;
    private static final long MBYTES_MAX = 1_000_000;
    private static final long SECONDS_DEFAULT = 60;
    private static final double PERCENT = 100;

    private final VolumeRegistry volumes;
    private final LiveConfiguration configuration;

    QosMethods(VolumeRegistry volumes, LiveConfiguration configuration) {
        this.volumes = volumes;
        this.configuration = configuration;
    }

    void register(RpcDispatcher dispatcher) {
        dispatcher.register(
                RpcMethod.of(QosCalls.SET_LIMIT, "Limit a volume's rates, at once", limitParameters(), this::setLimit));
        dispatcher.register(RpcMethod.of(
                QosCalls.SET_CLASS,
                "Limit a volume as a class says for its size, at once",
                List.of(
                        VolumeMethods.name("name"),
                        className("one of bdev_qos_get_classes; none for no limit"),
                        credit()),
                this::setClass));
        dispatcher.register(RpcMethod.of(
                "bdev_get_qos",
                "Tell the limits of a volume or all, and what they hold back",
                List.of(text("name", "name or uuid of a volume; all if not given")),
                this::describe));
        dispatcher.register(
                RpcMethod.of("bdev_qos_get_classes", "List the classes of limits", List.of(), _ -> describeClasses()));
        dispatcher.register(RpcMethod.of(
                QosCalls.CREATE_CLASS,
                "Make a class of limits, or change one: its volumes follow at once",
                List.of(
                        className("name of the class"),
                        integer("ios_base", 0, IOS_MAX, "requests per second of a volume without size"),
                        integer("ios_per_gib", 0, IOS_MAX, "more for each GiB"),
                        integer("ios_max", 0, IOS_MAX, "never more; 0 for no bound"),
                        integer("mbytes_base", 0, MBYTES_MAX, "MiB per second of a volume without size"),
                        integer("kbytes_per_gib", 0, MBYTES_MAX * KIB, "KiB per second more for each GiB"),
                        integer("mbytes_max", 0, MBYTES_MAX, "never more; 0 for no bound"),
                        integer("burst_percent", 100, QosClass.BURST_PERCENT_MAX, "burst rate in percent of the limit"),
                        burstSeconds(),
                        unit()),
                this::createClass));
        dispatcher.register(RpcMethod.of(
                "bdev_qos_delete_class",
                "Delete a class that no volume has; true too if there is none",
                List.of(className("name of the class")),
                this::deleteClass));
    }

    private static List<RpcParameter> limitParameters() {
        final List<RpcParameter> parameters = new ArrayList<>(List.of(VolumeMethods.name("name")));
        for (final LimitKind kind : LimitKind.values()) {
            final String of = (kind.bytes() ? "MiB" : "requests") + " per second" + ofWhat(kind);
            parameters.add(integer(QosCalls.perSecond(kind), 0, most(kind), of + "; 0 for no limit"));
            parameters.add(integer(QosCalls.burstPerSecond(kind), 0, most(kind), of + " while there is credit"));
        }
        parameters.add(burstSeconds());
        parameters.add(unit());
        parameters.add(credit());
        return parameters;
    }

    private static String ofWhat(LimitKind kind) {
        return switch (kind) {
            case RW_IOS, RW_BYTES -> "";
            case R_IOS, R_BYTES -> " of reads";
            case W_IOS, W_BYTES -> " of writes";
        };
    }

    private static long most(LimitKind kind) {
        return kind.bytes() ? MBYTES_MAX : IOS_MAX;
    }

    private static RpcParameter burstSeconds() {
        return integer("burst_seconds", 0, Rate.BURST_SECONDS_MAX, "how long full credit lasts at the burst rate");
    }

    private static RpcParameter unit() {
        return integer(
                "io_unit_kib",
                QosLimits.UNIT_BYTES_MIN / KIB,
                QosLimits.UNIT_BYTES_MAX / KIB,
                "a larger request costs as many as it has of these; 256 if not given");
    }

    private static RpcParameter credit() {
        return integer(QosCalls.CREDIT, 0, 100, "how much of its credit for bursts the volume has now");
    }

    private static RpcParameter className(String description) {
        return new RpcParameter("class", RpcParameter.Type.STRING, true, 1, NAME_LENGTH_MAX, List.of(), description);
    }

    // ---- volumes ----

    private JsonNode setLimit(RpcCall call) {
        final VolumeEntry entry = volumes.require("name", call.text("name"));
        if (call.parameters().size() < 2) {
            throw RpcError.invalidParameter(
                    "name", "no limit is given", "give one of them, such as rw_ios_per_sec; 0 removes it");
        }
        final QosLimits before = entry.policy() instanceof QosPolicy.Own own ? own.limits() : QosLimits.NONE;
        final Map<LimitKind, Rate> rates = new EnumMap<>(LimitKind.class);
        for (final LimitKind kind : LimitKind.values()) {
            final Rate rate = rate(call, kind, before);
            if (rate != null) {
                rates.put(kind, rate);
            }
        }
        final int unitBytes = (int) (call.integer("io_unit_kib", before.unitBytes() / KIB) * KIB);
        return limit(call, entry, new QosPolicy.Own(new QosLimits(rates, unitBytes)));
    }

    /// @return null for no limit
    private static @Nullable Rate rate(RpcCall call, LimitKind kind, QosLimits limits) {
        final Rate before = limits.rate(kind);
        final String field = QosCalls.burstPerSecond(kind);
        final long perSecond =
                call.integer(QosCalls.perSecond(kind), before == null ? 0 : before.perSecond() / kind.unit());
        final long kept = before == null || before.burstPerSecond() == before.perSecond() || perSecond == 0
                ? 0
                : before.burstPerSecond() / kind.unit();
        final long burst = call.integer(field, kept);
        if (burst != 0 && (perSecond == 0 || burst <= perSecond)) {
            throw RpcError.invalidParameter(
                    field,
                    "must be more than " + QosCalls.perSecond(kind) + ", which is " + perSecond + ", is " + burst,
                    "give a higher one, or 0 for no bursts");
        }
        if (perSecond == 0) {
            return null;
        }
        final long seconds =
                call.integer("burst_seconds", before == null || kept == 0 ? SECONDS_DEFAULT : before.burstSeconds());
        return burst == 0
                ? Rate.of(perSecond * kind.unit())
                : new Rate(perSecond * kind.unit(), burst * kind.unit(), seconds);
    }

    private JsonNode setClass(RpcCall call) {
        final VolumeEntry entry = volumes.require("name", call.text("name"));
        final String name = call.text("class");
        if (name.equals(QosCalls.NO_CLASS)) {
            return limit(call, entry, QosPolicy.NONE);
        }
        requireClass(name);
        return limit(call, entry, new QosPolicy.OfClass(name));
    }

    private void requireClass(String name) {
        if (volumes.classes().find(name) == null) {
            final List<String> names = QosCalls.names(volumes.classes());
            throw RpcError.invalidParameter(
                    "class",
                    "there is no class '" + name + "'",
                    Suggestion.of(name, names, "there are " + String.join(", ", names)));
        }
    }

    private JsonNode limit(RpcCall call, VolumeEntry entry, QosPolicy policy) {
        volumes.limit(entry, policy);
        if (call.has(QosCalls.CREDIT)) {
            entry.limited().credits(call.integer(QosCalls.CREDIT) / PERCENT);
        }
        configuration.changed(LiveConfiguration.BDEV, entry.name());
        return Json.truth(true);
    }

    private JsonNode describe(RpcCall call) {
        final ArrayNode answer = Json.array();
        if (call.has("name")) {
            answer.add(QosCalls.describe(volumes.require("name", call.text("name"))));
        } else {
            volumes.volumes().forEach(entry -> answer.add(QosCalls.describe(entry)));
        }
        return answer;
    }

    // ---- classes ----

    private JsonNode describeClasses() {
        final ArrayNode answer = Json.array();
        for (final QosClass each : volumes.classes().classes()) {
            final long users = volumes.volumes().stream()
                    .filter(entry -> each.name().equals(QosCalls.classOf(entry)))
                    .count();
            answer.add(QosCalls.parameters(each)
                    .put("built_in", QosClasses.isBuiltIn(each.name()))
                    .put("volumes", users));
        }
        return answer;
    }

    private JsonNode createClass(RpcCall call) {
        final String name = call.text("class");
        requireCustom(name);
        final QosClass made = new QosClass(
                name,
                new QosClass.Slope(
                        call.integer("ios_base", 0), call.integer("ios_per_gib", 0), call.integer("ios_max", 0)),
                new QosClass.Slope(
                        call.integer("mbytes_base", 0) * MIB,
                        call.integer("kbytes_per_gib", 0) * KIB,
                        call.integer("mbytes_max", 0) * MIB),
                (int) call.integer("burst_percent", 100),
                call.integer("burst_seconds", 0),
                (int) (call.integer("io_unit_kib", QosLimits.UNIT_BYTES / KIB) * KIB));
        if (made.limits(0).isNone() && made.limits(1L << 40).isNone()) {
            throw RpcError.invalidParameter("class", "it limits nothing", "give a base, a slope or a bound");
        }
        volumes.define(made);
        configuration.changed(LiveConfiguration.BDEV, QosCalls.classObject(name));
        return Json.truth(true);
    }

    private JsonNode deleteClass(RpcCall call) {
        final String name = call.text("class");
        requireCustom(name);
        for (final VolumeEntry entry : volumes.volumes()) {
            if (name.equals(QosCalls.classOf(entry))) {
                throw RpcError.busy(
                        "class", "volume '" + entry.name() + "' has it", "give the volume another class first");
            }
        }
        volumes.classes().remove(name);
        configuration.changed(LiveConfiguration.BDEV, QosCalls.classObject(name));
        return Json.truth(true);
    }

    private static void requireCustom(String name) {
        if (QosClasses.isBuiltIn(name) || name.equals(QosCalls.NO_CLASS)) {
            throw RpcError.invalidParameter(
                    "class", "'" + name + "' is built in", "make one of another name, and give it to the volumes");
        }
    }
}
