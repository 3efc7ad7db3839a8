package io.basalt.cli.demo;

import io.basalt.cli.ByteSize;
import io.basalt.cli.ExitCode;
import io.basalt.cli.Seconds;
import io.basalt.cli.Termination;
import io.basalt.gate.config.GateLog;
import io.basalt.gate.config.LogLevel;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// `basalt demo`: a cluster with one volume, loaded and checked, also while a chunk server is killed; ready for a
/// guest.
@Command(
        name = "demo",
        mixinStandardHelpOptions = true,
        description = {
            "Run a cluster with a checked workload, kill a chunk server under it, and see it come back.",
            "A metaserver, three chunk servers and a gate, on sparse files. Needs no root and no huge pages.",
        })
public final class DemoCommand implements Callable<Integer> {
    @Option(
            names = "--data",
            paramLabel = "DIR",
            defaultValue = "basalt-demo",
            description = "Folder of all state, kept afterwards (default: ./${DEFAULT-VALUE}).")
    private Path data = Path.of("");

    @Option(
            names = "--size",
            paramLabel = "SIZE",
            defaultValue = "1G",
            description = "Size of the volume, thin (default: ${DEFAULT-VALUE}).")
    private ByteSize size = new ByteSize(0);

    @Option(
            names = "--time",
            paramLabel = "TIME",
            defaultValue = "5s",
            description = "How long to load it (default: ${DEFAULT-VALUE}).")
    private Seconds time = new Seconds(0);

    @Option(names = "--once", description = "End after the workload instead of staying up.")
    private boolean once;

    @Option(names = "--local", description = "Only a gate with a disk in one file: no cluster, no copies.")
    private boolean local;

    @Spec
    private @Nullable CommandSpec spec;

    @Override
    public Integer call() throws IOException, InterruptedException {
        final PrintWriter out = Objects.requireNonNull(spec, "the command line parser sets it")
                .commandLine()
                .getOut();
        final GateLog log = GateLog.install(LogLevel.ERROR);
        final DemoScreen screen = new DemoScreen(out);
        final Runnable stay = () -> {
            screen.end(data.toAbsolutePath(), once);
            if (!once) {
                Termination.await();
            }
        };
        if (local) {
            new LocalDemo(data.toAbsolutePath(), size.bytes(), time.ns(), screen, log).run(stay);
        } else {
            new ClusterDemo(data.toAbsolutePath(), size.bytes(), time.ns(), screen).run(stay);
        }
        return ExitCode.OK;
    }
}
