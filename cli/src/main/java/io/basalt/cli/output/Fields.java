package io.basalt.cli.output;

import java.util.ArrayList;
import java.util.List;

/// One thing's fields, one a line: names to the left, values below one another.
public final class Fields {
    private final List<String[]> lines = new ArrayList<>();

    /// Append a field.
    public Fields put(String name, String value) {
        lines.add(new String[] {name, value});
        return this;
    }

    /// Append a field if it has a value.
    public Fields putKnown(String name, String value) {
        return value.isEmpty() || value.equals("-") ? this : put(name, value);
    }

    /// The lines, without the last line break.
    public String text(Style style) {
        final int width =
                lines.stream().mapToInt(line -> line[0].length()).max().orElse(0);
        final List<String> text = new ArrayList<>();
        for (final String[] line : lines) {
            text.add(style.dim(line[0]) + " ".repeat(width - line[0].length() + 2) + line[1]);
        }
        return String.join(System.lineSeparator(), text);
    }
}
