package io.basalt.cli.config;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// The options that say which settings hold, for every command that looks at settings.
public final class ConfigOptions {
    @Option(
            names = "--config",
            paramLabel = "FILE",
            description = "Settings (default: BASALT_CONFIG, or /etc/basalt/basalt.toml if it is there).")
    private @Nullable Path file;

    @Option(
            names = "-c",
            paramLabel = "NAME=VALUE",
            description = "Overrule a setting, such as meta.listen=127.0.0.1:7800; a list has commas.")
    private Map<String, String> settings = new LinkedHashMap<>();

    /// What is set.
    ///
    /// @throws ConfigurationException naming where, which field, and why
    public Configuration load() {
        return load(Map.of());
    }

    /// What is set, options of its own overruling.
    ///
    /// @param own path of a setting → its text; empty texts are left out
    public Configuration load(Map<String, String> own) {
        final Map<String, String> options = new LinkedHashMap<>(settings);
        own.forEach((path, text) -> {
            if (!text.isEmpty()) {
                options.put(path, text);
            }
        });
        return Configuration.load(file, System.getenv(), options);
    }
}
