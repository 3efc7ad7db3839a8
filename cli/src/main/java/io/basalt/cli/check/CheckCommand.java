package io.basalt.cli.check;

import io.basalt.cli.CommandException;
import io.basalt.cli.ExitCode;
import io.basalt.cli.cluster.ClusterOptions;
import io.basalt.cli.config.Configuration;
import io.basalt.cli.output.OutputOptions;
import io.basalt.cli.output.Progress;
import io.basalt.cli.output.Style;
import io.basalt.cli.serve.ChunkDaemon;
import io.basalt.cli.tool.DeviceReactor;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `basalt check`: whether all copies are the same, on devices whose chunk servers are stopped.
@Command(
        name = "check",
        mixinStandardHelpOptions = true,
        description = {
            "Compare all copies of all that is stored, byte for byte, with their chunk servers stopped.",
            "Each copy is checked by itself, then against the others: the same blocks, versions and content, no copy"
                    + " missing, no two on one host. Changes nothing.",
        },
        footer = {
            "",
            "Which copies there should be is read from the metaserver's log, if that is here and not in use, or asked of"
                    + " a running metaserver. Without either, whatever copies are there are compared.",
            "",
            "  basalt check --config basalt.toml         # all devices in the file",
            "  basalt check /dev/nvme0n1 /dev/nvme1n1",
        },
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:all copies are the same",
            "1:something differs, or a device cannot be read",
            "3:a device is not there",
            "4:a device is in use",
        })
public final class CheckCommand implements Callable<Integer> {
    @Parameters(
            arity = "0..*",
            paramLabel = "DEVICE",
            description = "Block devices or files (default: those of every [chunk.NAME] of the settings).")
    private List<Path> named = List.of();

    @Option(
            names = "--copies",
            paramLabel = "N",
            defaultValue = "0",
            description = "Copies that each shard should have on these devices, if no metaserver can say.")
    private int copies;

    @Option(names = "--no-progress", description = "No progress line.")
    private boolean noProgress;

    @Mixin
    private ClusterOptions cluster = new ClusterOptions();

    @Mixin
    private OutputOptions output = new OutputOptions();

    @Spec
    private @Nullable CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        final List<CheckedDevice> devices = devices(cluster.configuration());
        final CopyPlan plan = PlanFinder.find(cluster);
        final PrintWriter err = Objects.requireNonNull(spec, "the command line parser sets it")
                .commandLine()
                .getErr();
        final Progress progress = new Progress(err, !noProgress && Style.terminal(), System::nanoTime);
        progress.begin("looking at devices", 0);
        final CheckReport report = DeviceReactor.runOnAll(
                devices.stream().map(CheckedDevice::path).toList(), false, (volumes, reactor, result) -> {
                    final CopyCheck check = new CopyCheck(devices, plan, copies, progress, result);
                    check.begin(volumes, reactor);
                });
        progress.end();
        output.one(report.json(), report.isClean() ? "clean" : "different", report.text(output.style()));
        return report.isClean() ? ExitCode.OK : ExitCode.FAILED;
    }

    private List<CheckedDevice> devices(Configuration settings) throws IOException {
        final List<CheckedDevice> devices = new ArrayList<>();
        for (final Path path : named) {
            devices.add(new CheckedDevice(path, null));
        }
        if (named.isEmpty()) {
            for (final String server : settings.chunkServers()) {
                for (final Path path : ChunkDaemon.paths(settings, server)) {
                    devices.add(new CheckedDevice(path, null));
                }
            }
        }
        if (devices.isEmpty()) {
            throw CommandException.usage(
                    "no device is named, and there is no [chunk.NAME] in "
                            + (settings.file() == null ? "any settings" : settings.file()),
                    "name devices: basalt check /dev/nvme0n1 /dev/nvme1n1, or give --config FILE");
        }
        return devices;
    }
}
