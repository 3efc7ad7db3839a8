package io.basalt.cli;

import io.basalt.gate.config.GateLog;
import io.basalt.gate.config.LogLevel;
import io.basalt.gate.daemon.GateHolder;
import io.basalt.linux.process.DaemonProcess;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// `basalt gate holder`: keeps what a gate serves alive when the gate dies, until SIGTERM or SIGINT.
@Command(
        name = "holder",
        mixinStandardHelpOptions = true,
        description = {
            "Keep guests' connections and memory alive when the gate dies, for one that stands by.",
            "Start it before the gates, which are run with --standby: the first is the gate, the next stands by and"
                    + " takes over when the first dies. Guests notice a pause and nothing else. It serves no guest"
                    + " itself, and may be started anew at any time.",
        })
final class GateHolderCommand implements Callable<Integer> {
    private static final System.Logger LOG = System.getLogger(GateHolderCommand.class.getName());

    @Option(
            names = "--data",
            paramLabel = "DIR",
            defaultValue = "${env:BASALT_DATA:-/var/lib/basalt/gate}",
            description = "The gate's folder; made if missing (default: ${DEFAULT-VALUE}).")
    private Path data = Path.of("");

    @Option(
            names = "--log-level",
            paramLabel = "LEVEL",
            defaultValue = "NOTICE",
            description = "ERROR, WARNING, NOTICE (default), INFO or DEBUG.")
    private LogLevel logLevel = LogLevel.NOTICE;

    @Override
    public Integer call() {
        GateLog.install(logLevel);
        LOG.log(System.Logger.Level.INFO, DaemonProcess.prepare());
        final Path folder = data.toAbsolutePath();
        try (GateHolder _ = GateHolder.start(folder, System.getenv())) {
            System.out.println("basalt gate holder ready: " + GateHolder.socket(folder));
            System.out.flush();
            Termination.await();
        }
        return ExitCode.OK;
    }
}
