package io.basalt.cli.cluster;

import io.basalt.cli.ByteSize;
import io.basalt.cli.ExitCode;
import io.basalt.cli.output.Columns;
import io.basalt.cli.output.Texts;
import io.basalt.cli.rest.Pages;
import io.basalt.cli.rest.RestClient;
import picocli.CommandLine.Command;
import tools.jackson.databind.JsonNode;

/// `basalt df`: what is stored and what is free, by set.
@Command(
        name = "df",
        mixinStandardHelpOptions = true,
        description = {
            "Show capacity by set: raw bytes of all devices, and what volumes can still take.",
            "USED is space that shards take on devices, STORED what guests have written, one copy of it.",
        })
public final class FreeCommand extends ClusterCommand {
    @Override
    protected int run(RestClient client) {
        final Columns columns = new Columns()
                .text("SET", "name")
                .size("RAW", "rawBytes")
                .size("USED", "usedBytes")
                .number("USE", set -> Texts.percent(Texts.bytes(set, "usedBytes"), Texts.bytes(set, "rawBytes")))
                .number("COPIES", "copies")
                .number("STORED", set -> ByteSize.text(Texts.bytes(set, "contentBytes") / copies(set)))
                .number("FREE FOR VOLUMES", FreeCommand::free)
                .number("VOLUMES", "volumes")
                .number("PROVISIONED", FreeCommand::provisioned);
        output().list(Pages.all(client, "sets"), "name", columns, "no sets yet; make one: basalt set create NAME");
        return ExitCode.OK;
    }

    private static long copies(JsonNode set) {
        return Math.max(1, set.path("copies").longValue(1));
    }

    private static String free(JsonNode set) {
        return ByteSize.text(Math.max(0, Texts.bytes(set, "rawBytes") - Texts.bytes(set, "usedBytes")) / copies(set));
    }

    private static String provisioned(JsonNode set) {
        final long usable = Texts.bytes(set, "rawBytes") / copies(set);
        return Texts.size(set, "provisionedBytes") + " (" + Texts.percent(Texts.bytes(set, "provisionedBytes"), usable)
                + ")";
    }
}
