package io.basalt.cli.volume;

import io.basalt.cli.ByteSize;
import io.basalt.cli.CommandException;
import io.basalt.cli.ExitCode;
import io.basalt.cli.cluster.ClusterCommand;
import io.basalt.cli.output.Texts;
import io.basalt.cli.rest.Lookup;
import io.basalt.cli.rest.RestClient;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/// `basalt resize`: make a volume larger, while guests use it.
@Command(
        name = "resize",
        mixinStandardHelpOptions = true,
        description = "Make a volume larger. A guest that uses it sees the new size at once.")
public final class ResizeCommand extends ClusterCommand {
    @Parameters(index = "0", paramLabel = "VOLUME", description = "Its name.")
    private String name = "";

    @Option(
            names = {"-s", "--size"},
            paramLabel = "SIZE",
            required = true,
            description = "The new size, or what to add: 40G, +20G.")
    private String size = "";

    @Option(names = "--dry-run", description = "Say what would be done, and do nothing.")
    private boolean dryRun;

    @Override
    protected int run(RestClient client) {
        final boolean relative = size.startsWith("+");
        final long asked = ByteSize.parse(relative ? size.substring(1) : size).bytes();
        final JsonNode volume = Lookup.volume(client, name);
        final long before = Texts.bytes(volume, "sizeBytes");
        final long after = relative ? Math.addExact(before, asked) : asked;
        final String change = name + " from " + ByteSize.text(before) + " to " + ByteSize.text(after);
        if (after < before) {
            throw CommandException.usage(
                    "a volume cannot be made smaller: " + change,
                    "make a new one and copy: basalt export " + name + " - | basalt import - NEW");
        }
        if (dryRun || after == before) {
            output().one(
                            volume,
                            name,
                            after == before ? name + " has " + ByteSize.text(after) : "would resize " + change);
            return ExitCode.OK;
        }
        final JsonNode resized = client.change(
                "PATCH",
                Lookup.volumePath(name),
                JsonNodeFactory.instance.objectNode().put("sizeBytes", after));
        output().one(resized, name, "resized " + change);
        return ExitCode.OK;
    }
}
