package io.basalt.endtoend.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.cli.Main;
import io.basalt.cli.bench.Bench;
import io.basalt.cli.bench.BenchResult;
import io.basalt.cli.bench.Workload;
import io.basalt.cli.config.Configuration;
import io.basalt.cli.serve.ChunkDaemon;
import io.basalt.cli.serve.Daemon;
import io.basalt.cli.serve.GateDaemon;
import io.basalt.cli.serve.MetaDaemon;
import io.basalt.endtoend.harness.FreePorts;
import io.basalt.endtoend.harness.Watch;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/// A single metaserver becomes a quorum of three, while volumes are made without pause and a guest reads and writes:
/// every volume that was acknowledged is there, and the guest notices nothing.
@Timeout(1200)
class ConversionTest {
    private static final Duration BOUND = Duration.ofMinutes(5);
    private static final List<String> HOSTS = List.of("a", "b", "c");
    private static final long SECOND_NS = 1_000_000_000;
    private static final int BLOCK_BYTES = 4096;
    private static final int LOAD_S = 3;

    /// The common pool of a small machine has one thread.
    private static final Executor THREAD = task -> Thread.ofPlatform().start(task);

    @TempDir
    private Path folder = Path.of("");

    private final List<Integer> ports;
    private final Deque<Daemon> running = new ArrayDeque<>();
    private final AtomicLong requests = new AtomicLong();
    private final Queue<String> made = new ConcurrentLinkedQueue<>();

    ConversionTest() throws IOException {
        ports = FreePorts.take(9 + HOSTS.size());
    }

    @AfterEach
    void stop() {
        while (!running.isEmpty()) {
            running.pop().close();
        }
    }

    @Test
    void aSingleMetaserverBecomesAQuorumWhileVolumesAreMadeAndAGuestWrites() throws Exception {
        final Path nodes = write("nodes", nodes());
        MetaDaemon first = MetaDaemon.start(settings(write("alone", meta(1, "", false))));
        final Configuration configuration = settings(nodes);
        for (final String host : HOSTS) {
            running.push(ChunkDaemon.start(configuration, host));
        }
        running.push(GateDaemon.start(configuration));
        Watch.until("a volume is made", BOUND, () -> command(nodes, "create", "disk", "-s", "64M") == 0, () -> "");
        final StringWriter attached = new StringWriter();
        assertThat(command(nodes, attached, "attach", "disk", "-o", "name")).isZero();

        final AtomicBoolean converting = new AtomicBoolean(true);
        final CompletableFuture<BenchResult> load =
                load(Path.of(attached.toString().strip()), converting);
        final CompletableFuture<Void> making = CompletableFuture.runAsync(() -> makeVolumes(nodes, converting), THREAD);
        Watch.until("volumes are made", BOUND, () -> made.size() >= 5, () -> "");

        first.close();
        final long before = requests.get();
        Watch.until("the guest goes on without a metaserver", BOUND, () -> requests.get() > before, () -> "");
        first = MetaDaemon.start(settings(write("first", meta(1, member(1), false))));
        running.push(first);
        final int already = made.size();
        Watch.until("volumes are made again", BOUND, () -> made.size() > already + 2, () -> "");
        final List<String> all = new ArrayList<>(List.of(member(1)));
        for (int id = 2; id <= 3; id++) {
            all.add(member(id));
            running.push(MetaDaemon.start(settings(write("meta" + id, meta(id, String.join("\", \"", all), true)))));
            final String member = member(id);
            Watch.until(member + " is taken in", BOUND, () -> command(nodes, "meta", "add", member) == 0, () -> "");
        }
        final int then = made.size();
        Watch.until("volumes are made by the three", BOUND, () -> made.size() > then + 2, () -> "");
        converting.set(false);
        making.get(300, TimeUnit.SECONDS);

        final BenchResult result = load.get(300, TimeUnit.SECONDS);
        assertThat(result.verified()).isTrue();
        final StringWriter listed = new StringWriter();
        assertThat(command(nodes, listed, "ls", "-o", "name")).isZero();
        assertThat(listed.toString().lines()).containsAll(made).contains("disk");
        System.out.printf(
                Locale.ROOT,
                "meanwhile %d volumes, %d requests; longest read %.1f ms, longest write %.1f ms%n",
                made.size(),
                result.requests(),
                result.reads().getMaxValue() / 1e6,
                result.writes().getMaxValue() / 1e6);
    }

    private void makeVolumes(Path nodes, AtomicBoolean goOn) {
        for (int number = 1; goOn.get(); number++) {
            final String name = "v" + number;
            if (command(nodes, "create", name, "-s", "1M", "--timeout", "5s") == 0) {
                made.add(name);
            }
        }
    }

    private CompletableFuture<BenchResult> load(Path socket, AtomicBoolean goOn) {
        final Workload workload = new Workload(
                Workload.Pattern.RANDRW,
                BLOCK_BYTES,
                2,
                1,
                1,
                128,
                LOAD_S * SECOND_NS,
                0,
                true,
                false,
                false,
                true,
                false,
                0,
                1,
                true);
        return CompletableFuture.supplyAsync(
                () -> {
                    try {
                        return new Bench(socket, workload, (second, iops) -> requests.addAndGet(Math.round(iops)), null)
                                .longerWhile(goOn::get)
                                .run();
                    } catch (InterruptedException stopped) {
                        throw new AssertionError("the load was interrupted", stopped);
                    }
                },
                THREAD);
    }

    private String member(int id) {
        return id + "@127.0.0.1:" + ports.get(3 * (id - 1) + 2);
    }

    private String meta(int id, String quorum, boolean join) {
        return """
            data = "%s"
            [meta]
            data = "%s"
            listen = "127.0.0.1:%d"
            nodes_listen = "127.0.0.1:%d"
            pg_count = 16
            %s
            """.formatted(
                        folder,
                        folder.resolve("meta-" + id),
                        ports.get(3 * (id - 1)),
                        ports.get(3 * (id - 1) + 1),
                        quorum.isEmpty() ? "" : "id = " + id + "\nquorum = [\"" + quorum + "\"]\njoin = " + join);
    }

    private String nodes() {
        final StringBuilder text = new StringBuilder("""
            data = "%s"
            metaservers = ["127.0.0.1:%d", "127.0.0.1:%d", "127.0.0.1:%d"]
            [client]
            url = ["http://127.0.0.1:%d", "http://127.0.0.1:%d", "http://127.0.0.1:%d"]
            token_file = "%s"
            [gate]
            name = "gate-1"
            reactors = 1
            idle = "interrupt"
            metrics = "none"
            """.formatted(
                        folder,
                        ports.get(1),
                        ports.get(4),
                        ports.get(7),
                        ports.get(0),
                        ports.get(3),
                        ports.get(6),
                        folder.resolve("meta-1").resolve("token")));
        for (int host = 0; host < HOSTS.size(); host++) {
            text.append("""
                [chunk.%s]
                listen = "127.0.0.1:%d"
                host = "%s"
                device_size = "512M"
                durability = "plp"
                idle = "interrupt"
                """.formatted(HOSTS.get(host), ports.get(9 + host), HOSTS.get(host)));
        }
        return text.toString();
    }

    private Path write(String name, String text) throws IOException {
        return Files.writeString(folder.resolve(name + ".toml"), text);
    }

    private static Configuration settings(Path file) throws IOException {
        return Configuration.load(file, Map.of(), Map.of());
    }

    private static int command(Path settings, String... words) {
        return command(settings, new StringWriter(), words);
    }

    private static int command(Path settings, StringWriter out, String... words) {
        final CommandLine command = Main.commandLine();
        command.setOut(new PrintWriter(out, true)).setErr(new PrintWriter(out, true));
        final List<String> all = new ArrayList<>(List.of(words));
        all.add("--config=" + settings);
        return command.execute(all.toArray(String[]::new));
    }
}
