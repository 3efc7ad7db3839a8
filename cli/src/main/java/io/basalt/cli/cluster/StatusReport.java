package io.basalt.cli.cluster;

import io.basalt.cli.ByteSize;
import io.basalt.cli.output.Style;
import io.basalt.cli.output.Texts;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import tools.jackson.databind.JsonNode;

/// A cluster's status for people: blocks of cluster, services, data, I/O, and what needs attention.
public final class StatusReport {
    private static final int CHECKS_SHOWN = 5;

    private StatusReport() {}

    /// `HEALTH_OK`, `HEALTH_WARN` or `HEALTH_ERR`.
    public static String health(JsonNode status) {
        return "HEALTH_" + status.path("cluster").path("health").stringValue("ERR");
    }

    /// The word in its colour.
    static String painted(String health, Style style) {
        return switch (health) {
            case "HEALTH_OK" -> style.good(health);
            case "HEALTH_WARN" -> style.warn(health);
            default -> style.bad(health);
        };
    }

    /// The lines, without the last line break.
    ///
    /// @param status answer of `/v1/status`
    /// @param checks those of `/v1/health`; anything else for none
    /// @param now for ages
    public static String text(JsonNode status, JsonNode checks, Instant now, Style style) {
        final List<String> lines = new ArrayList<>();
        final JsonNode cluster = status.path("cluster");
        final long created = Texts.bytes(cluster, "createdMs");
        lines.add(line(
                style,
                "cluster",
                Texts.text(cluster, "id").split("-", -1)[0] + "  " + painted(health(status), style) + "  v"
                        + Texts.text(cluster, "software")
                        + (created == 0
                                ? ""
                                : "  made " + Texts.age(Duration.between(Instant.ofEpochMilli(created), now))
                                        + " ago")));
        services(lines, status, style);
        data(lines, status, style);
        io(lines, status.path("io"), style);
        int shown = 0;
        for (final JsonNode check : checks) {
            if (shown == CHECKS_SHOWN) {
                lines.add(line(style, "", (checks.size() - shown) + " more: basalt health"));
                break;
            }
            final boolean bad = Texts.text(check, "severity").equals("ERR");
            final String code = Texts.text(check, "code");
            lines.add(line(
                    style,
                    shown == 0 ? "health" : "",
                    (bad ? style.bad(code) : style.warn(code)) + "  " + Texts.text(check, "what")));
            shown++;
        }
        return String.join(System.lineSeparator(), lines);
    }

    private static void services(List<String> lines, JsonNode status, Style style) {
        final JsonNode meta = status.path("meta");
        final JsonNode nodes = status.path("nodes");
        final JsonNode devices = status.path("devices");
        lines.add(line(
                style,
                "services",
                columns(
                        "meta   " + (meta.path("leader").booleanValue(false) ? "leading" : style.bad("standing still")),
                        "log at " + Texts.text(meta, "lastIndex"))));
        lines.add(line(
                style,
                "",
                columns(
                        "chunk  " + up(nodes.path("chunk"), style),
                        up(devices, style).replace(" up", "") + " devices up" + failed(devices, style))));
        lines.add(line(
                style,
                "",
                columns(
                        "gate   " + up(nodes.path("gate"), style),
                        Texts.count(Texts.bytes(status.path("volumes"), "attached"), "attachment"))));
    }

    private static void data(List<String> lines, JsonNode status, Style style) {
        final JsonNode capacity = status.path("capacity");
        final JsonNode volumes = status.path("volumes");
        final JsonNode pgs = status.path("pgs");
        final long raw = Texts.bytes(capacity, "rawBytes");
        final long used = Texts.bytes(capacity, "usedBytes");
        lines.add(line(
                style,
                "data",
                Texts.count(Texts.bytes(volumes, "total"), "volume") + ", " + Texts.size(volumes, "provisionedBytes")
                        + " provisioned"));
        lines.add(line(
                style,
                "",
                Texts.size(capacity, "contentBytes") + " stored in all copies, taking " + ByteSize.text(used) + " of "
                        + ByteSize.text(raw) + " raw (" + Texts.percent(used, raw) + ")"));
        final long total = Texts.bytes(pgs, "total");
        final long clean = Texts.bytes(pgs, "clean");
        final long degraded = Texts.bytes(pgs, "degraded");
        final long waiting = Texts.bytes(pgs, "waiting");
        final long unavailable = Texts.bytes(pgs, "unavailable");
        final long repairing = Texts.bytes(pgs, "repairing");
        final StringBuilder placement = new StringBuilder();
        placement.append(Texts.count(total, "placement group")).append(": ");
        placement.append(
                clean == total && total > 0 ? style.good("all clean") : Texts.percent(clean, total) + " clean");
        if (degraded > 0) {
            placement.append(", ").append(style.warn(degraded + " degraded"));
        }
        if (waiting > 0) {
            placement.append(", ").append(style.bad(waiting + " waiting for copies"));
        }
        if (unavailable > 0) {
            placement.append(", ").append(style.bad(unavailable + " unavailable"));
        }
        if (repairing > 0) {
            placement.append(", ").append(style.warn(repairing + " being repaired"));
        }
        placement.append(" in ").append(Texts.count(status.path("sets").longValue(0), "set"));
        lines.add(line(style, "", placement.toString()));
    }

    private static void io(List<String> lines, JsonNode io, Style style) {
        lines.add(line(
                style,
                "io",
                columns(
                        "read   " + Texts.size(io, "readBytesPerSecond") + "/s",
                        Texts.rate(io.path("readsPerSecond").doubleValue(0)) + " op/s")));
        lines.add(line(
                style,
                "",
                columns(
                        "write  " + Texts.size(io, "writtenBytesPerSecond") + "/s",
                        Texts.rate(io.path("writesPerSecond").doubleValue(0)) + " op/s")));
    }

    private static String failed(JsonNode devices, Style style) {
        final long failed = Texts.bytes(devices, "failed");
        return failed == 0 ? "" : ", " + style.bad(failed + " failed");
    }

    private static String up(JsonNode count, Style style) {
        final long up = Texts.bytes(count, "up");
        final long total = Texts.bytes(count, "total");
        final String text = up + "/" + total + " up";
        return up < total ? style.warn(text) : text;
    }

    private static String columns(String left, String right) {
        return String.format(Locale.ROOT, "%-22s %s", left, right);
    }

    private static String line(Style style, String block, String text) {
        return "  " + style.bold(String.format(Locale.ROOT, "%-9s", block)) + " " + text;
    }
}
