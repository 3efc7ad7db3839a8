package io.basalt.cli;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A time, as people write it: `5` or `5s`, `500ms`, `2m`, `2h`.
///
/// @param ns nanoseconds
public record Seconds(long ns) {
    private static final Pattern FORM = Pattern.compile("(\\d{1,9})(ms|s|m|h|)");

    /// The time that a text stands for.
    ///
    /// @throws IllegalArgumentException if it is no time
    public static Seconds parse(String text) {
        final Matcher matcher = FORM.matcher(text.strip());
        if (!matcher.matches()) {
            throw new IllegalArgumentException("'" + text + "' is not a time; write 5, 5s, 500ms, 2m or 2h");
        }
        final long unitNs = switch (matcher.group(2)) {
            case "ms" -> 1_000_000L;
            case "m" -> 60_000_000_000L;
            case "h" -> 3_600_000_000_000L;
            default -> 1_000_000_000L;
        };
        return new Seconds(Long.parseLong(matcher.group(1)) * unitNs);
    }
}
