package io.basalt.cli.cluster;

import io.basalt.cli.CommandException;
import io.basalt.cli.ExitCode;
import io.basalt.cli.output.Columns;
import io.basalt.cli.output.Fields;
import io.basalt.cli.output.Texts;
import io.basalt.cli.rest.Lookup;
import io.basalt.cli.rest.Pages;
import io.basalt.cli.rest.RestClient;
import io.basalt.cli.rest.RestException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// `basalt set`: cells of the cluster, each with devices, placement groups and a rule of its own.
@Command(
        name = "set",
        mixinStandardHelpOptions = true,
        description = "Cells of the cluster, each with devices and a placement rule of its own.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {SetCommand.Ls.class, SetCommand.Info.class, SetCommand.Create.class, SetCommand.Change.class})
public final class SetCommand {
    /// `basalt set ls`.
    @Command(name = "ls", mixinStandardHelpOptions = true, description = "List sets.")
    static final class Ls extends ClusterCommand {
        @Override
        protected int run(RestClient client) {
            final Columns columns = new Columns()
                    .text("NAME", "name")
                    .number("DEVICES", "devices")
                    .number("COPIES", "copies")
                    .text("ONE PER", "failureDomain")
                    .number("PGS", "pgCount")
                    .number("VOLUMES", "volumes")
                    .size("RAW", "rawBytes")
                    .size("USED", "usedBytes")
                    .wide()
                    .number("MIN COPIES", "minCopies")
                    .number("MAP", "mapVersion")
                    .number("OVERCOMMIT", set -> Texts.text(set, "overcommitPercent") + " %");
            output().list(Pages.all(client, "sets"), "name", columns, "no sets yet; make one: basalt set create NAME");
            return ExitCode.OK;
        }
    }

    /// `basalt set info`.
    @Command(name = "info", mixinStandardHelpOptions = true, description = "Show a set.")
    static final class Info extends ClusterCommand {
        @Parameters(index = "0", paramLabel = "SET", description = "Its name.")
        private String name = "";

        @Override
        protected int run(RestClient client) {
            final JsonNode set = Lookup.named(client, "set", name);
            output().one(set, name, text(set));
            return ExitCode.OK;
        }

        private String text(JsonNode set) {
            final boolean laidOut = set.path("laidOut").booleanValue(false);
            return new Fields()
                    .put("name", Texts.text(set, "name"))
                    .put("id", Texts.text(set, "id"))
                    .put(
                            "rule",
                            Texts.text(set, "copies") + " copies, one per " + Texts.text(set, "failureDomain")
                                    + "; writes need " + Texts.text(set, "minCopies"))
                    .put(
                            "placement",
                            Texts.text(set, "pgCount") + " groups"
                                    + (laidOut ? "" : ", not laid out yet: too few hosts with devices"))
                    .put("devices", Texts.text(set, "devices"))
                    .put("volumes", Texts.text(set, "volumes"))
                    .put("raw", Texts.size(set, "rawBytes") + ", " + Texts.size(set, "usedBytes") + " used")
                    .put(
                            "provisioned",
                            Texts.size(set, "provisionedBytes") + " of "
                                    + Texts.size(set, "usableBytes") + ", at most "
                                    + Texts.text(set, "overcommitPercent") + " %")
                    .put("map version", Texts.text(set, "mapVersion"))
                    .text(output().style());
        }
    }

    /// What `create` and `change` have in common.
    abstract static class Bounds extends ClusterCommand {
        @Parameters(index = "0", paramLabel = "SET", description = "Its name.")
        private String name = "";

        @Option(names = "--min-copies", paramLabel = "N", description = "Fewest copies a write is answered with.")
        private @Nullable Integer minCopies;

        @Option(names = "--overcommit", paramLabel = "PERCENT", description = "Most to provision; 0 for no bound.")
        private @Nullable Integer overcommit;

        @Option(names = "--dry-run", description = "Say what would be done, and do nothing.")
        private boolean dryRun;

        final String name() {
            return name;
        }

        final boolean dryRun() {
            return dryRun;
        }

        final ObjectNode bounds() {
            final ObjectNode bounds = JsonNodeFactory.instance.objectNode();
            if (minCopies != null) {
                bounds.put("minCopies", minCopies);
            }
            if (overcommit != null) {
                bounds.put("overcommitPercent", overcommit);
            }
            return bounds;
        }
    }

    /// `basalt set create`.
    @Command(name = "create", mixinStandardHelpOptions = true, description = "Make a set; its devices then name it.")
    static final class Create extends Bounds {
        @Option(names = "--copies", paramLabel = "N", defaultValue = "3", description = "Copies of each shard (3).")
        private int copies;

        @Option(
                names = "--failure-domain",
                paramLabel = "WHAT",
                defaultValue = "host",
                description = "No two copies share a room, rack, host or device (host).")
        private String failureDomain = "";

        @Option(names = "--pgs", paramLabel = "N", defaultValue = "256", description = "Placement groups (256).")
        private int pgs;

        @Option(names = "--if-not-exists", description = "It may be there already.")
        private boolean ifNotExists;

        @Override
        protected int run(RestClient client) {
            final ObjectNode request = bounds().put("name", name())
                    .put("copies", copies)
                    .put("failureDomain", failureDomain)
                    .put("pgCount", pgs);
            if (dryRun()) {
                output().one(request, name(), "would create set " + name());
                return ExitCode.OK;
            }
            try {
                output().one(client.change("POST", "/v1/sets", request), name(), "created set " + name());
            } catch (RestException refused) {
                if (!ifNotExists || !refused.conflict()) {
                    throw refused;
                }
                output().one(Lookup.named(client, "set", name()), name(), "set " + name() + " exists already");
            }
            return ExitCode.OK;
        }
    }

    /// `basalt set change`.
    @Command(name = "change", mixinStandardHelpOptions = true, description = "Change a set's bounds.")
    static final class Change extends Bounds {
        @Override
        protected int run(RestClient client) {
            final ObjectNode change = bounds();
            if (change.isEmpty()) {
                throw CommandException.usage("nothing to change", "give --min-copies N or --overcommit PERCENT");
            }
            final JsonNode before = Lookup.named(client, "set", name());
            if (dryRun()) {
                output().one(before, name(), "would change set " + name() + ": " + change);
                return ExitCode.OK;
            }
            final JsonNode after = client.change("PATCH", "/v1/sets/" + RestClient.encode(name()), change);
            output().one(
                            after,
                            name(),
                            "set " + name() + ": writes need " + Texts.text(after, "minCopies") + " copies, at most "
                                    + Texts.text(after, "overcommitPercent") + " % provisioned");
            return ExitCode.OK;
        }
    }
}
