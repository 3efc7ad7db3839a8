package io.basalt.cli.cluster;

import io.basalt.cli.ByteSize;
import io.basalt.cli.ExitCode;
import io.basalt.cli.output.Table;
import io.basalt.cli.output.Texts;
import io.basalt.cli.rest.Pages;
import io.basalt.cli.rest.RestClient;
import picocli.CommandLine.Command;
import tools.jackson.databind.JsonNode;

/// `basalt df`: what is stored and what is free, by set.
@Command(
        name = "df",
        mixinStandardHelpOptions = true,
        description = "Show capacity by set: raw bytes of all devices, and what volumes can still take.")
public final class FreeCommand extends ClusterCommand {
    @Override
    protected int run(RestClient client) {
        final Table table =
                Table.of("SET", ">RAW", ">USED", ">USE", ">FREE FOR VOLUMES", ">COPIES", ">VOLUMES", ">PROVISIONED");
        output().list(Pages.all(client, "sets"), set -> Texts.text(set, "name"), table, FreeCommand::row, "no sets");
        return ExitCode.OK;
    }

    private static void row(Table rows, JsonNode set) {
        final long raw = Texts.bytes(set, "rawBytes");
        final long used = Texts.bytes(set, "usedBytes");
        final long copies = Math.max(1, set.path("copies").longValue(1));
        final long usable = raw / copies;
        rows.row(
                Texts.text(set, "name"),
                ByteSize.text(raw),
                ByteSize.text(used),
                Texts.percent(used, raw),
                ByteSize.text(Math.max(0, (raw - used) / copies)),
                Long.toString(copies),
                Texts.text(set, "volumes"),
                Texts.size(set, "provisionedBytes") + " (" + Texts.percent(Texts.bytes(set, "provisionedBytes"), usable)
                        + ")");
    }
}
