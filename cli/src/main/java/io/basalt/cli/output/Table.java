package io.basalt.cli.output;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Rows of text in aligned columns, two blanks between them, nothing behind the last.
public final class Table {
    private static final String GAP = "  ";

    private final List<Column> columns;
    private final List<String[]> rows = new ArrayList<>();

    /// A column.
    ///
    /// @param name its heading
    /// @param right whether its values end at the same place, as numbers should
    public record Column(String name, boolean right) {}

    private Table(List<Column> columns) {
        this.columns = columns;
    }

    /// A table with columns; a name that begins with `>` is that of a column of numbers.
    public static Table of(String... names) {
        return new Table(Arrays.stream(names)
                .map(name -> name.startsWith(">") ? new Column(name.substring(1), true) : new Column(name, false))
                .toList());
    }

    /// Append a row.
    ///
    /// @param cells one for each column
    public Table row(String... cells) {
        assert cells.length == columns.size() : "a row has a cell for each column";
        rows.add(cells.clone());
        return this;
    }

    /// Whether there is no row.
    public boolean isEmpty() {
        return rows.isEmpty();
    }

    /// The lines, heading first, each ending with a line break.
    public String text(Style style) {
        final int[] widths = new int[columns.size()];
        for (int column = 0; column < widths.length; column++) {
            widths[column] = columns.get(column).name().length();
            for (final String[] row : rows) {
                widths[column] = Math.max(widths[column], Style.width(row[column]));
            }
        }
        final StringBuilder text = new StringBuilder();
        final String[] heading = columns.stream().map(Column::name).toArray(String[]::new);
        text.append(style.dim(line(heading, widths))).append(System.lineSeparator());
        for (final String[] row : rows) {
            text.append(line(row, widths)).append(System.lineSeparator());
        }
        return text.toString();
    }

    private String line(String[] cells, int[] widths) {
        final StringBuilder line = new StringBuilder();
        for (int column = 0; column < cells.length; column++) {
            final String blanks = " ".repeat(widths[column] - Style.width(cells[column]));
            line.append(columns.get(column).right() ? blanks + cells[column] : cells[column] + blanks);
            line.append(GAP);
        }
        return line.toString().stripTrailing();
    }
}
