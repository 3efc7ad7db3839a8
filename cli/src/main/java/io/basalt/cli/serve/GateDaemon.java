package io.basalt.cli.serve;

import io.basalt.cli.ByteSize;
import io.basalt.cli.config.Configuration;
import io.basalt.cli.gate.GateTarget;
import io.basalt.cli.output.Texts;
import io.basalt.gate.config.GateLog;
import io.basalt.gate.config.LogLevel;
import io.basalt.gate.daemon.ClusterOptions;
import io.basalt.gate.daemon.Gate;
import io.basalt.gate.daemon.GateOptions;
import io.basalt.gate.handover.Successor;
import io.basalt.linux.process.ProcessControl;
import io.basalt.linux.process.ServiceManager;
import io.basalt.reactor.IdleMode;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/// The gate, by the settings.
public final class GateDaemon implements Daemon {
    private final Gate gate;
    private final GateOptions options;

    private GateDaemon(Gate gate, GateOptions options) {
        this.gate = gate;
        this.options = options;
    }

    /// Start it; returns when it answers. What it served before comes back.
    public static GateDaemon start(Configuration settings) {
        return start(settings, null, null);
    }

    /// Start it, or take over from the one that waits at a socket.
    ///
    /// @param takeover the socket, or null to start anew
    /// @param launcher starts the process that takes over from this one; null to refuse that
    public static GateDaemon start(
            Configuration settings, @Nullable Path takeover, Successor.@Nullable Launcher launcher) {
        final GateOptions options = options(settings);
        final LogLevel level = LogLevel.valueOf(settings.text("log_level").toUpperCase(Locale.ROOT));
        final boolean standby = Boolean.parseBoolean(settings.text("gate.standby"));
        return new GateDaemon(startOrTakeOver(options, GateLog.install(level), takeover, launcher, standby), options);
    }

    /// Start a gate, or take over from the one that waits at a socket; the service manager hears of
    /// it.
    ///
    /// @param takeover the socket, or null to start anew
    /// @param launcher starts the process that takes over from this one; null to refuse that
    /// @param standby whether to work with the gate's holder: stand by if another process is the gate
    public static Gate startOrTakeOver(
            GateOptions options,
            GateLog log,
            @Nullable Path takeover,
            Successor.@Nullable Launcher launcher,
            boolean standby) {
        if (takeover == null) {
            return standby ? Gate.standBy(options, log, launcher) : Gate.start(options, log, launcher);
        }
        final Gate gate = Gate.takeOver(options, log, takeover, launcher, standby);
        final String manager = System.getenv(ServiceManager.VARIABLE);
        if (manager != null) {
            ServiceManager.mainProcess(manager, ProcessControl.processId());
        }
        return gate;
    }

    private static GateOptions options(Configuration settings) {
        final Path data = settings.path("gate.data", "gate");
        final GateOptions usual = GateOptions.under(data);
        final List<Integer> cpus =
                settings.texts("gate.cpus").stream().map(Integer::valueOf).toList();
        final String sockets = settings.text("gate.socket_dir");
        final GateOptions options = new GateOptions(
                        data,
                        GateTarget.rpcSocket(settings),
                        sockets.isEmpty()
                                ? usual.socketFolder()
                                : Path.of(sockets).toAbsolutePath(),
                        settings.number("gate.reactors", cpus.isEmpty() ? usual.reactorCount() : cpus.size()),
                        cpus,
                        IdleMode.valueOf(settings.text("gate.idle").toUpperCase(Locale.ROOT)))
                .withMetrics(Addresses.parseUnlessNone("gate.metrics", settings.text("gate.metrics")))
                .withCluster(cluster(settings));
        final String guestMemoryMax = settings.text("gate.guest_memory_max");
        return guestMemoryMax.isEmpty()
                ? options
                : options.withGuestMemoryMax(ByteSize.parse(guestMemoryMax).bytes());
    }

    private static ClusterOptions cluster(Configuration settings) {
        final String host = settings.text("gate.host", Addresses.hostName());
        // Read here too, so that a missing key is told before anything is started.
        ClusterKeys.read(settings);
        return new ClusterOptions(
                Addresses.parseAll("metaservers", settings.texts("metaservers")),
                ClusterKeys.file(settings),
                settings.text("gate.name", "gate-" + host),
                settings.text("gate.room"),
                settings.text("gate.rack"),
                host);
    }

    /// The gate itself.
    public Gate gate() {
        return gate;
    }

    /// What it was started with.
    public GateOptions options() {
        return options;
    }

    @Override
    public String ready() {
        return "gate ready: rpc " + options.rpcSocket() + ", " + Texts.count(options.reactorCount(), "data reactor");
    }

    @Override
    public CompletableFuture<Integer> ended() {
        return gate.handedOver();
    }

    @Override
    public void close() {
        gate.close();
    }
}
