package io.basalt.cli.volume;

import io.basalt.cli.ByteSize;
import io.basalt.cli.ExitCode;
import io.basalt.cli.cluster.ClusterCommand;
import io.basalt.cli.output.Columns;
import io.basalt.cli.output.Texts;
import io.basalt.cli.rest.Lookup;
import io.basalt.cli.rest.Pages;
import io.basalt.cli.rest.RestClient;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// `basalt du`: what volumes take, and what they may come to take; those that take most first.
@Command(
        name = "du",
        mixinStandardHelpOptions = true,
        description = {
            "Show what volumes take, and what they take when they are full, most first.",
            "STORED is what guests have written and not discarded, one copy of it; RAW is all copies.",
        })
public final class DiskUseCommand extends ClusterCommand {
    @Parameters(arity = "0..*", paramLabel = "VOLUME", description = "Only these.")
    private List<String> names = List.of();

    @Override
    protected int run(RestClient client) {
        final Map<String, Long> copies = Copies.bySet(client);
        final List<JsonNode> volumes = new ArrayList<>();
        if (names.isEmpty()) {
            volumes.addAll(Pages.volumes(client, Integer.MAX_VALUE));
        } else {
            names.forEach(name -> volumes.add(Lookup.volume(client, name)));
        }
        for (final JsonNode volume : volumes) {
            ((ObjectNode) volume)
                    .put("copies", Copies.of(volume, copies))
                    .put("storedBytes", Copies.stored(volume, copies))
                    .put("rawBytes", Texts.bytes(volume, "contentBytes"))
                    .put("rawBytesMax", Copies.rawBytesMax(volume, copies));
        }
        volumes.sort(Comparator.comparingLong((JsonNode volume) -> Texts.bytes(volume, "rawBytes"))
                .thenComparingLong(volume -> Texts.bytes(volume, "sizeBytes"))
                .reversed());
        final Columns columns = new Columns()
                .text("NAME", "name")
                .size("PROVISIONED", "sizeBytes")
                .size("STORED", "storedBytes")
                .number(
                        "USE",
                        volume -> Texts.percent(Texts.bytes(volume, "storedBytes"), Texts.bytes(volume, "sizeBytes")))
                .number("COPIES", "copies")
                .size("RAW", "rawBytes")
                .size("RAW WHEN FULL", "rawBytesMax");
        output().list(volumes, "name", columns, "no volumes yet; make one: basalt create vm1 -s 20G");
        if (output().format().forPeople() && names.isEmpty()) {
            totals(client, volumes);
        }
        return ExitCode.OK;
    }

    private void totals(RestClient client, List<JsonNode> volumes) {
        if (volumes.size() > 1) {
            output().out()
                    .println(Texts.count(volumes.size(), "volume") + ", " + sum(volumes, "sizeBytes") + " provisioned; "
                            + sum(volumes, "storedBytes") + " stored, " + sum(volumes, "rawBytes") + " raw, "
                            + sum(volumes, "rawBytesMax") + " raw when full");
        }
        final long deleted = Texts.bytes(client.get("/v1/status").path("capacity"), "deletedBytes");
        if (deleted > 0) {
            output().out().println("deleted volumes still take " + ByteSize.text(deleted) + " raw");
        }
        output().out().flush();
    }

    private static String sum(List<JsonNode> volumes, String field) {
        return ByteSize.text(
                volumes.stream().mapToLong(volume -> Texts.bytes(volume, field)).sum());
    }
}
