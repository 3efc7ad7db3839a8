package io.basalt.cli.output;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import tools.jackson.databind.JsonNode;

/// The columns of a list of things: of each its heading, and what stands in it.
public final class Columns {
    private final List<Column> columns = new ArrayList<>();
    private boolean more;

    /// @param number whether values end at the same place
    /// @param wide whether it is left out unless more is asked for
    private record Column(String heading, boolean number, boolean wide, Function<JsonNode, String> cell) {}

    /// Append a column of texts.
    public Columns text(String heading, Function<JsonNode, String> cell) {
        columns.add(new Column(heading, false, more, cell));
        return this;
    }

    /// Append a column with a member of each thing.
    ///
    /// @param field name of the member
    public Columns text(String heading, String field) {
        return text(heading, thing -> Texts.text(thing, field));
    }

    /// Append a column of numbers.
    public Columns number(String heading, Function<JsonNode, String> cell) {
        columns.add(new Column(heading, true, more, cell));
        return this;
    }

    /// Append a column with a number that is a member of each thing.
    ///
    /// @param field name of the member
    public Columns number(String heading, String field) {
        return number(heading, thing -> Texts.text(thing, field));
    }

    /// Append a column with a number of bytes that is a member of each thing.
    ///
    /// @param field name of the member
    public Columns size(String heading, String field) {
        return number(heading, thing -> Texts.size(thing, field));
    }

    /// The columns that follow are for those who ask for more.
    public Columns wide() {
        more = true;
        return this;
    }

    /// The things as rows.
    ///
    /// @param wide whether more is asked for
    Table table(List<JsonNode> things, boolean wide) {
        final List<Column> shown =
                columns.stream().filter(column -> wide || !column.wide).toList();
        final Table table = Table.of(shown.stream()
                .map(column -> (column.number ? ">" : "") + column.heading)
                .toArray(String[]::new));
        for (final JsonNode thing : things) {
            table.row(shown.stream().map(column -> column.cell.apply(thing)).toArray(String[]::new));
        }
        return table;
    }
}
