package io.basalt.cli.config;

import io.basalt.cli.Suggestion;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.tomlj.Toml;
import org.tomlj.TomlArray;
import org.tomlj.TomlParseError;
import org.tomlj.TomlParseResult;
import org.tomlj.TomlPosition;
import org.tomlj.TomlTable;

/// A configuration file: TOML whose every key must be known, because a slip must not be taken for a default.
final class TomlFile {
    private final Path file;
    private final Map<String, Value> values = new LinkedHashMap<>();

    private TomlFile(Path file) {
        this.file = file;
    }

    /// The settings in a file, by path.
    ///
    /// @throws ConfigurationException if it cannot be read, is no TOML, or sets what cannot be set
    static Map<String, Value> read(Path file) {
        final TomlParseResult content;
        try {
            content = Toml.parse(Files.readString(file));
        } catch (NoSuchFileException e) {
            throw new ConfigurationException(
                    file + ": there is no such file; give another --config, or begin with the example in packaging/");
        } catch (IOException e) {
            throw new ConfigurationException(file + ": cannot be read: " + e);
        }
        if (content.hasErrors()) {
            final TomlParseError first = content.errors().getFirst();
            throw new ConfigurationException(
                    file + ":" + first.position().line() + ": is not TOML: " + first.getMessage());
        }
        final TomlFile toml = new TomlFile(file);
        toml.table("", content);
        return toml.values;
    }

    private void table(String path, TomlTable table) {
        for (final String key : table.keySet()) {
            final List<String> steps = List.of(key);
            final String inner = path.isEmpty() ? key : path + "." + key;
            final Object value = table.get(steps);
            final TomlPosition position = table.inputPositionOf(steps);
            final String where = file + ":" + (position == null ? 0 : position.line());
            if (value instanceof TomlTable next) {
                requireTable(inner, where);
                table(inner, next);
            } else {
                values.put(inner, value(inner, value, where));
            }
        }
    }

    private static void requireTable(String path, String where) {
        final boolean known = Settings.ALL.stream()
                .map(Setting::table)
                .anyMatch(table -> table.equals(path)
                        || table.startsWith(path + ".")
                        || table.equals(Settings.pattern(path + ".").replaceAll("\\.$", "")));
        if (!known) {
            throw new ConfigurationException(where + ": [" + path + "] is not known; "
                    + Suggestion.of(path, Settings.siblings(path), "known are [meta], [chunk.NAME], [gate], [client]"));
        }
    }

    private static Value value(String path, @Nullable Object value, String where) {
        final Setting setting = Settings.of(path);
        if (setting == null) {
            throw new ConfigurationException(where + ": " + path + " is not known; "
                    + Suggestion.of(path, Settings.siblings(path), "`basalt config show` lists what there is"));
        }
        final List<String> texts = new ArrayList<>();
        if (value instanceof TomlArray array) {
            for (int index = 0; index < array.size(); index++) {
                texts.add(String.valueOf(array.get(index)));
            }
        } else {
            texts.add(String.valueOf(value));
        }
        if (value instanceof TomlArray && !setting.kind().list()) {
            throw new ConfigurationException(where + ": " + path + " is a list; write one value, for instance "
                    + setting.kind().example());
        }
        final String violation = setting.kind().violation(texts);
        if (violation != null) {
            throw new ConfigurationException(where + ": " + path + ": " + violation);
        }
        return new Value(texts, where);
    }
}
