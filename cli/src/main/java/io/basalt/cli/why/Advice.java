package io.basalt.cli.why;

import io.basalt.block.Stage;
import io.basalt.cli.output.Texts;
import io.basalt.cli.qos.QosTexts;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/// What it means when most of the time goes to one stage, and what can be done.
final class Advice {
    private static final double ALMOST_ALL = 0.8;
    private static final double NS_PER_US = 1e3;
    private static final double NS_PER_MS = 1e6;
    private static final double NS_PER_S = 1e9;

    private final Look look;

    Advice(Look look) {
        this.look = look;
    }

    /// A sentence or two about a side's most costly stage.
    ///
    /// @param noun `read` or `write`
    String of(String noun, Side side) {
        final List<StageCost> ranked = side.ranked();
        if (ranked.isEmpty() || side.costNs() <= 0) {
            return "";
        }
        final StageCost first = ranked.getFirst();
        final long copiesNs = side.costNs(Stage.REPLICA_1) + side.costNs(Stage.REPLICA_2);
        final Stage only = copiesNs > first.costNs() ? onlyCopy(side, copiesNs) : first.stage();
        final long costNs = only == null ? copiesNs : side.costNs(only);
        return Texts.percent(costNs, side.costNs()) + " of a " + noun + "'s time is "
                + (only == null ? "the wait for the other copies" + standsOut(DeviceUse::copyMeanNs) + "." : of(only));
    }

    /// The copy that costs almost all of what both do; null if none does. A device is the first copy of one placement
    /// group and the second of another.
    private static @Nullable Stage onlyCopy(Side side, long costNs) {
        for (final Stage stage : new Stage[] {Stage.REPLICA_1, Stage.REPLICA_2}) {
            if (side.costNs(stage) > ALMOST_ALL * costNs) {
                return stage;
            }
        }
        return null;
    }

    private String of(Stage stage) {
        return switch (stage) {
            case RING ->
                "the wait in the driver's ring until the gate looks: its reactor is busy. See basalt top; more"
                        + " reactors, or another one for this queue, help.";
            case QOS -> held();
            case GATE -> gate();
            case NETWORK ->
                "the way between gate and chunk servers, with both kernels" + standsOut(DeviceUse::networkMeanNs)
                        + ". If that is long for this network: reactors that sleep when idle (interrupt) wake up for"
                        + " each message; see basalt top.";
            case QUEUE ->
                "the wait for its turn at the device" + standsOut(DeviceUse::queueMeanNs)
                        + ". More is asked of the devices than they can do; see basalt status.";
            case DEVICE ->
                look.isRemote()
                        ? "the store of the primary's device" + standsOut(DeviceUse::storeMeanNs) + "."
                        : "the disk beneath the volume.";
            case REPLICA_1, REPLICA_2 ->
                "the wait for " + Told.word(stage).replace('_', ' ') + standsOut(DeviceUse::copyMeanNs) + ".";
        };
    }

    private String standsOut(ToDoubleFunction<DeviceUse> mean) {
        final Optional<DeviceUse.Outlier> found = DeviceUse.Outlier.of(look.devices(), mean);
        return found.map(outlier -> ", on " + outlier.slowest().words() + " above all: " + time(outlier.meanNs())
                        + " in the mean, where its peers take " + time(outlier.othersNs())
                        + " (basalt device drain " + outlier.slowest().device() + " moves its data away)")
                .orElse("; no device stands out");
    }

    private String held() {
        final JsonNode qos = look.told().path("qos");
        final List<String> limits = new ArrayList<>();
        qos.path("limits")
                .properties()
                .forEach(each -> limits.add(QosTexts.kind(each.getKey()) + " to " + QosTexts.limit(each.getValue())));
        final String origin = QosTexts.origin(qos);
        final String by = origin.equals("own")
                ? "limits of its own"
                : origin.equals("none") ? "a limit that was taken away" : "class " + origin;
        final String rate =
                look.seconds() == 0 ? "" : "; it did " + Texts.rate(look.requests() / look.seconds()) + " requests/s";
        return "spent waiting for its turn within the volume's limits: limited by " + by
                + (limits.isEmpty() ? "" : " (" + String.join(", ", limits) + ")") + rate
                + ". See basalt qos show; basalt qos set changes them.";
    }

    private String gate() {
        final String most = most();
        return "spent waiting in the gate" + (most.isEmpty() ? "" : ", mostly " + most) + ". See basalt health.";
    }

    /// What requests waited for most often; empty if for nothing that is counted.
    private String most() {
        String words = "";
        long most = 0;
        for (final String[] each : new String[][] {
            {"back_offs", "for devices that could not take it just then (" + refusals() + ")"},
            {"map_waits", "for a placement group to have a primary"},
            {"connection_waits", "for a connection to a chunk server, or its credits"},
            {"identity_waits", "for older changes of the same placement group"},
            {"order_waits", "for a change of the same bytes that is tried again"},
            {"request_waits", "for other requests of the same volume: too many are under way at once"},
        }) {
            if (look.events(each[0]) > most) {
                most = look.events(each[0]);
                words = each[1];
            }
        }
        return words;
    }

    private String refusals() {
        final List<String> answers = new ArrayList<>();
        for (final String code : new String[] {"overloaded", "busy", "no_lease", "not_primary", "stale_epoch"}) {
            if (look.events("answer " + code) > 0) {
                answers.add(code.replace('_', ' '));
            }
        }
        return answers.isEmpty() ? "refused" : String.join(", ", answers);
    }

    /// A time with three digits or so: `840 ns`, `41 us`, `1.20 ms`, `3.41 s`.
    static String time(double ns) {
        if (ns < NS_PER_US) {
            return String.format(Locale.ROOT, "%.0f ns", ns);
        }
        if (ns < NS_PER_MS) {
            return String.format(Locale.ROOT, ns < 10 * NS_PER_US ? "%.1f us" : "%.0f us", ns / NS_PER_US);
        }
        return ns < NS_PER_S
                ? String.format(Locale.ROOT, ns < 10 * NS_PER_MS ? "%.2f ms" : "%.0f ms", ns / NS_PER_MS)
                : String.format(Locale.ROOT, "%.2f s", ns / NS_PER_S);
    }

    /// The same of whole nanoseconds.
    static String time(long ns) {
        return time((double) ns);
    }
}
