package io.basalt.cli.config;

import io.basalt.cli.ExitCode;
import io.basalt.cli.output.Columns;
import io.basalt.cli.output.OutputOptions;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/// `basalt config`: what is set, and by whom.
@Command(
        name = "config",
        mixinStandardHelpOptions = true,
        description = "Settings: a file, overruled by the environment (BASALT_META_LISTEN), overruled by options.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = ConfigCommand.Show.class)
public final class ConfigCommand {
    /// `basalt config show`.
    @Command(
            name = "show",
            mixinStandardHelpOptions = true,
            description = "Show every setting with its value; --origin also who set it.")
    static final class Show implements Callable<Integer> {
        @Option(names = "--origin", description = "Show where each value came from.")
        private boolean origin;

        @Mixin
        private ConfigOptions config = new ConfigOptions();

        @Mixin
        private OutputOptions output = new OutputOptions();

        @Override
        public Integer call() {
            final Configuration settings = config.load();
            final List<JsonNode> rows = new ArrayList<>();
            settings.all()
                    .forEach((path, value) -> rows.add(JsonNodeFactory.instance
                            .objectNode()
                            .put("name", path)
                            .put("value", value.text())
                            .put("origin", value.origin())
                            .put("variable", Setting.variable(path))
                            .put("meaning", Configuration.meaning(path))));
            final Columns columns = new Columns().text("SETTING", "name").text("VALUE", row -> plain(row, "value"));
            if (origin) {
                columns.text("ORIGIN", "origin");
            } else {
                columns.text("MEANING", "meaning");
            }
            output.list(rows, "name", columns, "nothing can be set");
            final Path file = settings.file();
            if (file == null && output.format().forPeople()) {
                output.out().println("no file was read; --config names one");
                output.out().flush();
            }
            return ExitCode.OK;
        }

        /// A setting without a value is an empty place, not a dash.
        private static String plain(JsonNode row, String field) {
            return row.path(field).stringValue("");
        }
    }
}
