package io.basalt.cli.gate;

import io.basalt.cli.ExitCode;
import io.basalt.cli.Seconds;
import io.basalt.cli.config.ConfigOptions;
import io.basalt.cli.output.OutputOptions;
import io.basalt.cli.output.Style;
import io.basalt.cli.output.Table;
import io.basalt.cli.output.Texts;
import io.basalt.gate.rpc.RpcClient;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// `basalt top`: what a gate's reactors and disks do, as it goes on.
@Command(
        name = "top",
        mixinStandardHelpOptions = true,
        description = {
            "Show how busy a gate's reactors are, and what its disks do.",
            "QUEUES has queue:reactor of each queue. Queues move from a reactor that is busy for long to one that has"
                    + " time; framework_set_scheduler says when.",
        },
        footer = {"", "  basalt top --every 5s", "  basalt top -n 1 -o json"})
public final class TopCommand implements Callable<Integer> {
    private static final double BUSY_PERCENT = 90;
    private static final double MS_US = 1000;
    private static final String CLEAR = "\u001b[H\u001b[2J";

    @Option(
            names = {"-n", "--count"},
            paramLabel = "COUNT",
            description = "End after so many looks (default: go on at a terminal, else 1).")
    private int count;

    @Option(
            names = "--every",
            paramLabel = "TIME",
            defaultValue = "1s",
            description = "Time between two looks (default: ${DEFAULT-VALUE}).")
    private Seconds every = new Seconds(0);

    @Mixin
    private GateTarget target = new GateTarget();

    @Mixin
    private ConfigOptions config = new ConfigOptions();

    @Mixin
    private OutputOptions output = new OutputOptions();

    @Override
    public Integer call() {
        if (every.ns() <= 0 || count < 0) {
            throw new IllegalArgumentException("--every and -n must be more than 0");
        }
        final boolean live = count == 0 && output.format().forPeople() && Style.terminal();
        final int looks = count == 0 ? 1 : count;
        try (RpcClient gate = target.connect(config.load())) {
            TopSample before = TopSample.take(gate);
            for (int look = 0; live || look < looks; look++) {
                LockSupport.parkNanos(every.ns());
                final TopSample now = TopSample.take(gate);
                final ObjectNode seen = now.since(before);
                output.one(seen, "gate", (live ? CLEAR : "") + text(seen));
                before = now;
            }
        }
        return ExitCode.OK;
    }

    private String text(JsonNode seen) {
        final Style style = output.style();
        final Table reactors = Table.of("REACTOR", ">CPU", "MODE", ">BUSY", ">POLLERS", ">LONGEST PASS");
        for (final JsonNode reactor : seen.path("reactors")) {
            final double busy = reactor.path("busy_percent").doubleValue();
            final String share = String.format(Locale.ROOT, "%.0f %%", busy);
            reactors.row(
                    Texts.text(reactor, "name"),
                    reactor.path("cpu").asInt() < 0 ? "any" : Texts.text(reactor, "cpu"),
                    Texts.text(reactor, "mode"),
                    busy > BUSY_PERCENT ? style.warn(share) : share,
                    Texts.text(reactor, "pollers"),
                    String.format(
                            Locale.ROOT,
                            "%.1f ms",
                            reactor.path("longest_pass_us").doubleValue() / MS_US));
        }
        final Table disks =
                Table.of("DISK", ">READS/S", ">READ MB/S", ">MEAN", ">WRITES/S", ">WRITE MB/S", ">MEAN", "QUEUES");
        for (final JsonNode disk : seen.path("disks")) {
            disks.row(
                    Texts.text(disk, "name"),
                    rate(disk, "reads_per_second"),
                    megabytes(disk, "read_bytes_per_second"),
                    mean(disk, "read_mean_us"),
                    rate(disk, "writes_per_second"),
                    megabytes(disk, "write_bytes_per_second"),
                    mean(disk, "write_mean_us"),
                    StreamSupport.stream(disk.path("queues").spliterator(), false)
                            .map(JsonNode::asString)
                            .collect(Collectors.joining(" ")));
        }
        final String list = disks.isEmpty() ? "No disks." : disks.text(style).stripTrailing();
        return reactors.text(style) + System.lineSeparator() + list;
    }

    private static String rate(JsonNode disk, String field) {
        return Texts.rate(disk.path(field).doubleValue());
    }

    private static String megabytes(JsonNode disk, String field) {
        return String.format(Locale.ROOT, "%.1f", disk.path(field).doubleValue() / 1e6);
    }

    private static String mean(JsonNode disk, String field) {
        final double us = disk.path(field).doubleValue();
        if (us <= 0) {
            return "-";
        }
        return us < MS_US
                ? String.format(Locale.ROOT, "%.0f us", us)
                : String.format(Locale.ROOT, "%.1f ms", us / MS_US);
    }
}
