package io.basalt.cli.volume;

import io.basalt.cli.ExitCode;
import io.basalt.cli.cluster.ClusterCommand;
import io.basalt.cli.output.OutputFormat;
import io.basalt.cli.output.Table;
import io.basalt.cli.output.Texts;
import io.basalt.cli.rest.Pages;
import io.basalt.cli.rest.RestClient;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
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
        CREATED;

        Comparator<JsonNode> comparator() {
            return switch (this) {
                case NAME -> Comparator.comparing(volume -> Texts.text(volume, "name"));
                case SIZE -> largestFirst("sizeBytes");
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
        final List<JsonNode> volumes = Pages.volumes(client, all ? most : Integer.MAX_VALUE).stream()
                .filter(volume -> wanted.matcher(Texts.text(volume, "name")).matches())
                .sorted(order.comparator())
                .limit(most)
                .toList();
        final boolean more = wide || output().format() == OutputFormat.WIDE;
        final Table table = more
                ? Table.of("NAME", ">SIZE", "STATE", "GATE", "CLASS", "SET", ">SHARD", ">GENERATION", "CREATED")
                : Table.of("NAME", ">SIZE", "STATE", "GATE", "CLASS");
        output().list(
                        volumes,
                        volume -> Texts.text(volume, "name"),
                        table,
                        (rows, volume) -> rows.row(more ? wide(volume) : narrow(volume)),
                        glob.equals("*")
                                ? "no volumes yet; make one: basalt create vm1 -s 20G"
                                : "no volume matches '" + glob + "'");
        return ExitCode.OK;
    }

    private static String[] narrow(JsonNode volume) {
        return new String[] {
            Texts.text(volume, "name"),
            Texts.size(volume, "sizeBytes"),
            state(volume),
            Texts.text(volume, "gate"),
            Texts.text(volume, "class"),
        };
    }

    private static String[] wide(JsonNode volume) {
        return new String[] {
            Texts.text(volume, "name"),
            Texts.size(volume, "sizeBytes"),
            state(volume),
            Texts.text(volume, "gate"),
            Texts.text(volume, "class"),
            Texts.text(volume.path("parts").path(0), "set"),
            Texts.size(volume, "shardBytes"),
            Long.toString(Texts.bytes(volume, "generation")),
            Texts.time(Texts.bytes(volume, "createdMs")),
        };
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
