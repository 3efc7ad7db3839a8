package io.basalt.cli.output;

import java.io.PrintWriter;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.dataformat.yaml.YAMLMapper;
import tools.jackson.dataformat.yaml.YAMLWriteFeature;

/// The options of every command that answers with something to look at, and how they are obeyed.
public final class OutputOptions {
    private static final JsonMapper JSON = new JsonMapper();
    private static final YAMLMapper YAML = YAMLMapper.builder()
            .disable(YAMLWriteFeature.WRITE_DOC_START_MARKER)
            .enable(YAMLWriteFeature.MINIMIZE_QUOTES)
            .build();

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FORMAT",
            defaultValue = "table",
            description = "${COMPLETION-CANDIDATES} (default: table).")
    private OutputFormat format = OutputFormat.TABLE;

    @Option(names = "--json", description = "The same as -o json.")
    private boolean json;

    @Option(names = "--no-color", description = "No colours; NO_COLOR in the environment does the same.")
    private boolean noColour;

    @Spec(Spec.Target.MIXEE)
    private @Nullable CommandSpec mixee;

    /// The format that was asked for.
    public OutputFormat format() {
        return json ? OutputFormat.JSON : format;
    }

    /// Colours, or not.
    public Style style() {
        return format().forPeople() ? Style.of(System.getenv(), noColour) : Style.PLAIN;
    }

    /// Where answers go.
    public PrintWriter out() {
        return Objects.requireNonNull(mixee, "the command line parser sets it")
                .commandLine()
                .getOut();
    }

    /// Print several things.
    ///
    /// @param name member of each that is its name, for `-o name`
    /// @param nothing what people are told if there are none
    public void list(List<JsonNode> things, String name, Columns columns, String nothing) {
        list(things, name, columns, nothing, format() == OutputFormat.WIDE);
    }

    /// Print several things.
    ///
    /// @param name member of each that is its name, for `-o name`
    /// @param nothing what people are told if there are none
    /// @param wide whether people see all columns
    public void list(List<JsonNode> things, String name, Columns columns, String nothing, boolean wide) {
        final PrintWriter out = out();
        switch (format()) {
            case NAME -> things.forEach(thing -> out.println(Texts.text(thing, name)));
            case JSON, YAML -> {
                final ArrayNode array = JsonNodeFactory.instance.arrayNode();
                array.addAll(things);
                document(array);
            }
            case TABLE, WIDE -> {
                out.print(
                        things.isEmpty()
                                ? nothing + System.lineSeparator()
                                : columns.table(things, wide).text(style()));
            }
        }
        out.flush();
    }

    /// Print one thing.
    ///
    /// @param name for `-o name`
    /// @param people what people see, without the last line break
    public void one(JsonNode thing, String name, String people) {
        final PrintWriter out = out();
        switch (format()) {
            case NAME -> out.println(name);
            case JSON, YAML -> document(thing);
            case TABLE, WIDE -> out.println(people);
        }
        out.flush();
    }

    private void document(JsonNode thing) {
        if (format() == OutputFormat.JSON) {
            out().println(JSON.writerWithDefaultPrettyPrinter().writeValueAsString(thing));
        } else {
            out().print(YAML.writeValueAsString(thing));
        }
    }
}
