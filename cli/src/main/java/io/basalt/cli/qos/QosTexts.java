package io.basalt.cli.qos;

import io.basalt.cli.ByteSize;
import java.time.Duration;
import java.util.Locale;
import tools.jackson.databind.JsonNode;

/// Limits in words.
public final class QosTexts {
    private static final double NS_PER_MS = 1e6;

    private QosTexts() {}

    /// What a limit is about.
    public static String kind(String word) {
        return switch (word) {
            case "rw_ios" -> "requests";
            case "r_ios" -> "reads";
            case "w_ios" -> "writes";
            case "rw_mbytes" -> "bytes";
            case "r_mbytes" -> "bytes read";
            case "w_mbytes" -> "bytes written";
            default -> word;
        };
    }

    /// A number of requests or bytes.
    static String amount(JsonNode limit, String field) {
        final long number = limit.path(field).longValue(0);
        return limit.path("unit").stringValue("").equals("bytes") ? ByteSize.text(number) : String.valueOf(number);
    }

    /// A limit on one line: `1500/s, bursts of 3000/s for 30 min (credit 100 %)`.
    public static String limit(JsonNode limit) {
        final StringBuilder text = new StringBuilder(amount(limit, "per_sec")).append("/s");
        if (limit.has("burst_per_sec")) {
            final long most = Math.max(1, limit.path("credit_max").longValue(0));
            text.append(", bursts of ").append(amount(limit, "burst_per_sec")).append("/s for ");
            text.append(duration(limit.path("burst_seconds").longValue(0))).append(" (credit ");
            text.append(100 * limit.path("credit").longValue(0) / most).append(" %)");
        }
        return text.toString();
    }

    /// A limit in a column; `-` for none.
    static String cell(JsonNode volume, String kind) {
        final JsonNode limit = volume.path("limits").path(kind);
        if (!limit.isObject()) {
            return "-";
        }
        return amount(limit, "per_sec")
                + (limit.has("burst_per_sec") ? " (" + amount(limit, "burst_per_sec") + ")" : "");
    }

    /// Where a volume's limits come from.
    public static String origin(JsonNode volume) {
        final String named = volume.path("class").stringValue("");
        return !named.isEmpty() ? named : volume.path("limits").isEmpty() ? "none" : "own";
    }

    /// The mean time for which requests were held back.
    static String meanWait(JsonNode volume) {
        final long gone =
                volume.path("throttled").longValue(0) - volume.path("waiting").longValue(0);
        return gone <= 0 ? "-" : ms((double) volume.path("wait_sum_ns").longValue(0) / gone);
    }

    /// Nanoseconds as milliseconds.
    static String ms(double ns) {
        return String.format(Locale.ROOT, "%.1f ms", ns / NS_PER_MS);
    }

    private static String duration(long seconds) {
        final Duration all = Duration.ofSeconds(seconds);
        return seconds % 3600 == 0
                ? all.toHours() + " h"
                : seconds % 60 == 0 ? all.toMinutes() + " min" : seconds + " s";
    }
}
