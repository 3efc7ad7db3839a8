package io.basalt.cli.upgrade;

import io.basalt.cli.CommandException;
import io.basalt.cli.ExitCode;
import io.basalt.cli.Seconds;
import io.basalt.cli.cluster.ClusterOptions;
import io.basalt.cli.cluster.Confirmation;
import io.basalt.cli.config.Configuration;
import io.basalt.cli.rest.RestClient;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// `basalt upgrade`: restarts metaservers and chunk servers one by one, after their software was replaced.
@Command(
        name = "upgrade",
        mixinStandardHelpOptions = true,
        description = {
            "Restart metaservers and chunk servers one by one, once newer software lies on their hosts.",
            "Each is restarted only while everything answers and every copy is in sync. I/O goes on. It stops at the "
                    + "first step that is not well, and goes on there when it is run again.",
        },
        footer = {
            "",
            "  basalt upgrade --dry-run         # what would be restarted, by which command",
            "  basalt upgrade --restart-chunk 'ssh {host} systemctl restart basalt-chunk@{name}' \\",
            "                 --restart-meta 'ssh {host} systemctl restart basalt-meta'",
            "",
            "Gates are upgraded on their hosts, with guests running: basalt gate upgrade",
        })
public final class UpgradeCommand implements Callable<Integer> {
    private static final String JOURNAL = "upgrade.json";

    @Mixin
    private ClusterOptions cluster = new ClusterOptions();

    @Mixin
    private Confirmation confirmation = new Confirmation();

    @Option(
            names = "--restart-chunk",
            paramLabel = "COMMAND",
            description = "Restarts chunk server {name} of {host} (default: setting upgrade.restart_chunk).")
    private String restartChunk = "";

    @Option(
            names = "--restart-meta",
            paramLabel = "COMMAND",
            description = "Restarts metaserver {name} of {host} (default: setting upgrade.restart_meta).")
    private String restartMeta = "";

    @Option(
            names = "--wait",
            paramLabel = "TIME",
            defaultValue = "10m",
            description = "Longest wait for one process to be back and in sync (default: ${DEFAULT-VALUE}).")
    private Seconds limit = new Seconds(0);

    @Option(
            names = "--journal",
            paramLabel = "FILE",
            description = "Where it is kept how far the upgrade is (default: upgrade.json in the folder of all state).")
    private @Nullable Path journal;

    @Spec
    private @Nullable CommandSpec spec;

    @Override
    public Integer call() {
        final Configuration settings = cluster.configuration();
        final Journal kept = new Journal(journal == null ? settings.data().resolve(JOURNAL) : journal);
        try (RestClient client = cluster.connect()) {
            final RestCluster found = new RestCluster(client);
            final Upgrade upgrade = new Upgrade(
                    found,
                    member -> command(settings, member.kind()).run(member),
                    kept,
                    new Upgrade.Time(
                            () -> TimeUnit.NANOSECONDS.toMillis(System.nanoTime()),
                            ms -> LockSupport.parkNanos(Duration.ofMillis(ms).toNanos())),
                    TimeUnit.NANOSECONDS.toMillis(limit.ns()),
                    this::say);
            final List<Step> plan = upgrade.plan();
            if (confirmation.dryRun()) {
                show(settings, found, plan, kept);
                return ExitCode.OK;
            }
            plan.forEach(step -> command(settings, step.kind()));
            if (!confirmation.given("Restart " + plan.size() + " processes, one by one?")) {
                return ExitCode.FAILED;
            }
            upgrade.run();
            say("done: " + plan.size() + " processes were restarted; gates are next, on their hosts:"
                    + " basalt gate upgrade");
            return ExitCode.OK;
        }
    }

    private void show(Configuration settings, RestCluster found, List<Step> plan, Journal kept) {
        if (kept.exists()) {
            say("an upgrade was begun; this goes on with it (" + kept.file() + ")");
        }
        final List<Member> members = found.members();
        for (final Step step : plan) {
            members.stream()
                    .filter(each -> each.kind() == step.kind() && each.name().equals(step.name()))
                    .forEach(each -> say(
                            step.state() == StepState.DONE
                                    ? each.text() + ": was done before"
                                    : "would restart " + each.text() + ": "
                                            + String.join(
                                                    " ",
                                                    command(settings, each.kind())
                                                            .wordsFor(each))));
        }
        final List<String> obstacles = found.obstacles();
        if (obstacles.isEmpty()) {
            say("all is well: it could begin");
        } else {
            obstacles.forEach(each -> say("would not begin: " + each));
        }
    }

    private RestartCommand command(Configuration settings, Member.Kind kind) {
        final String key = kind == Member.Kind.META ? "restart_meta" : "restart_chunk";
        final String option = kind == Member.Kind.META ? restartMeta : restartChunk;
        final String text = option.isBlank() ? settings.text("upgrade." + key) : option;
        if (text.isBlank()) {
            throw CommandException.usage(
                    "upgrade." + key + ": is not set, so that no " + kind.text() + " can be restarted",
                    "name the command: --" + key.replace('_', '-') + " 'ssh {host} systemctl restart "
                            + (kind == Member.Kind.META ? "basalt-meta'" : "basalt-chunk@{name}'"));
        }
        return RestartCommand.of(text);
    }

    private void say(String text) {
        final PrintWriter out = Objects.requireNonNull(spec, "the command line parser sets it")
                .commandLine()
                .getOut();
        out.println(text);
        out.flush();
    }
}
