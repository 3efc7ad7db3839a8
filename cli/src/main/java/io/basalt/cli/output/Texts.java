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

    /// A share.
    public static String percent(long part, long whole) {
        return whole <= 0 ? "0 %" : String.format(Locale.ROOT, "%.0f %%", 100.0 * part / whole);
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

    /// `1 volume`, `2 volumes`.
    public static String count(long number, String noun) {
        return number + " " + noun + (number == 1 ? "" : "s");
    }
}
