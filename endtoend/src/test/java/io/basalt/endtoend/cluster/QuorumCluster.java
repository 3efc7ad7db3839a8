package io.basalt.endtoend.cluster;

import io.basalt.cli.Main;
import io.basalt.cli.config.Configuration;
import io.basalt.cli.serve.ChunkDaemon;
import io.basalt.cli.serve.Daemon;
import io.basalt.cli.serve.GateDaemon;
import io.basalt.endtoend.harness.FreePorts;
import io.basalt.endtoend.harness.JavaProgram;
import io.basalt.endtoend.harness.Watch;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import picocli.CommandLine;

/// A cluster whose metaservers are processes of their own; chunk servers and gate are in this one.
final class QuorumCluster implements AutoCloseable {
    private static final Duration READY_BOUND = Duration.ofMinutes(5);
    private static final int MEMBERS = 3;
    private static final int PLACES = 4;
    private static final List<String> HOSTS = List.of("a", "b", "c");

    private final Path folder;
    private final List<Integer> ports;
    private final Path settings;
    private final Map<Integer, JavaProgram> metaservers = new TreeMap<>();
    private final Deque<Daemon> others = new ArrayDeque<>();

    /// What a command came to.
    ///
    /// @param code exit status
    /// @param text what it printed, on both streams
    record Outcome(int code, String text) {}

    QuorumCluster(Path folder) throws IOException {
        this.folder = folder;
        ports = FreePorts.take(3 * PLACES + HOSTS.size());
        settings = folder.resolve("basalt.toml");
        Files.writeString(settings, settings());
        try {
            // The key is made by whoever comes first: here, before the metaservers race for it.
            Files.writeString(folder.resolve("cluster.key"), "5a".repeat(32));
            Files.setPosixFilePermissions(folder.resolve("cluster.key"), PosixFilePermissions.fromString("rw-------"));
            for (int id = 1; id <= MEMBERS; id++) {
                startMetaserver(id);
            }
            for (int id = 1; id <= MEMBERS; id++) {
                awaitReady(id);
            }
            Watch.until("a metaserver has made the first token", READY_BOUND, () -> !tokens().isEmpty(), this::report);
            final Configuration configuration = Configuration.load(settings, Map.of(), Map.of());
            for (final String host : HOSTS) {
                others.push(ChunkDaemon.start(configuration, host));
            }
            others.push(GateDaemon.start(configuration));
        } catch (IOException | RuntimeException | AssertionError failure) {
            close();
            throw failure;
        }
    }

    private String settings() {
        final StringBuilder text = new StringBuilder("""
            data = "%s"
            metaservers = [%s]
            [client]
            url = [%s]
            [gate]
            name = "gate-1"
            reactors = 1
            idle = "interrupt"
            metrics = "none"
            """.formatted(
                        folder,
                        IntStream.rangeClosed(1, PLACES)
                                .mapToObj(id -> "\"127.0.0.1:" + port(id, 1) + "\"")
                                .collect(Collectors.joining(", ")),
                        IntStream.rangeClosed(1, PLACES)
                                .mapToObj(id -> "\"http://127.0.0.1:" + port(id, 0) + "\"")
                                .collect(Collectors.joining(", "))));
        for (int host = 0; host < HOSTS.size(); host++) {
            text.append("""
                [chunk.%s]
                listen = "127.0.0.1:%d"
                host = "%s"
                device_size = "512M"
                durability = "plp"
                idle = "interrupt"
                """.formatted(HOSTS.get(host), ports.get(3 * PLACES + host), HOSTS.get(host)));
        }
        return text.toString();
    }

    private int port(int id, int which) {
        return ports.get(3 * (id - 1) + which);
    }

    /// Where a replica is reached by the others, with its number.
    String member(int id) {
        return id + "@127.0.0.1:" + port(id, 2);
    }

    /// The data folder of a metaserver.
    Path data(int id) {
        return folder.resolve("meta-" + id);
    }

    /// Starts one of the first three.
    void startMetaserver(int id) throws IOException {
        start(id, IntStream.rangeClosed(1, MEMBERS).mapToObj(this::member).toList(), false);
    }

    /// Starts one that waits to be taken in.
    void startJoining(int id) throws IOException {
        start(id, List.of(member(id)), true);
        awaitReady(id);
    }

    private void start(int id, List<String> members, boolean join) throws IOException {
        final Path own = folder.resolve("meta-" + id + ".toml");
        Files.writeString(own, """
            data = "%s"
            [meta]
            id = %d
            quorum = [%s]
            join = %s
            data = "%s"
            listen = "127.0.0.1:%d"
            nodes_listen = "127.0.0.1:%d"
            pg_count = 16
            """.formatted(
                        folder,
                        id,
                        members.stream().map(each -> '"' + each + '"').collect(Collectors.joining(", ")),
                        join,
                        data(id),
                        port(id, 0),
                        port(id, 1)));
        metaservers.put(id, JavaProgram.start("io.basalt.cli.Main", "serve", "meta", "--config=" + own));
    }

    /// Waits until a metaserver says that it is ready.
    void awaitReady(int id) {
        final JavaProgram program = metaservers.get(id);
        if (program == null) {
            throw new AssertionError("metaserver " + id + " was not started");
        }
        Watch.until(
                "metaserver " + id + " is ready",
                READY_BOUND,
                () -> program.output().contains(" ready") || !program.isAlive(),
                this::report);
        if (!program.isAlive()) {
            throw new AssertionError("metaserver " + id + " ended\n" + program.output());
        }
    }

    /// A metaserver dies at once.
    void kill(int id) {
        final JavaProgram program = metaservers.remove(id);
        if (program == null) {
            throw new AssertionError("metaserver " + id + " does not run");
        }
        program.close();
    }

    /// Where the first token is: with whichever replica has led first.
    private List<Path> tokens() {
        return IntStream.rangeClosed(1, MEMBERS)
                .mapToObj(id -> data(id).resolve("token"))
                .filter(Files::exists)
                .toList();
    }

    /// Gives a command.
    Outcome run(String... words) {
        final StringWriter out = new StringWriter();
        final CommandLine command = Main.commandLine();
        command.setOut(new PrintWriter(out, true)).setErr(new PrintWriter(out, true));
        final List<String> all = new ArrayList<>(List.of(words));
        if (!words[0].equals("bench")) {
            all.add("--config=" + settings);
            if (!words[1].equals("restore")) {
                all.add("--token-file=" + tokens().getFirst());
            }
        }
        final int code = command.execute(all.toArray(String[]::new));
        return new Outcome(code, out.toString());
    }

    /// Gives a command that must be done.
    ///
    /// @return what it printed
    String done(String... words) {
        final Outcome outcome = run(words);
        if (outcome.code != 0) {
            throw new AssertionError("basalt " + String.join(" ", words) + ": " + outcome + "\n" + report());
        }
        return outcome.text.strip();
    }

    /// The settings for a metaserver on its own, on the place of one that does not run.
    Configuration alone(int id, Path data) throws IOException {
        final Path own = folder.resolve("alone.toml");
        Files.writeString(own, """
            data = "%s"
            [meta]
            data = "%s"
            listen = "127.0.0.1:%d"
            nodes_listen = "127.0.0.1:%d"
            """.formatted(folder, data, port(id, 0), port(id, 1)));
        return Configuration.load(own, Map.of(), Map.of());
    }

    /// The URL of a metaserver.
    String url(int id) {
        return "http://127.0.0.1:" + port(id, 0);
    }

    private String report() {
        final StringBuilder text = new StringBuilder();
        metaservers.forEach((id, program) -> text.append("--- metaserver ")
                .append(id)
                .append('\n')
                .append(program.output())
                .append('\n'));
        return text.toString();
    }

    @Override
    public void close() {
        while (!others.isEmpty()) {
            others.pop().close();
        }
        metaservers.values().forEach(JavaProgram::close);
    }
}
