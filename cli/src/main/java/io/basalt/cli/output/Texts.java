package io.basalt.cli.output;

import io.basalt.cli.ByteSize;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import tools.jackson.databind.JsonNode;

/// Values of the API as people read them.
public final class Texts {
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss 'UTC'", Locale.ROOT)
            .withZone(ZoneOffset.UTC);

    private static final double FEW = 10;
    private static final double THOUSAND = 1_000;
    private static final double MANY = 10_000;
    private static final double MILLION = 1_000_000;

    private Texts() {}

    /// A text, or `-` if there is none.
    public static String text(JsonNode thing, String field) {
        final String text = thing.path(field).asString("");
        return text.isEmpty() ? "-" : text;
    }

    /// A number of bytes.
    public static long bytes(JsonNode thing, String field) {
        return thing.path(field).longValue(0);
    }

    /// A number of bytes as a size.
    public static String size(JsonNode thing, String field) {
        return ByteSize.text(bytes(thing, field));
    }

    /// A share, in whole percent; what is more than nothing is not called nothing.
    public static String percent(long part, long whole) {
        if (part <= 0 || whole <= 0) {
            return "0 %";
        }
        final double percent = 100.0 * part / whole;
        return percent < 1 ? "<1 %" : String.format(Locale.ROOT, "%.0f %%", percent);
    }

    /// An instant.
    ///
    /// @param ms since 1970
    public static String time(long ms) {
        return ms == 0 ? "-" : TIME.format(Instant.ofEpochMilli(ms));
    }

    /// How long something has lasted, in its largest unit: `12 s`, `5 min`, `2 h`, `9 d`.
    public static String age(Duration age) {
        if (age.compareTo(Duration.ofMinutes(2)) < 0) {
            return Math.max(0, age.toSeconds()) + " s";
        }
        if (age.compareTo(Duration.ofHours(2)) < 0) {
            return age.toMinutes() + " min";
        }
        return age.compareTo(Duration.ofDays(2)) < 0 ? age.toHours() + " h" : age.toDays() + " d";
    }

    /// How often something happens in a second: `0.3`, `812`, `41.2k`, `1.6M`.
    public static String rate(double perSecond) {
        if (perSecond >= MILLION) {
            return String.format(Locale.ROOT, "%.1fM", perSecond / MILLION);
        }
        if (perSecond >= MANY) {
            return String.format(Locale.ROOT, "%.1fk", perSecond / THOUSAND);
        }
        return String.format(Locale.ROOT, perSecond > 0 && perSecond < FEW ? "%.1f" : "%.0f", perSecond);
    }

    /// `1 volume`, `2 volumes`.
    public static String count(long number, String noun) {
        return number + " " + noun + (number == 1 ? "" : "s");
    }
}
