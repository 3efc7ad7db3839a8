package io.basalt.cli.volume;

import io.basalt.cli.ByteSize;
import io.basalt.cli.ExitCode;
import io.basalt.cli.cluster.ClusterCommand;
import io.basalt.cli.output.Columns;
import io.basalt.cli.output.OutputFormat;
import io.basalt.cli.output.Texts;
import io.basalt.cli.rest.Pages;
import io.basalt.cli.rest.RestClient;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;

/// `basalt ls`: the volumes.
@Command(
        name = "ls",
        aliases = "list",
        mixinStandardHelpOptions = true,
        description = "List volumes.",
        footer = {"", "  basalt ls -l 'vm*' --sort size"})
public final class ListCommand extends ClusterCommand {
    @Parameters(index = "0", arity = "0..1", paramLabel = "GLOB", description = "Only these: * and ? stand for others.")
    private String glob = "*";

    @Option(names = "-l", description = "More columns; the same as -o wide.")
    private boolean wide;

    @Option(names = "--sort", paramLabel = "FIELD", defaultValue = "name", description = "${COMPLETION-CANDIDATES}.")
    private Order order = Order.NAME;

    @Option(names = "-n", paramLabel = "COUNT", description = "Only the first ones.")
    private int most = Integer.MAX_VALUE;

    /// What the list is sorted by.
    private enum Order {
        NAME,
        SIZE,
        STORED,
        CREATED;

        Comparator<JsonNode> comparator() {
            return switch (this) {
                case NAME -> Comparator.comparing(volume -> Texts.text(volume, "name"));
                case SIZE -> largestFirst("sizeBytes");
                case STORED -> largestFirst("contentBytes");
                case CREATED -> largestFirst("createdMs");
            };
        }

        private static Comparator<JsonNode> largestFirst(String field) {
            return Comparator.comparingLong((JsonNode volume) -> Texts.bytes(volume, field))
                    .reversed();
        }

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    @Override
    protected int run(RestClient client) {
        final Pattern wanted = pattern(glob);
        final boolean all = order == Order.NAME && glob.equals("*");
        final boolean more = wide || output().format() == OutputFormat.WIDE;
        final Map<String, Long> copies = more ? Copies.bySet(client) : Map.of();
        final List<JsonNode> volumes = Pages.volumes(client, all ? most : Integer.MAX_VALUE).stream()
                .filter(volume -> wanted.matcher(Texts.text(volume, "name")).matches())
                .sorted(order.comparator())
                .limit(most)
                .toList();
        final Columns columns = new Columns().text("NAME", "name").size("SIZE", "sizeBytes");
        if (more) {
            columns.number("STORED", volume -> ByteSize.text(Copies.stored(volume, copies)));
        }
        columns.text("STATE", ListCommand::state)
                .text("GATE", "gate")
                .text("CLASS", "class")
                .wide()
                .text("SET", volume -> Texts.text(volume.path("parts").path(0), "set"))
                .size("SHARD", "shardBytes")
                .number("GENERATION", "generation")
                .text("CREATED", volume -> Texts.time(Texts.bytes(volume, "createdMs")));
        output().list(
                        volumes,
                        "name",
                        columns,
                        glob.equals("*")
                                ? "no volumes yet; make one: basalt create vm1 -s 20G"
                                : "no volume matches '" + glob + "'",
                        more);
        return ExitCode.OK;
    }

    static String state(JsonNode volume) {
        return volume.path("attached").booleanValue(false) ? "attached" : "detached";
    }

    private static Pattern pattern(String glob) {
        final StringBuilder pattern = new StringBuilder();
        for (int at = 0; at < glob.length(); at++) {
            final char c = glob.charAt(at);
            pattern.append(
                    switch (c) {
                        case '*' -> ".*";
                        case '?' -> ".";
                        default -> Pattern.quote(String.valueOf(c));
                    });
        }
        return Pattern.compile(pattern.toString());
    }
}
