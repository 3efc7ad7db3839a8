package io.basalt.cli.cluster;

import io.basalt.cli.CommandException;
import io.basalt.cli.ExitCode;
import io.basalt.cli.output.Columns;
import io.basalt.cli.output.Fields;
import io.basalt.cli.output.Style;
import io.basalt.cli.output.Texts;
import io.basalt.cli.rest.Lookup;
import io.basalt.cli.rest.Pages;
import io.basalt.cli.rest.RestClient;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// `basalt device`: storage devices of chunk servers.
@Command(
        name = "device",
        mixinStandardHelpOptions = true,
        description = "Storage devices of chunk servers.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            DeviceCommand.Ls.class,
            DeviceCommand.Info.class,
            DeviceCommand.Change.class,
            DeviceCommand.Drain.class,
            DeviceCommand.In.class,
            DeviceCommand.Out.class,
        })
public final class DeviceCommand {
    private static String state(JsonNode device, Style style) {
        final String state = Texts.text(device, "state").toLowerCase(Locale.ROOT);
        if (device.path("failed").booleanValue(false)) {
            return style.bad("failed");
        }
        final long errors = Texts.bytes(device, "errors");
        final String known = errors == 0 ? "" : style.warn(", " + Texts.count(errors, "error"));
        return switch (state) {
            case "up_in" -> style.good("up") + known;
            case "down_in" -> style.bad("down");
            case "full" -> style.bad(state) + known;
            default -> style.warn(state) + known;
        };
    }

    private static String operations(JsonNode device) {
        final JsonNode io = device.path("io");
        return Texts.rate(io.path("readsPerSecond").doubleValue(0)
                + io.path("writesPerSecond").doubleValue(0));
    }

    private static String weight(JsonNode device) {
        return String.format(Locale.ROOT, "%.3f", device.path("weight").doubleValue(0));
    }

    /// `basalt device ls`.
    @Command(name = "ls", mixinStandardHelpOptions = true, description = "List devices.")
    static final class Ls extends ClusterCommand {
        @Override
        protected int run(RestClient client) {
            final Style style = output().style();
            final Columns columns = new Columns()
                    .number("ID", "id")
                    .text("NODE", "node")
                    .text("STATE", device -> state(device, style))
                    .size("CAPACITY", "capacityBytes")
                    .size("USED", "usedBytes")
                    .number(
                            "USE",
                            device -> Texts.percent(
                                    Texts.bytes(device, "usedBytes"), Texts.bytes(device, "capacityBytes")))
                    .number("WEIGHT", DeviceCommand::weight)
                    .text("SET", "set")
                    .wide()
                    .size("STORED", "contentBytes")
                    .number("OP/S", DeviceCommand::operations)
                    .text("CLASS", "class")
                    .text("ADDRESS", "address")
                    .text("UUID", "uuid");
            output().list(
                            Pages.all(client, "devices"),
                            "id",
                            columns,
                            "no devices yet; a chunk server brings them: basalt serve chunk");
            return ExitCode.OK;
        }
    }

    /// `basalt device info`.
    @Command(name = "info", mixinStandardHelpOptions = true, description = "Show a device.")
    static final class Info extends ClusterCommand {
        @Parameters(index = "0", paramLabel = "ID", description = "Its number.")
        private int id;

        @Override
        protected int run(RestClient client) {
            final JsonNode device = Lookup.device(client, id);
            final Fields fields = new Fields()
                    .put("id", Texts.text(device, "id"))
                    .put("node", Texts.text(device, "node"))
                    .put("state", state(device, output().style()))
                    .put("set", Texts.text(device, "set"))
                    .put("class", Texts.text(device, "class"))
                    .put("address", Texts.text(device, "address"))
                    .put("capacity", Texts.size(device, "capacityBytes"))
                    .put(
                            "used",
                            Texts.size(device, "usedBytes") + " ("
                                    + Texts.percent(
                                            Texts.bytes(device, "usedBytes"), Texts.bytes(device, "capacityBytes"))
                                    + ")")
                    .put("stored", Texts.size(device, "contentBytes"))
                    .put("errors", Texts.text(device, "errors"))
                    .put("io", operations(device) + " op/s")
                    .put("weight", weight(device))
                    .put("uuid", Texts.text(device, "uuid"));
            output().one(device, Integer.toString(id), fields.text(output().style()));
            return ExitCode.OK;
        }
    }

    /// A change of a device's state.
    abstract static class OfState extends ClusterCommand {
        @Parameters(index = "0", paramLabel = "ID", description = "Its number.")
        private int id;

        @Mixin
        private Confirmation confirmation = new Confirmation();

        private final String state;

        OfState(String state) {
            this.state = state;
        }

        /// What is to be asked before, empty for nothing.
        abstract String question(JsonNode device);

        /// What follows, for people.
        abstract String outlook();

        @Override
        protected int run(RestClient client) {
            final JsonNode before = Lookup.device(client, id);
            if (confirmation.dryRun()) {
                output().one(
                                before,
                                Integer.toString(id),
                                "would set device " + id + " on " + Texts.text(before, "node") + ", now "
                                        + state(before, Style.PLAIN) + ", to " + state);
                return ExitCode.OK;
            }
            final String question = question(before);
            if (!question.isEmpty() && !confirmation.given(question)) {
                return ExitCode.FAILED;
            }
            final JsonNode after = client.change(
                    "PATCH",
                    "/v1/devices/" + id,
                    JsonNodeFactory.instance.objectNode().put("state", state));
            output().one(after, Integer.toString(id), "device " + id + ": " + state(after, Style.PLAIN) + outlook());
            return ExitCode.OK;
        }
    }

    /// `basalt device drain`.
    @Command(
            name = "drain",
            mixinStandardHelpOptions = true,
            description = "Move a device's data away, keeping it in use until the last copy has another place.")
    static final class Drain extends OfState {
        Drain() {
            super("drain");
        }

        @Override
        String question(JsonNode device) {
            return "";
        }

        @Override
        String outlook() {
            return "; its copies move to other devices, then it is out: basalt repair ls";
        }
    }

    /// `basalt device in`.
    @Command(name = "in", mixinStandardHelpOptions = true, description = "Let data be placed on a device again.")
    static final class In extends OfState {
        In() {
            super("in");
        }

        @Override
        String question(JsonNode device) {
            return "";
        }

        @Override
        String outlook() {
            return "";
        }
    }

    /// `basalt device out`.
    @Command(
            name = "out",
            mixinStandardHelpOptions = true,
            description = "Take a device out at once: its copies are made anew on others.")
    static final class Out extends OfState {
        Out() {
            super("out");
        }

        @Override
        String question(JsonNode device) {
            return "Take device " + Texts.text(device, "id") + " on " + Texts.text(device, "node") + " ("
                    + Texts.size(device, "usedBytes") + " stored) out at once?";
        }

        @Override
        String outlook() {
            return "; its copies are made anew on other devices: basalt repair ls";
        }
    }

    /// `basalt device set`.
    @Command(
            name = "set",
            mixinStandardHelpOptions = true,
            description = "Take a device into use or out of it, or give it another weight.",
            footer = {
                "",
                "  basalt device set 4 --state drain     # move its data away",
                "  basalt device set 4 --weight 3.6"
            })
    static final class Change extends ClusterCommand {
        @Parameters(index = "0", paramLabel = "ID", description = "Its number.")
        private int id;

        @Option(names = "--state", paramLabel = "STATE", description = "in, drain (move data away) or out (at once).")
        private @Nullable Wanted state;

        @Option(names = "--weight", paramLabel = "WEIGHT", description = "Share of the data; 1 is usual for each TiB.")
        private @Nullable Double weight;

        @Mixin
        private Confirmation confirmation = new Confirmation();

        /// What a device is to become.
        private enum Wanted {
            IN,
            DRAIN,
            OUT;

            @Override
            public String toString() {
                return name().toLowerCase(Locale.ROOT);
            }
        }

        @Override
        protected int run(RestClient client) {
            final ObjectNode change = JsonNodeFactory.instance.objectNode();
            if (state != null) {
                change.put("state", state.toString());
            }
            if (weight != null) {
                change.put("weight", weight);
            }
            if (change.isEmpty()) {
                throw CommandException.usage("nothing to change", "give --state in|drain|out, or --weight WEIGHT");
            }
            final JsonNode before = Lookup.device(client, id);
            if (confirmation.dryRun()) {
                output().one(
                                before,
                                Integer.toString(id),
                                "would change device " + id + " on " + Texts.text(before, "node") + ", now "
                                        + describe(before) + ", to " + described());
                return ExitCode.OK;
            }
            if (state == Wanted.OUT
                    && !confirmation.given("Take device " + id + " on " + Texts.text(before, "node") + " ("
                            + Texts.size(before, "usedBytes") + " stored) out at once, leaving fewer copies?")) {
                return ExitCode.FAILED;
            }
            final JsonNode after = client.change("PATCH", "/v1/devices/" + id, change);
            output().one(after, Integer.toString(id), "device " + id + ": " + describe(after));
            return ExitCode.OK;
        }

        private static String describe(JsonNode device) {
            return state(device, Style.PLAIN) + ", weight " + weight(device);
        }

        private String described() {
            final List<String> wanted = new ArrayList<>();
            if (state != null) {
                wanted.add(state.toString());
            }
            if (weight != null) {
                wanted.add("weight " + weight);
            }
            return String.join(", ", wanted);
        }
    }
}
