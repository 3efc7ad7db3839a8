package io.basalt.cli.volume;

import io.basalt.cli.CommandException;
import io.basalt.cli.ExitCode;
import io.basalt.cli.cluster.ClusterCommand;
import io.basalt.cli.cluster.Confirmation;
import io.basalt.cli.output.OutputFormat;
import io.basalt.cli.output.Texts;
import io.basalt.cli.rest.Lookup;
import io.basalt.cli.rest.RestClient;
import io.basalt.cli.rest.RestException;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;

/// `basalt rm`: delete volumes and all that is in them.
@Command(
        name = "rm",
        aliases = "remove",
        mixinStandardHelpOptions = true,
        description = "Delete volumes with all that is in them. Asks first.")
public final class RemoveCommand extends ClusterCommand {
    @Parameters(arity = "1..*", paramLabel = "VOLUME", description = "Their names.")
    private List<String> names = List.of();

    @Mixin
    private Confirmation confirmation = new Confirmation();

    @Option(names = "--if-exists", description = "They may be gone already.")
    private boolean ifExists;

    @Override
    protected int run(RestClient client) {
        final List<JsonNode> volumes = new ArrayList<>();
        for (final String name : names) {
            find(client, name, volumes);
        }
        for (final JsonNode volume : volumes) {
            if (volume.path("attached").booleanValue(false)) {
                final String name = Texts.text(volume, "name");
                throw new CommandException(
                        ExitCode.CONFLICT,
                        name + " is attached to " + Texts.text(volume, "gate"),
                        "stop its guest, then: basalt detach " + name);
            }
        }
        final String what = String.join(
                ", ",
                volumes.stream()
                        .map(volume -> Texts.text(volume, "name") + " (" + Texts.size(volume, "sizeBytes") + ")")
                        .toList());
        if (confirmation.dryRun()) {
            say(volumes.isEmpty() ? "nothing to delete" : "would delete " + what);
            return ExitCode.OK;
        }
        if (volumes.isEmpty()) {
            say("nothing to delete");
            return ExitCode.OK;
        }
        if (!confirmation.given(
                "Delete " + what + " and all that is in " + (volumes.size() == 1 ? "it" : "them") + "?")) {
            say("nothing was deleted");
            return ExitCode.FAILED;
        }
        for (final JsonNode volume : volumes) {
            client.change("DELETE", Lookup.volumePath(Texts.text(volume, "name")), null);
            output().one(volume, Texts.text(volume, "name"), "deleted " + Texts.text(volume, "name"));
        }
        return ExitCode.OK;
    }

    private void find(RestClient client, String name, List<JsonNode> into) {
        try {
            into.add(client.get(Lookup.volumePath(name)));
        } catch (RestException refused) {
            if (!refused.notFound()) {
                throw refused;
            }
            if (!ifExists) {
                throw Lookup.noVolume(client, name);
            }
        }
    }

    private void say(String text) {
        if (output().format() == OutputFormat.TABLE || output().format() == OutputFormat.WIDE) {
            output().out().println(text);
            output().out().flush();
        }
    }
}
