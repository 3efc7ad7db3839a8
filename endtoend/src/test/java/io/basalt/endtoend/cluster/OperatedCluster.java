package io.basalt.endtoend.cluster;

import io.basalt.cli.Main;
import io.basalt.cli.config.Configuration;
import io.basalt.cli.serve.ChunkDaemon;
import io.basalt.cli.serve.Daemon;
import io.basalt.cli.serve.GateDaemon;
import io.basalt.cli.serve.MetaDaemon;
import io.basalt.endtoend.harness.FreePorts;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import picocli.CommandLine;

/// The daemons of a cluster in this process, by a file of settings as operators write it, and the commands that are
/// given to it.
final class OperatedCluster implements AutoCloseable {
    private static final List<String> HOSTS = List.of("a", "b", "c");

    private final Path settings;
    private final Deque<Daemon> running = new ArrayDeque<>();

    /// What a command came to.
    ///
    /// @param code exit status
    /// @param out what it printed
    /// @param err what it printed on the other stream
    record Outcome(int code, String out, String err) {}

    OperatedCluster(Path folder) throws IOException {
        settings = folder.resolve("basalt.toml");
        Files.writeString(settings, text(folder, FreePorts.take(2 + HOSTS.size())));
        final Configuration configuration = Configuration.load(settings, Map.of(), Map.of());
        try {
            running.push(MetaDaemon.start(configuration));
            for (final String host : HOSTS) {
                running.push(ChunkDaemon.start(configuration, host));
            }
            running.push(GateDaemon.start(configuration));
        } catch (RuntimeException failure) {
            close();
            throw failure;
        }
    }

    private static String text(Path folder, List<Integer> ports) {
        final StringBuilder text = new StringBuilder("""
            data = "%s"
            metaservers = ["127.0.0.1:%d"]
            [meta]
            listen = "127.0.0.1:%d"
            nodes_listen = "127.0.0.1:%d"
            pg_count = 16
            timeout = "1m"
            [gate]
            name = "gate-1"
            reactors = 1
            idle = "interrupt"
            """.formatted(folder, ports.get(1), ports.get(0), ports.get(1)));
        for (int i = 0; i < HOSTS.size(); i++) {
            text.append("""
                [chunk.%s]
                listen = "127.0.0.1:%d"
                host = "%s"
                device_size = "512M"
                durability = "plp"
                idle = "interrupt"
                """.formatted(HOSTS.get(i), ports.get(2 + i), HOSTS.get(i)));
        }
        return text.toString();
    }

    /// Give a command.
    Outcome run(String... words) {
        final StringWriter out = new StringWriter();
        final StringWriter err = new StringWriter();
        final CommandLine command = Main.commandLine();
        command.setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true));
        final List<String> all = new ArrayList<>(List.of(words));
        all.add("--config=" + settings);
        final int code = command.execute(all.toArray(String[]::new));
        return new Outcome(code, out.toString(), err.toString());
    }

    /// Give a command that must be done.
    ///
    /// @return what it printed
    String done(String... words) {
        final Outcome outcome = run(words);
        if (outcome.code != 0) {
            throw new AssertionError("basalt " + String.join(" ", words) + ": " + outcome);
        }
        return outcome.out;
    }

    /// Stop all daemons; commands that need none may still be given.
    void stop() {
        try {
            while (!running.isEmpty()) {
                running.pop().close();
            }
        } catch (RuntimeException failure) {
            throw failure;
        } catch (Exception failure) {
            throw new UncheckedIOException(new IOException(failure));
        }
    }

    @Override
    public void close() {
        stop();
    }
}
