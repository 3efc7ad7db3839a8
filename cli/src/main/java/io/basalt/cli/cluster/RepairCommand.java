package io.basalt.cli.cluster;

import io.basalt.cli.ExitCode;
import io.basalt.cli.output.Columns;
import io.basalt.cli.output.Style;
import io.basalt.cli.output.Texts;
import io.basalt.cli.rest.RestClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import tools.jackson.databind.JsonNode;

/// `basalt repair`: copies that are being brought in sync.
@Command(
        name = "repair",
        mixinStandardHelpOptions = true,
        description = "Copies that are being brought in sync.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {RepairCommand.Ls.class})
public final class RepairCommand {
    private static String duration(long ms) {
        return ms < 1000 ? ms + " ms" : Texts.age(Duration.ofMillis(ms));
    }

    private static String from(JsonNode repair) {
        return repair.has("from") ? Texts.text(repair, "from") : "-";
    }

    private static String shards(JsonNode repair) {
        final long all = Texts.bytes(repair, "shards");
        final long done = Texts.bytes(repair, "shardsDone");
        return repair.has("shards") ? done + "/" + all + " (" + Texts.percent(done, all) + ")" : "-";
    }

    private static String written(JsonNode repair) {
        return repair.has("bytes") ? Texts.size(repair, "bytes") : "-";
    }

    private static String rate(JsonNode repair) {
        return repair.has("bytesPerSecond") ? Texts.size(repair, "bytesPerSecond") + "/s" : "-";
    }

    private static String state(JsonNode repair, Style style) {
        final String state = Texts.text(repair, "state");
        return switch (state) {
            case "moving", "catching-up" -> style.warn(state.replace('-', ' '));
            case "in-sync" -> style.good("in sync");
            default -> style.bad(state.replace('-', ' '));
        };
    }

    private static String outcome(JsonNode repair, Style style) {
        return Texts.text(repair, "outcome").equals("in-sync") ? style.good("in sync") : style.warn("given up");
    }

    /// `basalt repair ls`.
    @Command(
            name = "ls",
            mixinStandardHelpOptions = true,
            description = "List the copies that are not in sync: moving to another device, catching up, or absent.",
            footer = {
                "",
                "  basalt repair ls             # what is under way, and how long it may take",
                "  basalt repair ls --history   # the last 100 that have ended"
            })
    static final class Ls extends ClusterCommand {
        @Option(names = "--history", description = "Those that have ended, the newest first.")
        private boolean history;

        @Override
        protected int run(RestClient client) {
            final JsonNode answer = client.get("/v1/repairs");
            if (history) {
                output().list(
                                elements(answer, "ended"),
                                "pg",
                                columns()
                                        .number("WRITTEN", RepairCommand::written)
                                        .text("OUTCOME", each -> outcome(each, output().style()))
                                        .text("STARTED", each -> Texts.time(Texts.bytes(each, "startedMs")))
                                        .number(
                                                "TOOK",
                                                each -> duration(
                                                        Texts.bytes(each, "endedMs") - Texts.bytes(each, "startedMs"))),
                                "nothing has been repaired since this metaserver leads");
                return ExitCode.OK;
            }
            final List<JsonNode> repairs = elements(answer, "repairs");
            final long nowMs = Texts.bytes(answer, "nowMs");
            output().list(
                            repairs,
                            "pg",
                            columns()
                                    .text("STATE", each -> state(each, output().style()))
                                    .number("SHARDS", RepairCommand::shards)
                                    .number("WRITTEN", RepairCommand::written)
                                    .number("RATE", RepairCommand::rate)
                                    .number(
                                            "FOR",
                                            each -> duration(Math.max(0, nowMs - Texts.bytes(each, "startedMs"))))
                                    .number(
                                            "ETA",
                                            each -> each.has("etaMs") ? duration(Texts.bytes(each, "etaMs")) : "-"),
                            "every copy is in sync");
            return ExitCode.OK;
        }

        private static Columns columns() {
            return new Columns()
                    .text("SET", "set")
                    .number("PG", "pg")
                    .number("FROM", RepairCommand::from)
                    .number("TO", "to");
        }

        private static List<JsonNode> elements(JsonNode answer, String what) {
            final List<JsonNode> all = new ArrayList<>();
            answer.path(what).forEach(all::add);
            return all;
        }
    }
}
