package io.basalt.cli.serve;

import io.basalt.cli.CommandException;
import io.basalt.cli.Termination;
import io.basalt.cli.config.Configuration;
import io.basalt.gate.config.GateLog;
import io.basalt.gate.config.LogLevel;
import io.basalt.linux.process.DaemonProcess;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `basalt serve`: every daemon that the file of settings has a table for, each as a process; or one
/// of them in this process.
@Command(
        name = "serve",
        mixinStandardHelpOptions = true,
        description = {
            "Run the daemons that the settings name, each in a process of its own, until Ctrl-C.",
            "With a subcommand: run that one in this process, as a service manager wants it.",
        },
        synopsisSubcommandLabel = "[COMMAND]",
        footer = {
            "",
            "  basalt serve --config basalt.toml",
            "  basalt serve meta --data ./data",
            "  basalt serve chunk 1 --data ./data --listen 127.0.0.1:7710 --devices disk0.img",
        },
        subcommands = {ServeCommand.Meta.class, ServeCommand.Chunk.class, ServeCommand.GateOne.class})
public final class ServeCommand implements Callable<Integer> {
    @Mixin
    private ServeOptions options = new ServeOptions();

    @Spec
    private @Nullable CommandSpec spec;

    @Override
    public Integer call() throws IOException, InterruptedException {
        final Configuration settings = options.load(Map.of());
        final Map<String, List<String>> daemons = daemons(settings);
        if (daemons.isEmpty()) {
            throw CommandException.usage(
                    "the settings name no daemon: there is no [meta], [chunk.NAME] or [gate] in "
                            + (settings.file() == null ? "any file" : settings.file()),
                    "give --config FILE (packaging/basalt.toml is an example), or: basalt serve meta|chunk|gate");
        }
        ClusterKeys.readOrCreate(settings);
        final CompletableFuture<Integer> ended = new CompletableFuture<>();
        final PrintWriter out = out(spec);
        final Supervisor supervisor = new Supervisor(ChildJvm::start, out, ended);
        try {
            for (final Map.Entry<String, List<String>> daemon : daemons.entrySet()) {
                supervisor.start(daemon.getKey(), daemon.getValue());
            }
            return Termination.await(ended);
        } finally {
            supervisor.stop();
        }
    }

    /// The daemons that the settings have tables for: name → arguments.
    static Map<String, List<String>> daemons(Configuration settings) {
        final Map<String, List<String>> daemons = new LinkedHashMap<>();
        if (settings.hasTable("meta")) {
            daemons.put("meta", arguments(settings, "meta"));
        }
        for (final String name : settings.chunkServers()) {
            daemons.put("chunk " + name, arguments(settings, "chunk", name));
        }
        if (settings.hasTable("gate")) {
            daemons.put("gate", arguments(settings, "gate"));
        }
        return daemons;
    }

    private static List<String> arguments(Configuration settings, String... what) {
        final List<String> arguments = new ArrayList<>(List.of("serve"));
        arguments.addAll(List.of(what));
        final Path file = settings.file();
        if (file != null) {
            arguments.add("--config=" + file.toAbsolutePath());
        }
        settings.options().forEach((path, text) -> arguments.addAll(List.of("-c", path + "=" + text)));
        return arguments;
    }

    private static PrintWriter out(@Nullable CommandSpec spec) {
        return Objects.requireNonNull(spec, "the command line parser sets it")
                .commandLine()
                .getOut();
    }

    /// One daemon in this process.
    abstract static class One implements Callable<Integer> {
        @Mixin
        private ServeOptions options = new ServeOptions();

        @Spec
        private @Nullable CommandSpec spec;

        final List<String> arguments() {
            return Objects.requireNonNull(spec, "the command line parser sets it")
                    .root()
                    .commandLine()
                    .getParseResult()
                    .originalArgs();
        }

        final int serve(Map<String, String> own, Function<Configuration, Daemon> start) {
            final Configuration settings = options.load(own);
            GateLog.install(LogLevel.valueOf(settings.text("log_level").toUpperCase(Locale.ROOT)));
            System.getLogger(ServeCommand.class.getName()).log(System.Logger.Level.INFO, DaemonProcess.prepare());
            try (Daemon daemon = start.apply(settings)) {
                final PrintWriter out = out(spec);
                out.println("basalt " + daemon.ready());
                out.flush();
                return Termination.await(daemon.ended());
            }
        }
    }

    /// `basalt serve meta`.
    @Command(name = "meta", mixinStandardHelpOptions = true, description = "Run the metaserver.")
    static final class Meta extends One {
        @Option(names = "--listen", paramLabel = "ADDRESS", description = "REST API (default: 127.0.0.1:7700).")
        private String listen = "";

        @Option(
                names = "--nodes-listen",
                paramLabel = "ADDRESS",
                description = "Gates and chunk servers (default: 127.0.0.1:7701).")
        private String nodesListen = "";

        @Override
        public Integer call() {
            return serve(Map.of("meta.listen", listen, "meta.nodes_listen", nodesListen), MetaDaemon::start);
        }
    }

    /// `basalt serve chunk`.
    @Command(name = "chunk", mixinStandardHelpOptions = true, description = "Run a chunk server.")
    static final class Chunk extends One {
        @Parameters(
                index = "0",
                arity = "0..1",
                paramLabel = "NAME",
                description = "Which: the settings are those of [chunk.NAME] (default: 1).")
        private String name = "1";

        @Option(
                names = "--listen",
                paramLabel = "ADDRESS",
                description = "First port; each device takes one (default: 127.0.0.1:7710).")
        private String listen = "";

        @Option(
                names = "--devices",
                paramLabel = "PATH[,PATH...]",
                description = "Block devices or files (default: one sparse file under the data folder).")
        private String devices = "";

        @Mixin
        private MetaserverOptions metaservers = new MetaserverOptions();

        @Override
        public Integer call() {
            return serve(
                    Map.of(
                            "chunk." + name + ".listen",
                            listen,
                            "chunk." + name + ".devices",
                            devices,
                            MetaserverOptions.SETTING,
                            metaservers.text()),
                    settings -> ChunkDaemon.start(settings, name));
        }
    }

    /// `basalt serve gate`.
    @Command(name = "gate", mixinStandardHelpOptions = true, description = "Run the gate.")
    static final class GateOne extends One {
        @Option(names = "--rpc-socket", paramLabel = "PATH", description = "Management socket.")
        private String rpcSocket = "";

        @Option(names = "--socket-dir", paramLabel = "DIR", description = "Where controllers' sockets are made.")
        private String socketFolder = "";

        @Option(
                names = ProcessSuccessor.OPTION,
                paramLabel = "SOCKET",
                description = "Take over from the gate that waits there; `basalt gate upgrade` has it set.")
        private @Nullable Path takeover;

        @Mixin
        private MetaserverOptions metaservers = new MetaserverOptions();

        @Override
        public Integer call() {
            return serve(
                    Map.of(
                            "gate.rpc_socket",
                            rpcSocket,
                            "gate.socket_dir",
                            socketFolder,
                            MetaserverOptions.SETTING,
                            metaservers.text()),
                    settings -> GateDaemon.start(settings, takeover, ProcessSuccessor.launcher(arguments())));
        }
    }
}
