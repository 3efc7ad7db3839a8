package io.basalt.cli.config;

import io.basalt.cli.Seconds;
import io.basalt.cli.Suggestion;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// What is set, and by whom. A file is overruled by the environment, and that by the command line.
public final class Configuration {
    /// Where a file is looked for if none is named.
    public static final Path USUAL_FILE = Path.of("/etc/basalt/basalt.toml");
    /// The variable that names the file.
    public static final String FILE_VARIABLE = "BASALT_CONFIG";

    private final @Nullable Path file;
    private final Map<String, Value> fromFile;
    private final Map<String, String> environment;
    private final Map<String, String> options;

    private Configuration(
            @Nullable Path file,
            Map<String, Value> fromFile,
            Map<String, String> environment,
            Map<String, String> options) {
        this.file = file;
        this.fromFile = fromFile;
        this.environment = environment;
        this.options = options;
    }

    /// Read everything.
    ///
    /// @param named the file; null to look at the environment, then at the usual place
    /// @param environment where `BASALT_*` are looked up
    /// @param options path of a setting → its text, from the command line
    /// @throws ConfigurationException naming file and line, variable or option, the field, why, and what to write
    public static Configuration load(
            @Nullable Path named, Map<String, String> environment, Map<String, String> options) {
        Path file = named;
        if (file == null) {
            final String variable = environment.getOrDefault(FILE_VARIABLE, "");
            file = variable.isEmpty() ? (Files.isReadable(USUAL_FILE) ? USUAL_FILE : null) : Path.of(variable);
        }
        final Map<String, Value> fromFile = file == null ? Map.of() : TomlFile.read(file);
        final Configuration configuration =
                new Configuration(file, fromFile, Map.copyOf(environment), Map.copyOf(options));
        for (final String path : options.keySet()) {
            if (Settings.of(path) == null) {
                throw new ConfigurationException("-c " + path + ": is not known; "
                        + Suggestion.of(path, Settings.siblings(path), "see `basalt config show`"));
            }
        }
        configuration.all();
        return configuration;
    }

    /// The file that was read, or null.
    public @Nullable Path file() {
        return file;
    }

    /// The settings of the command line alone.
    public Map<String, String> options() {
        return options;
    }

    /// Whether the file has a table of this name.
    public boolean hasTable(String table) {
        return fromFile.keySet().stream().anyMatch(path -> path.startsWith(table + "."));
    }

    /// Names of the chunk servers that the file or the command line knows.
    public Set<String> chunkServers() {
        final Set<String> names = new TreeSet<>();
        for (final Map<String, ?> source : List.of(fromFile, options)) {
            for (final String path : source.keySet()) {
                if (path.startsWith("chunk.")) {
                    names.add(path.split("\\.", -1)[1]);
                }
            }
        }
        return names;
    }

    /// The value of a setting.
    ///
    /// @param path such as `meta.listen`
    /// @throws ConfigurationException if a variable or option has set it to what it cannot be
    public Value value(String path) {
        final Setting setting = Settings.of(path);
        if (setting == null) {
            throw new IllegalArgumentException("no setting " + path);
        }
        final String option = options.get(path);
        if (option != null) {
            return checked(setting, path, option, "option");
        }
        final String variable = Setting.variable(path);
        final String text = environment.get(variable);
        if (text != null && !text.isEmpty()) {
            return checked(setting, path, text, variable);
        }
        final Value found = fromFile.get(path);
        if (found != null) {
            return found;
        }
        final String otherwise = setting.otherwise();
        return new Value(otherwise.isEmpty() ? List.of() : List.of(otherwise), Value.DEFAULT);
    }

    private static Value checked(Setting setting, String path, String text, String origin) {
        final List<String> texts = setting.kind().list() ? List.of(text.split(",", -1)) : List.of(text);
        final String violation = setting.kind().violation(texts);
        if (violation != null) {
            throw new ConfigurationException(origin + ": " + path + ": " + violation);
        }
        return new Value(texts, origin);
    }

    /// The value of a setting as text; empty if it has none.
    public String text(String path) {
        return value(path).text();
    }

    /// The value of a setting, or something else if nobody has set it.
    public String text(String path, String otherwise) {
        final String text = text(path);
        return text.isEmpty() ? otherwise : text;
    }

    /// The values of a setting.
    public List<String> texts(String path) {
        return value(path).texts();
    }

    /// The number that a setting is set to, or something else if nobody has set it.
    public int number(String path, int otherwise) {
        final String text = text(path);
        return text.isEmpty() ? otherwise : Integer.parseInt(text);
    }

    /// The time that a setting is set to, in nanoseconds.
    public long timeNs(String path) {
        return Seconds.parse(text(path)).ns();
    }

    /// A path; the state folder's own or a folder of it if nobody has set it.
    public Path path(String path, String under) {
        final String text = text(path);
        return (text.isEmpty() ? data().resolve(under) : Path.of(text)).toAbsolutePath();
    }

    /// The folder that all state lies under.
    public Path data() {
        return Path.of(text("data")).toAbsolutePath();
    }

    /// Everything that is set or has a value by itself, by path, in the order of the documentation.
    public Map<String, Value> all() {
        final Map<String, Value> all = new LinkedHashMap<>();
        for (final Setting setting : Settings.ALL) {
            final List<String> paths = new ArrayList<>();
            if (setting.table().equals(Settings.CHUNK)) {
                chunkServers().forEach(name -> paths.add(setting.path(name)));
            } else {
                paths.add(setting.pattern());
            }
            paths.forEach(path -> all.put(path, value(path)));
        }
        return all;
    }

    /// What a setting means, in one line.
    public static String meaning(String path) {
        final Setting setting = Settings.of(path);
        return setting == null ? "" : setting.meaning();
    }
}
