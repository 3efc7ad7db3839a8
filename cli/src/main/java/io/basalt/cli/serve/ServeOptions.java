package io.basalt.cli.serve;

import io.basalt.cli.config.ConfigOptions;
import io.basalt.cli.config.Configuration;
import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// The options that all daemons have.
public final class ServeOptions {
    @Mixin
    private ConfigOptions config = new ConfigOptions();

    @Option(
            names = "--data",
            paramLabel = "DIR",
            description = "Folder that all state lies under (default: setting data, /var/lib/basalt).")
    private String data = "";

    @Option(
            names = "--log-level",
            paramLabel = "LEVEL",
            description = "error, warning, notice, info or debug (default: setting log_level).")
    private String logLevel = "";

    /// What is set.
    ///
    /// @param own path of a setting → its text, from the command's own options; empty texts are left out
    Configuration load(Map<String, String> own) {
        final Map<String, String> options = new LinkedHashMap<>(own);
        options.put("data", data);
        options.put("log_level", logLevel);
        return config.load(options);
    }
}
