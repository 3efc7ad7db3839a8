package io.basalt.cli.cluster;

import io.basalt.cli.ExitCode;
import io.basalt.cli.output.Columns;
import io.basalt.cli.output.Fields;
import io.basalt.cli.output.Style;
import io.basalt.cli.output.Texts;
import io.basalt.cli.rest.Lookup;
import io.basalt.cli.rest.Pages;
import io.basalt.cli.rest.RestClient;
import io.basalt.cli.rest.RestException;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/// `basalt node`: gates and chunk servers.
@Command(
        name = "node",
        mixinStandardHelpOptions = true,
        description = "Gates and chunk servers.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            NodeCommand.Ls.class,
            NodeCommand.Info.class,
            NodeCommand.Drain.class,
            NodeCommand.Undrain.class,
        })
public final class NodeCommand {
    private static String state(JsonNode node, Style style) {
        return node.path("up").booleanValue(false) ? style.good("up") : style.bad("down");
    }

    private static String place(JsonNode node) {
        return String.join("/", Texts.text(node, "room"), Texts.text(node, "rack"), Texts.text(node, "host"));
    }

    /// `basalt node ls`.
    @Command(name = "ls", mixinStandardHelpOptions = true, description = "List nodes.")
    static final class Ls extends ClusterCommand {
        @Override
        protected int run(RestClient client) {
            final Style style = output().style();
            final Columns columns = new Columns()
                    .text("NAME", "name")
                    .text("ROLE", "role")
                    .text("STATE", node -> state(node, style))
                    .number(
                            "DEVICES",
                            node -> Integer.toString(node.path("devices").size()))
                    .text("PLACE", NodeCommand::place)
                    .wide()
                    .number("ID", "id")
                    .text("SOFTWARE", "software")
                    .text("REGISTERED", node -> Texts.time(Texts.bytes(node, "registeredMs")))
                    .text("UUID", "uuid");
            output().list(Pages.all(client, "nodes"), "name", columns, "no nodes yet; start one: basalt serve chunk");
            return ExitCode.OK;
        }
    }

    /// `basalt node info`.
    @Command(name = "info", mixinStandardHelpOptions = true, description = "Show a node.")
    static final class Info extends ClusterCommand {
        @Parameters(index = "0", paramLabel = "NODE", description = "Its name.")
        private String name = "";

        @Override
        protected int run(RestClient client) {
            final JsonNode node = Lookup.named(client, "node", name);
            final List<String> devices = new ArrayList<>();
            node.path("devices").forEach(device -> devices.add(device.asString()));
            final Fields fields = new Fields()
                    .put("name", Texts.text(node, "name"))
                    .put("id", Texts.text(node, "id"))
                    .put("role", Texts.text(node, "role"))
                    .put("state", state(node, output().style()))
                    .put("place", place(node))
                    .put("software", Texts.text(node, "software"))
                    .put("devices", devices.isEmpty() ? "none" : String.join(", ", devices))
                    .put("registered", Texts.time(Texts.bytes(node, "registeredMs")))
                    .put("uuid", Texts.text(node, "uuid"));
            output().one(node, name, fields.text(output().style()));
            return ExitCode.OK;
        }
    }

    /// A change of all devices of a node.
    abstract static class OfAllDevices extends ClusterCommand {
        @Parameters(index = "0", paramLabel = "NODE", description = "Its name.")
        private String name = "";

        @Mixin
        private Confirmation confirmation = new Confirmation();

        private final String state;
        private final String will;
        private final String done;

        OfAllDevices(String state, String will, String done) {
            this.state = state;
            this.will = will;
            this.done = done;
        }

        @Override
        protected int run(RestClient client) {
            final JsonNode node = Lookup.named(client, "node", name);
            final String devices = Texts.count(node.path("devices").size(), "device") + " of " + name;
            if (confirmation.dryRun()) {
                output().one(node, name, "would " + will + " " + devices);
                return ExitCode.OK;
            }
            for (final JsonNode device : node.path("devices")) {
                try {
                    client.change(
                            "PATCH",
                            "/v1/devices/" + device.asString(),
                            JsonNodeFactory.instance.objectNode().put("state", state));
                } catch (RestException refused) {
                    output().out().println("device " + device.asString() + ": " + refused.reason());
                    output().out().flush();
                    throw refused;
                }
            }
            output().one(node, name, done + " " + devices);
            return ExitCode.OK;
        }
    }

    /// `basalt node drain`.
    @Command(name = "drain", mixinStandardHelpOptions = true, description = "Move the data of all its devices away.")
    static final class Drain extends OfAllDevices {
        Drain() {
            super("drain", "drain", "draining");
        }
    }

    /// `basalt node undrain`.
    @Command(
            name = "undrain",
            aliases = "uncordon",
            mixinStandardHelpOptions = true,
            description = "Let data be placed on all its devices again.")
    static final class Undrain extends OfAllDevices {
        Undrain() {
            super("in", "put in", "put in");
        }
    }
}
