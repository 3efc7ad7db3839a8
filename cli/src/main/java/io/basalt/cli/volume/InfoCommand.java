package io.basalt.cli.volume;

import io.basalt.cli.ByteSize;
import io.basalt.cli.ExitCode;
import io.basalt.cli.cluster.ClusterCommand;
import io.basalt.cli.output.Fields;
import io.basalt.cli.output.OutputFormat;
import io.basalt.cli.output.Texts;
import io.basalt.cli.rest.Lookup;
import io.basalt.cli.rest.RestClient;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;

/// `basalt info`: all that is known of one volume.
@Command(name = "info", mixinStandardHelpOptions = true, description = "Show a volume.")
public final class InfoCommand extends ClusterCommand {
    @Parameters(index = "0", paramLabel = "VOLUME", description = "Its name.")
    private String name = "";

    @Override
    protected int run(RestClient client) {
        final JsonNode volume = Lookup.volume(client, name);
        if (!output().format().forPeople()) {
            output().one(volume, name, "");
            return ExitCode.OK;
        }
        final JsonNode set =
                Lookup.named(client, "set", Texts.text(volume.path("parts").path(0), "set"));
        output().one(volume, name, text(volume, set));
        return ExitCode.OK;
    }

    private String text(JsonNode volume, JsonNode set) {
        final long size = Texts.bytes(volume, "sizeBytes");
        final long shard = Math.max(1, Texts.bytes(volume, "shardBytes"));
        final Fields fields = new Fields();
        fields.put("name", Texts.text(volume, "name"));
        fields.put("id", Texts.text(volume, "id"));
        fields.put("size", ByteSize.text(size) + " (" + size + " bytes)");
        final long copies = Math.max(1, set.path("copies").longValue(1));
        final long content = Texts.bytes(volume, "contentBytes");
        fields.put(
                "stored",
                ByteSize.text(content / copies) + " (" + Texts.percent(content / copies, size) + "), "
                        + ByteSize.text(content) + " with all copies");
        fields.put("class", Texts.text(volume, "class"));
        fields.put(
                "set",
                Texts.text(set, "name") + ": " + Texts.text(set, "copies") + " copies, one per "
                        + Texts.text(set, "failureDomain"));
        fields.put(
                "shards", (size + shard - 1) / shard + " of " + ByteSize.text(shard) + ", stored when first written");
        fields.put("sector", Texts.text(volume, "blockBytes") + " bytes");
        fields.put(
                "attached",
                volume.path("attached").booleanValue(false)
                        ? "to " + Texts.text(volume, "gate") + ", generation " + Texts.text(volume, "generation")
                        : "no; basalt attach " + Texts.text(volume, "name"));
        fields.put("created", Texts.time(Texts.bytes(volume, "createdMs")));
        if (volume.path("parts").size() > 1 || output().format() == OutputFormat.WIDE) {
            for (final JsonNode part : volume.path("parts")) {
                fields.put(
                        "part " + Texts.text(part, "id"),
                        Texts.size(part, "lengthBytes") + " at " + Texts.size(part, "offsetBytes") + " in set "
                                + Texts.text(part, "set"));
            }
        }
        return fields.text(output().style());
    }
}
