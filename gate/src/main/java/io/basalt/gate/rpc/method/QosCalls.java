package io.basalt.gate.rpc.method;

import io.basalt.gate.config.ConfigEntry;
import io.basalt.gate.qos.LimitKind;
import io.basalt.gate.qos.LimitedVolume;
import io.basalt.gate.qos.QosClass;
import io.basalt.gate.qos.QosClasses;
import io.basalt.gate.qos.QosLimits;
import io.basalt.gate.qos.QosPolicy;
import io.basalt.gate.qos.QosStatistics;
import io.basalt.gate.qos.Rate;
import io.basalt.gate.rpc.Json;
import io.basalt.gate.volume.VolumeEntry;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/// The calls that limit volumes again, and what is told of limits.
final class QosCalls {
    /// The method that gives a volume limits of its own.
    static final String SET_LIMIT = "bdev_set_qos_limit";
    /// The method that gives a volume the limits of a class.
    static final String SET_CLASS = "bdev_set_qos_class";
    /// The method that makes a class.
    static final String CREATE_CLASS = "bdev_qos_create_class";

    /// The class of a volume without one.
    static final String NO_CLASS = "none";

    /// Whole percents of credit.
    static final String CREDIT = "burst_credit_percent";

    private static final long KIB = 1 << 10;
    private static final long MIB = 1 << 20;
    private static final int PERCENT = 100;
    private static final List<LimitKind> SPDK_KINDS =
            List.of(LimitKind.RW_IOS, LimitKind.RW_BYTES, LimitKind.R_BYTES, LimitKind.W_BYTES);

    private QosCalls() {}

    /// The parameter of a limit.
    static String perSecond(LimitKind kind) {
        return kind.word() + "_per_sec";
    }

    /// The parameter of its burst rate.
    static String burstPerSecond(LimitKind kind) {
        return kind.word() + "_burst_per_sec";
    }

    /// What an operator's classes are called among the objects of the configuration, which volumes are too.
    static String classObject(String name) {
        return "class/" + name;
    }

    /// The calls that make the classes that are not built in.
    static Stream<ConfigEntry> classes(QosClasses classes) {
        return classes.classes().stream()
                .filter(each -> !QosClasses.isBuiltIn(each.name()))
                .map(each -> new ConfigEntry(LiveConfiguration.BDEV, CREATE_CLASS, parameters(each)));
    }

    /// The call that limits a volume; empty if it has no limits.
    ///
    /// @param levels whether credit is to be what it is now: for a process that takes over at once
    static Stream<ConfigEntry> entry(VolumeEntry entry, boolean levels) {
        final ObjectNode parameters = Json.object().put("name", entry.name());
        final String method = switch (entry.policy()) {
            case QosPolicy.OfClass named -> {
                parameters.put("class", named.name());
                yield SET_CLASS;
            }
            case QosPolicy.Own own -> {
                if (own.limits().isNone()) {
                    yield "";
                }
                putLimits(parameters, own.limits());
                yield SET_LIMIT;
            }
        };
        if (levels && bursts(entry.limited().limits())) {
            parameters.put(CREDIT, creditPercent(entry.limited()));
        }
        return method.isEmpty()
                ? Stream.empty()
                : Stream.of(new ConfigEntry(LiveConfiguration.BDEV, method, parameters));
    }

    private static boolean bursts(QosLimits limits) {
        return limits.rates().values().stream().anyMatch(Rate::bursts);
    }

    private static int creditPercent(LimitedVolume volume) {
        final DoubleStream credits = volume.limits().rates().keySet().stream().mapToDouble(volume::credit);
        return (int) (PERCENT * credits.min().orElse(1));
    }

    private static void putLimits(ObjectNode target, QosLimits limits) {
        limits.rates().forEach((kind, rate) -> {
            target.put(perSecond(kind), rate.perSecond() / kind.unit());
            if (rate.burstPerSecond() > rate.perSecond()) {
                target.put(burstPerSecond(kind), rate.burstPerSecond() / kind.unit());
                target.put("burst_seconds", rate.burstSeconds());
            }
        });
        if (limits.unitBytes() != QosLimits.UNIT_BYTES) {
            target.put("io_unit_kib", limits.unitBytes() / KIB);
        }
    }

    /// The parameters that make a class.
    static ObjectNode parameters(QosClass made) {
        final ObjectNode target = Json.object().put("class", made.name());
        target.put("ios_base", made.ios().base()).put("ios_per_gib", made.ios().perGib());
        target.put("ios_max", made.ios().most());
        target.put("mbytes_base", made.bytes().base() / MIB)
                .put("kbytes_per_gib", made.bytes().perGib() / KIB);
        target.put("mbytes_max", made.bytes().most() / MIB);
        target.put("burst_percent", made.burstPercent()).put("burst_seconds", made.burstSeconds());
        return target.put("io_unit_kib", made.unitBytes() / KIB);
    }

    /// SPDK's `assigned_rate_limits`, in its units: rounded down, but never to 0, which is no limit.
    static void describe(ObjectNode target, QosLimits limits) {
        for (final LimitKind kind : SPDK_KINDS) {
            final Rate rate = limits.rate(kind);
            target.put(perSecond(kind), rate == null ? 0 : Math.max(1, rate.perSecond() / kind.unit()));
        }
    }

    /// A volume's limits and what they do, exactly.
    static ObjectNode describe(VolumeEntry entry) {
        final LimitedVolume volume = entry.limited();
        final ObjectNode target = Json.object().put("name", entry.name());
        target.put("class", entry.policy() instanceof QosPolicy.OfClass named ? named.name() : null);
        target.put("io_unit_kib", volume.limits().unitBytes() / KIB);
        final ObjectNode limits = target.putObject("limits");
        volume.limits().rates().forEach((kind, rate) -> describe(limits.putObject(kind.word()), volume, kind, rate));
        final QosStatistics statistics = volume.statistics();
        target.put("throttled", statistics.throttled()).put("waiting", statistics.waiting());
        target.put("wait_sum_ns", statistics.waitSumNs());
        return target.put("wait_max_ns", statistics.waitMaxNs());
    }

    private static void describe(ObjectNode target, LimitedVolume volume, LimitKind kind, Rate rate) {
        target.put("unit", kind.bytes() ? "bytes" : "requests");
        target.put("per_sec", rate.perSecond());
        target.put("tokens", (long) Math.floor(volume.tokens(kind)));
        if (rate.bursts()) {
            target.put("burst_per_sec", rate.burstPerSecond());
            target.put("burst_seconds", rate.burstSeconds());
            target.put("credit_max", (long) rate.creditMax());
            target.put("credit", (long) (rate.creditMax() * volume.credit(kind)));
        }
    }

    /// Names of classes, for a guess at what somebody meant.
    static List<String> names(QosClasses classes) {
        final List<String> names = new ArrayList<>(List.of(NO_CLASS));
        classes.classes().forEach(each -> names.add(each.name()));
        return names;
    }

    /// A volume's class, or null.
    static @Nullable String classOf(VolumeEntry entry) {
        return entry.policy() instanceof QosPolicy.OfClass named ? named.name() : null;
    }
}
