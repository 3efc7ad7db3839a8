package io.basalt.cli.config;

import io.basalt.cli.ByteSize;
import io.basalt.cli.Seconds;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// What a setting's value may be.
///
/// @param list whether there may be several
/// @param example what a right value looks like, for messages
/// @param rule the check of one value
record Kind(boolean list, boolean number, String example, Rule rule) {
    static final Kind TEXT = new Kind(false, false, "\"text\"", text -> !text.isEmpty());
    static final Kind PATH = new Kind(false, false, "\"/var/lib/basalt\"", text -> !text.isBlank());
    static final Kind PATHS = new Kind(true, false, "[\"/dev/nvme0n1\"]", text -> !text.isBlank());
    static final Kind ADDRESS = new Kind(false, false, "\"127.0.0.1:7700\"", Kind::isAddress);
    static final Kind ADDRESS_OR_NONE =
            new Kind(false, false, "\"127.0.0.1:7720\" or \"none\"", text -> text.equals("none") || isAddress(text));
    static final Kind ADDRESSES = new Kind(true, false, "[\"127.0.0.1:7701\"]", Kind::isAddress);
    static final Kind URL = new Kind(false, false, "\"http://127.0.0.1:7700\"", text -> text.matches("https?://.+"));
    static final Kind URLS = new Kind(true, false, "[\"http://127.0.0.1:7700\"]", text -> text.matches("https?://.+"));
    static final Kind MEMBERS = new Kind(true, false, "[\"1@127.0.0.1:7702\"]", Kind::isMember);
    static final Kind SHARES = new Kind(true, false, "[\"12:500:100:2000\"]", Kind::isShare);
    static final Kind SIZE = new Kind(false, true, "\"4G\"", Kind::isSize);

    private static final Pattern ADDRESS_FORM = Pattern.compile("(\\[[0-9a-fA-F:]+]|[^\\s:/]+):(\\d{1,5})");

    /// The check of one value.
    interface Rule {
        /// Whether the value is possible.
        boolean allows(String value);
    }

    /// A whole number within bounds.
    static Kind number(int least, int most) {
        return new Kind(false, true, "a number from " + least + " to " + most, text -> isNumber(text, least, most));
    }

    /// A time within bounds.
    ///
    /// @param least as people write it
    /// @param most likewise
    static Kind time(String least, String most) {
        return new Kind(
                false,
                false,
                "a time from " + least + " to " + most + ", such as 500ms, 30s, 10m or 2h",
                text -> isTime(text, Seconds.parse(least), Seconds.parse(most)));
    }

    /// Whole numbers within bounds.
    static Kind numbers(int least, int most) {
        return new Kind(true, true, "numbers from " + least + " to " + most, text -> isNumber(text, least, most));
    }

    /// One of some words.
    static Kind word(String... words) {
        final List<String> known = List.of(words);
        return new Kind(
                false,
                false,
                "one of " + String.join(", ", known),
                text -> known.contains(text.toLowerCase(Locale.ROOT)));
    }

    /// What is wrong with a value, or null.
    @Nullable
    String violation(List<String> values) {
        for (final String value : values) {
            if (!rule.allows(value)) {
                return "'" + value + "' is not possible; write "
                        + (example.startsWith("\"") || example.startsWith("[") ? "for instance " : "") + example;
            }
        }
        return null;
    }

    private static boolean isAddress(String text) {
        final var matcher = ADDRESS_FORM.matcher(text);
        return matcher.matches() && Integer.parseInt(matcher.group(2)) <= 65535;
    }

    private static boolean isShare(String text) {
        return text.matches("[1-9]\\d{0,17}:\\d{1,9}:\\d{1,5}:\\d{1,9}");
    }

    private static boolean isMember(String text) {
        final int at = text.indexOf('@');
        return at > 0 && isNumber(text.substring(0, at), 1, 65535) && isAddress(text.substring(at + 1));
    }

    private static boolean isSize(String text) {
        try {
            ByteSize.parse(text);
            return true;
        } catch (IllegalArgumentException none) {
            return false;
        }
    }

    private static boolean isTime(String text, Seconds least, Seconds most) {
        try {
            final long ns = Seconds.parse(text).ns();
            return ns >= least.ns() && ns <= most.ns();
        } catch (IllegalArgumentException none) {
            return false;
        }
    }

    private static boolean isNumber(String text, int least, int most) {
        if (!text.matches("-?\\d{1,9}")) {
            return false;
        }
        final int value = Integer.parseInt(text);
        return value >= least && value <= most;
    }
}
