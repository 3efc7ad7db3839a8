package io.basalt.cli.why;

import io.basalt.cli.output.Style;
import io.basalt.cli.output.Table;
import io.basalt.cli.output.Texts;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// A look at a volume, as `basalt why` tells it.
final class WhyReport {
    private static final double MEDIAN = 0.5;
    private static final double TAIL = 0.99;
    private static final double US_NS = 1e3;
    private static final double PERCENT = 100;
    private static final int SLOW_SHOWN = 3;

    private final String name;
    private final Look look;
    private final Advice advice;

    WhyReport(String name, Look look) {
        this.name = name;
        this.look = look;
        advice = new Advice(look);
    }

    // ---- for programs

    ObjectNode document() {
        final ObjectNode answer = JsonNodeFactory.instance.objectNode();
        answer.put("name", name).put("seconds", look.seconds());
        answer.set("read", document("read", look.read()));
        answer.set("write", document("write", look.write()));
        final String stuck = stuck();
        if (!stuck.isEmpty()) {
            answer.put("stuck", stuck);
        }
        final ArrayNode devices = answer.putArray("devices");
        for (final DeviceUse each : look.devices()) {
            final ObjectNode device = devices.addObject();
            device.put("set", each.set()).put("device", each.device()).put("node", each.node());
            device.put("address", each.address()).put("served", each.served()).put("copied", each.copied());
            putMean(device, "queue_mean_us", each.queueMeanNs());
            putMean(device, "store_mean_us", each.storeMeanNs());
            putMean(device, "network_mean_us", each.networkMeanNs());
            putMean(device, "copy_mean_us", each.copyMeanNs());
        }
        answer.set("slow", look.told().path("slow"));
        return answer;
    }

    private static void putMean(ObjectNode target, String field, double ns) {
        if (!Double.isNaN(ns)) {
            target.put(field, ns / US_NS);
        }
    }

    private ObjectNode document(String noun, Side side) {
        final ObjectNode told = JsonNodeFactory.instance.objectNode();
        told.put("requests", side.requests()).put("slow", side.slow());
        told.put("mean_us", side.total().meanNs() / US_NS);
        told.put("p50_us", side.total().quantileNs(MEDIAN) / US_NS);
        told.put("p99_us", side.total().quantileNs(TAIL) / US_NS);
        final ArrayNode stages = told.putArray("stages");
        for (final StageCost each : side.ranked()) {
            stages.addObject()
                    .put("stage", Told.word(each.stage()))
                    .put("share_percent", side.costNs() <= 0 ? 0 : PERCENT * each.costNs() / side.costNs())
                    .put("mean_us", each.times().meanNs() / US_NS)
                    .put("p50_us", each.times().quantileNs(MEDIAN) / US_NS)
                    .put("p99_us", each.times().quantileNs(TAIL) / US_NS);
        }
        return told.put("words", advice.of(noun, side));
    }

    // ---- for people

    String text(Style style) {
        final List<String> parts = new ArrayList<>();
        final String when = look.seconds() == 0
                ? "since it was opened"
                : String.format(Locale.ROOT, "in the last %.1f s", look.seconds());
        parts.add(style.bold(name) + ", " + when + ":");
        final String stuck = stuck();
        if (!stuck.isEmpty()) {
            parts.add(style.bad(stuck));
        }
        parts.add(text("read", look.read(), style));
        parts.add(text("write", look.write(), style));
        parts.addAll(slow());
        return String.join(System.lineSeparator(), parts);
    }

    private String text(String noun, Side side, Style style) {
        final long measured = side.total().count();
        if (side.requests() == 0 && measured == 0) {
            return "No " + noun + "s.";
        }
        final long atOnce = side.requests() - measured;
        if (measured == 0) {
            return Texts.count(side.requests(), noun) + ", all answered at once.";
        }
        final Table table = Table.of("STAGE", ">SHARE", ">MEAN", ">HALF WITHIN", ">99 % WITHIN");
        for (final StageCost each : side.ranked()) {
            table.row(
                    Told.word(each.stage()).replace('_', ' '),
                    Texts.percent(each.costNs(), side.costNs()),
                    Advice.time(each.times().meanNs()),
                    Advice.time(each.times().quantileNs(MEDIAN)),
                    Advice.time(each.times().quantileNs(TAIL)));
        }
        return Texts.count(Math.max(measured, side.requests()), noun) + ": half within "
                + Advice.time(side.total().quantileNs(MEDIAN)) + ", 99 % within "
                + Advice.time(side.total().quantileNs(TAIL)) + ", mean "
                + Advice.time(side.total().meanNs())
                + (atOnce > 0 ? "; " + atOnce + " more were answered at once" : "") + System.lineSeparator()
                + table.text(style).indent(2).stripTrailing() + System.lineSeparator()
                + style.bold(advice.of(noun, side));
    }

    /// What there is to say if nothing is answered; empty if something was, or nothing was asked.
    private String stuck() {
        final JsonNode told = look.told();
        final long underWay = told.path("in_flight").longValue(0);
        final String state = told.path("state").asString("ATTACHED");
        if (!state.equals("ATTACHED")) {
            final String reason = told.path("reason").asString("");
            return "The volume is " + state + (reason.isEmpty() ? "" : ": " + reason) + ".";
        }
        if (look.requests() > 0 || underWay == 0 || look.seconds() == 0) {
            return "";
        }
        return Texts.count(underWay, "request") + " under way, and none was answered: they wait for the cluster. See"
                + " basalt health.";
    }

    private List<String> slow() {
        final List<String> lines = new ArrayList<>();
        final JsonNode slow = look.told().path("slow");
        for (int index = Math.max(0, slow.size() - SLOW_SHOWN); index < slow.size(); index++) {
            lines.add(slow(slow.path(index)));
        }
        if (!lines.isEmpty()) {
            lines.addFirst("Slow requests, the last of " + slow.size() + " that are known:");
        }
        return lines;
    }

    private static String slow(JsonNode each) {
        final List<String> costs = new ArrayList<>();
        each.path("cost_ns")
                .properties()
                .forEach(cost -> costs.add(cost.getKey().replace('_', ' ') + device(each, cost.getKey()) + " "
                        + Advice.time(cost.getValue().longValue(0))));
        return "  " + each.path("seconds_ago").longValue(0) + " s ago: "
                + each.path("operation").asString("") + " of "
                + each.path("length").longValue(0) + " at "
                + each.path("offset").longValue(0) + " took "
                + Advice.time(each.path("took_ns").longValue(0)) + ": " + String.join(", ", costs);
    }

    private static String device(JsonNode request, String stage) {
        final int device = request.path(stage).intValue(0);
        return device == 0 ? "" : " (device " + device + ")";
    }
}
