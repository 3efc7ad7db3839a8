package io.basalt.cli;

import io.basalt.cli.serve.Addresses;
import io.basalt.cli.serve.GateDaemon;
import io.basalt.cli.serve.ProcessSuccessor;
import io.basalt.gate.config.GateLog;
import io.basalt.gate.config.LogLevel;
import io.basalt.gate.daemon.ClusterOptions;
import io.basalt.gate.daemon.Gate;
import io.basalt.gate.daemon.GateOptions;
import io.basalt.gate.handover.Successor;
import io.basalt.linux.process.DaemonProcess;
import io.basalt.reactor.IdleMode;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// `basalt gate run`: run the gate in the foreground until SIGTERM or SIGINT.
@Command(
        name = "run",
        mixinStandardHelpOptions = true,
        description = "Run the gate until SIGTERM or Ctrl-C. Disks and controllers that were made before come back.")
final class GateRunCommand implements Callable<Integer> {
    private static final System.Logger LOG = System.getLogger(GateRunCommand.class.getName());

    @Option(
            names = "--data",
            paramLabel = "DIR",
            defaultValue = "${env:BASALT_DATA:-/var/lib/basalt/gate}",
            description = "Folder of the gate's state; made if missing (default: ${DEFAULT-VALUE}).")
    private Path data = Path.of("");

    @Option(names = "--rpc-socket", paramLabel = "PATH", description = "Management socket (default: DIR/rpc.sock).")
    private @Nullable Path rpcSocket;

    @Option(
            names = "--socket-dir",
            paramLabel = "DIR",
            description = "Where controllers' sockets are made (default: DIR/vhost).")
    private @Nullable Path socketFolder;

    @Option(
            names = "--reactors",
            paramLabel = "N",
            description = "Data reactors (default: processors less one, at least 1).")
    private @Nullable Integer reactors;

    @Option(names = "--cpus", paramLabel = "CPU", split = ",", description = "Pin the data reactors, one each.")
    private List<Integer> cpus = List.of();

    @Option(
            names = "--idle",
            paramLabel = "MODE",
            defaultValue = "ADAPTIVE",
            description = "How data reactors idle: adaptive (default), poll, interrupt.")
    private IdleMode idle = IdleMode.ADAPTIVE;

    @Option(
            names = "--metrics",
            paramLabel = "ADDRESS",
            defaultValue = "127.0.0.1:7720",
            description = "Where Prometheus reads metrics, or none (default: ${DEFAULT-VALUE}).")
    private String metrics = "";

    @Option(
            names = "--guest-memory-max",
            paramLabel = "SIZE",
            description = "Most memory that the guest behind one controller may have (default: this machine's).")
    private String guestMemoryMax = "";

    @Option(
            names = "--log-level",
            paramLabel = "LEVEL",
            defaultValue = "NOTICE",
            description = "ERROR, WARNING, NOTICE (default), INFO or DEBUG.")
    private LogLevel logLevel = LogLevel.NOTICE;

    @Option(
            names = "--meta",
            paramLabel = "ADDRESS",
            split = ",",
            description = "Join a cluster: where its metaserver answers nodes.")
    private List<String> metaservers = List.of();

    @Option(
            names = "--cluster-key",
            paramLabel = "FILE",
            description = "Secret of the cluster (default: DIR/../cluster.key).")
    private @Nullable Path clusterKey;

    @Option(names = "--node-name", paramLabel = "NAME", description = "Name in the cluster (default: gate-HOST).")
    private String nodeName = "";

    @Option(
            names = "--standby",
            description = "Work with `basalt gate holder`: be the gate if there is none, else stand by, and take over"
                    + " from it when it dies.")
    private boolean standby;

    @Option(
            names = ProcessSuccessor.OPTION,
            paramLabel = "SOCKET",
            description = "Take over from the gate that waits there; `basalt gate upgrade` has it set.")
    private @Nullable Path takeover;

    @Spec
    private @Nullable CommandSpec spec;

    @Override
    public Integer call() {
        final GateOptions usual = GateOptions.under(data.toAbsolutePath());
        final int count = reactors == null ? (cpus.isEmpty() ? usual.reactorCount() : cpus.size()) : reactors;
        final GateOptions alone = new GateOptions(
                        usual.data(),
                        Objects.requireNonNullElse(rpcSocket, usual.rpcSocket()).toAbsolutePath(),
                        Objects.requireNonNullElse(socketFolder, usual.socketFolder())
                                .toAbsolutePath(),
                        count,
                        cpus,
                        idle)
                .withMetrics(Addresses.parseUnlessNone("--metrics", metrics));
        final GateOptions bounded = guestMemoryMax.isEmpty()
                ? alone
                : alone.withGuestMemoryMax(ByteSize.parse(guestMemoryMax).bytes());
        final GateOptions options = metaservers.isEmpty() ? bounded : bounded.withCluster(cluster(usual.data()));
        final GateLog log = GateLog.install(logLevel);
        LOG.log(System.Logger.Level.INFO, DaemonProcess.prepare());
        final Successor.Launcher launcher = ProcessSuccessor.launcher(Objects.requireNonNull(spec)
                .root()
                .commandLine()
                .getParseResult()
                .originalArgs());
        try (Gate gate = GateDaemon.startOrTakeOver(options, log, takeover, launcher, standby)) {
            System.out.println("basalt gate ready: rpc " + options.rpcSocket() + ", " + count + " data reactor"
                    + (count == 1 ? "" : "s"));
            System.out.flush();
            return Termination.await(gate.handedOver());
        }
    }

    private ClusterOptions cluster(Path folder) {
        final Path key = clusterKey == null ? folder.resolveSibling("cluster.key") : clusterKey.toAbsolutePath();
        return ClusterOptions.of(metaservers, key, nodeName.isEmpty() ? "gate-" + Addresses.hostName() : nodeName);
    }
}
