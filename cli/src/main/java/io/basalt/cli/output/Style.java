package io.basalt.cli.output;

import java.io.Console;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/// Colours, where the reader is a terminal and wants them.
public final class Style {
    /// No colours.
    public static final Style PLAIN = new Style(false);

    private static final Pattern ESCAPES = Pattern.compile("\u001b\\[[0-9;]*m");

    private final boolean coloured;

    private Style(boolean coloured) {
        this.coloured = coloured;
    }

    /// Colours if standard output is a terminal, it is not a dumb one, and nobody has said otherwise.
    ///
    /// @param environment where NO_COLOR and TERM are looked up
    /// @param refused whether the command line refuses colours
    public static Style of(Map<String, String> environment, boolean refused) {
        final boolean unwanted =
                refused || !environment.getOrDefault("NO_COLOR", "").isEmpty();
        return unwanted || !terminal() || "dumb".equals(environment.get("TERM")) ? PLAIN : new Style(true);
    }

    /// Whether somebody sits in front of it.
    public static boolean terminal() {
        return console().isPresent();
    }

    /// Whoever sits in front of it.
    public static Optional<Console> console() {
        return Optional.ofNullable(System.console()).filter(Console::isTerminal);
    }

    /// Characters that are seen.
    static int width(String text) {
        return ESCAPES.matcher(text).replaceAll("").length();
    }

    /// As it should be.
    public String good(String text) {
        return paint("32", text);
    }

    /// Needs attention.
    public String warn(String text) {
        return paint("33", text);
    }

    /// Wrong.
    public String bad(String text) {
        return paint("31", text);
    }

    /// What matters in a line.
    public String bold(String text) {
        return paint("1", text);
    }

    /// What matters least.
    public String dim(String text) {
        return paint("2", text);
    }

    private String paint(String code, String text) {
        return coloured ? "\u001b[" + code + "m" + text + "\u001b[0m" : text;
    }
}
