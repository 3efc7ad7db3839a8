package io.basalt.cli.config;

import java.util.List;

/// What a setting is set to.
///
/// @param texts one, or for a list any number
/// @param origin who set it: a file with its line, a variable, an option, or `default`
public record Value(List<String> texts, String origin) {
    /// Origin of what nobody has set.
    public static final String DEFAULT = "default";

    public Value {
        texts = List.copyOf(texts);
    }

    /// The values as people write them.
    public String text() {
        return String.join(",", texts);
    }
}
