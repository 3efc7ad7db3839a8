package io.basalt.bench;

import java.util.Arrays;
import java.util.List;

/// Command-line options of a bench program: `--name value` or `--name`.
public final class Arguments {
    private final List<String> words;

    public Arguments(String... words) {
        this.words = Arrays.asList(words);
    }

    /// The word behind an option, or the usual one.
    public String word(String option, String usual) {
        final int at = words.indexOf(option);
        return at < 0 || at + 1 == words.size() ? usual : words.get(at + 1);
    }

    /// The number behind an option, or the usual one.
    public double number(String option, double usual) {
        return Double.parseDouble(word(option, Double.toString(usual)));
    }

    /// The whole number behind an option, or the usual one.
    public int count(String option, int usual) {
        return Integer.parseInt(word(option, Integer.toString(usual)));
    }

    /// Whether an option is there.
    public boolean has(String option) {
        return words.contains(option);
    }
}
