package io.basalt.cli.config;

import java.util.Locale;

/// Something that can be set.
///
/// @param table of the file it stands in: empty for the top, `chunk.*` for the table of each chunk server
/// @param key its name in that table
/// @param kind what it may be
/// @param otherwise its value if nobody sets it, as people would write it; empty if it then follows from others
/// @param meaning one line for people
record Setting(String table, String key, Kind kind, String otherwise, String meaning) {
    /// Stands for the name of one chunk server.
    static final String ANY = "*";

    /// Where it stands, such as `chunk.*.listen`.
    String pattern() {
        return table.isEmpty() ? key : table + "." + key;
    }

    /// Where it stands for one chunk server.
    String path(String instance) {
        return pattern().replace(ANY, instance);
    }

    /// The variable of the environment that overrules the file: `BASALT_META_LISTEN` for `meta.listen`.
    static String variable(String path) {
        return "BASALT_" + path.toUpperCase(Locale.ROOT).replaceAll("[^A-Z0-9]", "_");
    }
}
