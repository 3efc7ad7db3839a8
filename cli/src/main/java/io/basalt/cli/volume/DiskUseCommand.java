package io.basalt.cli.volume;

import io.basalt.cli.ByteSize;
import io.basalt.cli.ExitCode;
import io.basalt.cli.cluster.ClusterCommand;
import io.basalt.cli.output.Table;
import io.basalt.cli.output.Texts;
import io.basalt.cli.rest.Lookup;
import io.basalt.cli.rest.Pages;
import io.basalt.cli.rest.RestClient;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// `basalt du`: what volumes may come to take, largest first.
@Command(
        name = "du",
        mixinStandardHelpOptions = true,
        description = {
            "Show what volumes take when they are full: their size, and with all copies.",
            "What is stored so far is counted by device, not by volume: see `basalt df`.",
        })
public final class DiskUseCommand extends ClusterCommand {
    @Parameters(arity = "0..*", paramLabel = "VOLUME", description = "Only these.")
    private List<String> names = List.of();

    @Override
    protected int run(RestClient client) {
        final Map<String, Long> copies = new HashMap<>();
        Pages.all(client, "sets")
                .forEach(set ->
                        copies.put(Texts.text(set, "name"), set.path("copies").longValue(1)));
        final List<JsonNode> volumes = new ArrayList<>();
        if (names.isEmpty()) {
            volumes.addAll(Pages.volumes(client, Integer.MAX_VALUE));
        } else {
            names.forEach(name -> volumes.add(Lookup.volume(client, name)));
        }
        long provisioned = 0;
        long raw = 0;
        for (final JsonNode volume : volumes) {
            final long whole = raw(volume, copies);
            ((ObjectNode) volume).put("rawBytesMax", whole);
            provisioned += Texts.bytes(volume, "sizeBytes");
            raw += whole;
        }
        volumes.sort(Comparator.comparingLong((JsonNode volume) -> Texts.bytes(volume, "sizeBytes"))
                .reversed());
        final Table table = Table.of("NAME", ">PROVISIONED", ">COPIES", ">RAW WHEN FULL");
        output().list(
                        volumes,
                        volume -> Texts.text(volume, "name"),
                        table,
                        (rows, volume) -> rows.row(
                                Texts.text(volume, "name"),
                                Texts.size(volume, "sizeBytes"),
                                Long.toString(copies.getOrDefault(set(volume), 1L)),
                                Texts.size(volume, "rawBytesMax")),
                        "no volumes yet; make one: basalt create vm1 -s 20G");
        if (output().format().forPeople() && volumes.size() > 1) {
            output().out()
                    .println(Texts.count(volumes.size(), "volume") + ", " + ByteSize.text(provisioned)
                            + " provisioned, " + ByteSize.text(raw) + " raw when full");
            output().out().flush();
        }
        return ExitCode.OK;
    }

    private static String set(JsonNode volume) {
        return Texts.text(volume.path("parts").path(0), "set");
    }

    private static long raw(JsonNode volume, Map<String, Long> copies) {
        long raw = 0;
        for (final JsonNode part : volume.path("parts")) {
            raw += Texts.bytes(part, "lengthBytes") * copies.getOrDefault(Texts.text(part, "set"), 1L);
        }
        return raw;
    }
}
