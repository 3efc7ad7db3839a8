package io.basalt.endtoend.harness;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/// A cluster on loopback, each daemon in a process of its own and started as a service manager would: a metaserver,
/// chunk servers that say they stand on hosts of their own, and a gate.
public final class ClusterProcesses implements AutoCloseable {
    private static final Duration READY_BOUND = Duration.ofMinutes(5);
    private static final String MAIN = "io.basalt.cli.Main";
    private static final List<String> HOSTS = List.of("a", "b", "c");

    private final Path data;
    private final Path settings;
    private final int nodesPort;
    private final List<JavaProgram> chunkServers = new ArrayList<>();
    private final List<JavaProgram> others = new ArrayList<>();

    private ClusterProcesses(Path data, Path settings, int nodesPort) {
        this.data = data;
        this.settings = settings;
        this.nodesPort = nodesPort;
    }

    /// Starts all daemons and waits until each says that it is ready.
    public static ClusterProcesses start(TestFolder folder) throws IOException {
        final ClusterProcesses cluster = startWithoutGate(folder);
        try {
            cluster.others.add(cluster.daemon("gate"));
        } catch (IOException | AssertionError e) {
            cluster.close();
            throw e;
        }
        return cluster;
    }

    /// The same, but for the gate.
    public static ClusterProcesses startWithoutGate(TestFolder folder) throws IOException {
        final Path data = Files.createDirectory(folder.resolve("cluster"));
        final Path settings = folder.resolve("basalt.toml");
        final List<Integer> ports = FreePorts.take(2 + HOSTS.size());
        Files.writeString(settings, settings(data, ports));
        final ClusterProcesses cluster = new ClusterProcesses(data, settings, ports.get(1));
        try {
            cluster.startDaemons();
        } catch (IOException | AssertionError e) {
            cluster.close();
            throw e;
        }
        return cluster;
    }

    private static String settings(Path data, List<Integer> ports) {
        final StringBuilder text = new StringBuilder()
                .append("data = \"%s\"%n".formatted(data))
                .append("metaservers = [\"127.0.0.1:%d\"]%n".formatted(ports.get(1)))
                .append("[meta]%nlisten = \"127.0.0.1:%d\"%n".formatted(ports.get(0)))
                .append("nodes_listen = \"127.0.0.1:%d\"%npg_count = 32%n".formatted(ports.get(1)));
        for (int i = 0; i < HOSTS.size(); i++) {
            text.append("[chunk.%s]%nlisten = \"127.0.0.1:%d\"%n".formatted(HOSTS.get(i), ports.get(2 + i)))
                    .append("host = \"%s\"%ndevice_size = \"2G\"%n".formatted(HOSTS.get(i)));
        }
        return text.append("[gate]%nreactors = 1%n".formatted()).toString();
    }

    private void startDaemons() throws IOException {
        others.add(daemon("meta"));
        for (final String host : HOSTS) {
            chunkServers.add(daemon("chunk", host));
        }
    }

    /// Starts a gate that may be handed over and killed; the caller's to close, before the cluster.
    public GateProcess startGate(TestFolder folder) throws IOException {
        return new Host(data, settings).startGate(folder.resolve("gate.log"));
    }

    /// One more host of the cluster, for a gate of its own.
    public Host anotherHost(TestFolder folder, String name) throws IOException {
        final Path own = Files.createDirectory(folder.resolve(name));
        final Path file = folder.resolve(name + ".toml");
        Files.writeString(file, """
            data = "%s"
            cluster_key_file = "%s"
            metaservers = ["127.0.0.1:%d"]
            [gate]
            name = "%s"
            reactors = 1
            """.formatted(own, data.resolve("cluster.key"), nodesPort, name));
        return new Host(own, file);
    }

    /// A host, as an operator who is logged in there sees it.
    public record Host(Path data, Path settings) {
        /// Starts the host's gate; the caller's to close, before the cluster.
        public GateProcess startGate(Path output) throws IOException {
            return GateProcess.start(
                    List.of("serve", "gate", "--config=" + settings),
                    data.resolve("gate").resolve("rpc.sock"),
                    output);
        }

        /// Runs a command.
        ///
        /// @return what it printed
        /// @throws AssertionError if it fails
        public String run(String... words) throws IOException, InterruptedException {
            try (JavaProgram command = command(words)) {
                final int status = command.awaitEnd();
                if (status != 0) {
                    throw new AssertionError(
                            "basalt " + String.join(" ", words) + " ended with " + status + "\n" + command.output());
                }
                return command.output().strip();
            }
        }

        private JavaProgram command(String... words) throws IOException {
            final List<String> arguments = new ArrayList<>(List.of(words));
            arguments.add("--config=" + settings);
            return JavaProgram.start(MAIN, arguments.toArray(String[]::new));
        }
    }

    /// Starts a holder and a gate that may be killed; the caller's to close, before the cluster.
    public StandbyGates startStandbyGates(TestFolder folder) throws IOException {
        final Path gate = data.resolve("gate");
        return StandbyGates.start(
                folder,
                List.of("serve", "gate", "--config=" + settings, "-c", "gate.standby=true"),
                gate,
                gate.resolve("rpc.sock"));
    }

    private JavaProgram daemon(String... what) throws IOException {
        final List<String> arguments = new ArrayList<>(List.of("serve"));
        arguments.addAll(List.of(what));
        arguments.add("--config=" + settings);
        final JavaProgram program = JavaProgram.start(MAIN, arguments.toArray(String[]::new));
        Watch.until(
                "the daemon is ready: " + String.join(" ", what),
                READY_BOUND,
                () -> program.output().contains(" ready") || !program.isAlive(),
                program::output);
        if (!program.isAlive()) {
            throw new AssertionError(String.join(" ", what) + " ended\n" + program.output());
        }
        return program;
    }

    /// Runs a command as an operator would.
    ///
    /// @return what it printed
    /// @throws AssertionError if it fails
    public String run(String... words) throws IOException, InterruptedException {
        return new Host(data, settings).run(words);
    }

    /// Runs a command as an operator would.
    ///
    /// @return what it printed, whether or not it was done
    public String attempt(String... words) throws IOException, InterruptedException {
        try (JavaProgram command = new Host(data, settings).command(words)) {
            command.awaitEnd();
            return command.output().strip();
        }
    }

    /// A chunk server's process.
    ///
    /// @param number 0 to 2
    public JavaProgram chunkServer(int number) {
        return chunkServers.get(number);
    }

    /// Ends every daemon the orderly way.
    ///
    /// @throws AssertionError if one ends with another status than 0
    public void terminate() throws InterruptedException {
        for (final List<JavaProgram> daemons : List.of(others, chunkServers)) {
            for (final JavaProgram daemon : daemons.reversed()) {
                final int status = daemon.terminate();
                if (status != 0) {
                    throw new AssertionError("a daemon ended with status " + status + "\n" + daemon.output());
                }
            }
        }
    }

    /// What the daemons printed last.
    public String report() {
        final StringBuilder text = new StringBuilder();
        for (final List<JavaProgram> daemons : List.of(others, chunkServers)) {
            daemons.forEach(daemon -> text.append("--- daemon\n").append(daemon.output()));
        }
        return text.toString();
    }

    @Override
    public void close() {
        chunkServers.forEach(JavaProgram::close);
        others.forEach(JavaProgram::close);
    }
}
