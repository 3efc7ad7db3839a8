package io.basalt.cli.cluster;

import io.basalt.cli.CommandException;
import io.basalt.cli.ExitCode;
import io.basalt.cli.config.ConfigOptions;
import io.basalt.cli.config.Configuration;
import io.basalt.cli.output.Columns;
import io.basalt.cli.output.OutputOptions;
import io.basalt.cli.output.Style;
import io.basalt.cli.output.Texts;
import io.basalt.cli.rest.RestClient;
import io.basalt.meta.StoredState;
import io.basalt.meta.log.local.SnapshotFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// `basalt meta`: the replicas of the metaserver, and backups of its state.
@Command(
        name = "meta",
        mixinStandardHelpOptions = true,
        description = "The metaserver's replicas and backups.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            MetaCommand.Ls.class,
            MetaCommand.Add.class,
            MetaCommand.Rm.class,
            MetaCommand.Transfer.class,
            MetaCommand.Backup.class,
            MetaCommand.Restore.class,
        })
public final class MetaCommand {
    private static ObjectNode json() {
        return JsonNodeFactory.instance.objectNode();
    }

    /// `basalt meta ls`.
    @Command(name = "ls", mixinStandardHelpOptions = true, description = "List replicas, as the one asked knows them.")
    static final class Ls extends ClusterCommand {
        @Override
        protected int run(RestClient client) {
            final JsonNode meta = client.get("/v1/meta");
            final Style style = output().style();
            final List<JsonNode> replicas = new ArrayList<>();
            meta.path("replicas").forEach(replicas::add);
            final Columns columns = new Columns()
                    .number("ID", "id")
                    .text(
                            "ROLE",
                            replica -> replica.path("leads").booleanValue(false) ? style.good("leader") : "follower")
                    .text("ADDRESS", "address")
                    .text("REST", replica -> replica.path("rest").stringValue("not known yet"))
                    .text("HEARD OF", replica -> heard(replica, style));
            output().list(
                            replicas,
                            "id",
                            columns,
                            "this metaserver is the only one; its log is its own (" + Texts.text(meta, "lastIndex")
                                    + " commands)");
            return ExitCode.OK;
        }

        private static String heard(JsonNode replica, Style style) {
            if (replica.path("self").booleanValue(false)) {
                return "is the one asked";
            }
            return switch (replica.path("contact").stringValue("")) {
                case "ANSWERS" -> style.good("answers");
                case "SILENT" -> style.bad("does not answer");
                case "STRANGER" -> style.bad("has another key, or was not taken in");
                default -> "not asked yet";
            };
        }
    }

    /// `basalt meta add`.
    @Command(
            name = "add",
            mixinStandardHelpOptions = true,
            description = {
                "Take a new replica into the quorum.",
                "It runs already, with an empty folder and these settings in [meta]: its own id, a quorum that lists"
                        + " it, and join = true.",
            })
    static final class Add extends ClusterCommand {
        @Parameters(index = "0", paramLabel = "ID@HOST:PORT", description = "Its new number, and where it waits.")
        private String replica = "";

        @Option(names = "--dry-run", description = "Say what would be done, and do nothing.")
        private boolean dryRun;

        @Override
        protected int run(RestClient client) {
            if (!replica.matches("\\d{1,5}@.+:\\d{1,5}")) {
                throw CommandException.usage(
                        "'" + replica + "' is no replica",
                        "write its number and address, for instance 4@10.0.0.4:7702");
            }
            final int at = replica.indexOf('@');
            final ObjectNode body = json().put("id", Integer.parseInt(replica.substring(0, at)))
                    .put("address", replica.substring(at + 1));
            if (!dryRun) {
                client.change("POST", "/v1/meta/replicas", body);
            }
            output().one(body, replica.substring(0, at), (dryRun ? "would add" : "added") + " replica " + replica);
            return ExitCode.OK;
        }
    }

    /// `basalt meta rm`.
    @Command(
            name = "rm",
            mixinStandardHelpOptions = true,
            description = "Leave a replica out of the quorum, dead or alive. Asks first.")
    static final class Rm extends ClusterCommand {
        @Parameters(index = "0", paramLabel = "ID", description = "Its number.")
        private int id;

        @Mixin
        private Confirmation confirmation = new Confirmation();

        @Override
        protected int run(RestClient client) {
            final JsonNode replica = json().put("id", id);
            if (confirmation.dryRun()) {
                output().one(replica, Integer.toString(id), "would remove replica " + id);
                return ExitCode.OK;
            }
            if (!confirmation.given("Remove replica " + id + " of the metaserver? Its number is not used again.")) {
                return ExitCode.FAILED;
            }
            client.change("DELETE", "/v1/meta/replicas/" + id, null);
            output().one(replica, Integer.toString(id), "removed replica " + id);
            return ExitCode.OK;
        }
    }

    /// `basalt meta transfer`.
    @Command(name = "transfer", mixinStandardHelpOptions = true, description = "Have another replica lead.")
    static final class Transfer extends ClusterCommand {
        @Parameters(index = "0", paramLabel = "ID", description = "Its number.")
        private int id;

        @Override
        protected int run(RestClient client) {
            final ObjectNode body = json().put("id", id);
            client.change("POST", "/v1/meta/transfer", body);
            output().one(body, Integer.toString(id), "replica " + id + " leads");
            return ExitCode.OK;
        }
    }

    /// `basalt meta backup`.
    @Command(
            name = "backup",
            mixinStandardHelpOptions = true,
            description = "Write the metaserver's state to a file, which only its owner may read.")
    static final class Backup extends ClusterCommand {
        @Parameters(index = "0", paramLabel = "FILE", description = "Must not be there yet.")
        private Path file = Path.of("");

        @Override
        protected int run(RestClient client) {
            if (Files.exists(file)) {
                throw new CommandException(ExitCode.CONFLICT, file + ": is there already", "name another file");
            }
            final byte[] bytes = client.download("/v1/meta/backup");
            final SnapshotFile snapshot = SnapshotFile.of("from " + client.base(), bytes);
            try {
                Files.createFile(
                        file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
                Files.write(file, bytes, StandardOpenOption.WRITE, StandardOpenOption.DSYNC);
            } catch (IOException failure) {
                throw new CommandException(
                        ExitCode.FAILED, file + ": cannot be written: " + failure, "name a file on a disk with room");
            }
            output().one(
                            json().put("file", file.toString())
                                    .put("lastIndex", snapshot.index())
                                    .put("bytes", bytes.length),
                            file.toString(),
                            "wrote " + file + ": the state after " + snapshot.index() + " commands, "
                                    + Texts.count(bytes.length, "byte"));
            return ExitCode.OK;
        }
    }

    /// `basalt meta restore`.
    @Command(
            name = "restore",
            mixinStandardHelpOptions = true,
            description = {
                "Begin an empty data folder with the state of a backup, for a metaserver that is started on it.",
                "Volumes that were made or attached after the backup are not in it; chunk servers keep their data.",
            })
    static final class Restore implements Callable<Integer> {
        @Parameters(index = "0", paramLabel = "FILE", description = "What `basalt meta backup` has written.")
        private Path file = Path.of("");

        @Option(
                names = "--meta-data",
                paramLabel = "DIR",
                description = "The metaserver's data folder (default: setting meta.data).")
        private String folder = "";

        @Option(names = "--dry-run", description = "Look at the file, and write nothing.")
        private boolean dryRun;

        @Mixin
        private ConfigOptions config = new ConfigOptions();

        @Mixin
        private OutputOptions output = new OutputOptions();

        @Override
        public Integer call() throws IOException {
            final Configuration settings = config.load(Map.of("meta.data", folder));
            final Path data = settings.path("meta.data", "meta");
            final SnapshotFile snapshot = SnapshotFile.of(file.toString(), Files.readAllBytes(file));
            if (!dryRun) {
                Files.createDirectories(data);
                StoredState.restore(data, snapshot);
            }
            output.one(
                    json().put("data", data.toString()).put("lastIndex", snapshot.index()),
                    data.toString(),
                    (dryRun ? "would begin " : "began ") + data + " with the state after " + snapshot.index()
                            + " commands; its tokens are those of the backup");
            return ExitCode.OK;
        }
    }
}
