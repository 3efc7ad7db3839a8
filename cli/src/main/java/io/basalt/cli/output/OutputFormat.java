package io.basalt.cli.output;

import java.util.Locale;

/// The shape of an answer.
public enum OutputFormat {
    /// Aligned columns for people.
    TABLE,
    /// The same with more columns.
    WIDE,
    /// One JSON document, exact numbers.
    JSON,
    /// One YAML document, exact numbers.
    YAML,
    /// One name a line.
    NAME;

    /// Whether people read it.
    public boolean forPeople() {
        return this == TABLE || this == WIDE;
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
