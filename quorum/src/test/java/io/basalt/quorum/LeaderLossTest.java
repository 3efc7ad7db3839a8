package io.basalt.quorum;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.meta.rest.RestServer;
import io.basalt.net.ClusterKey;
import io.basalt.testkit.Await;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// How long a quorum of three processes takes no change after the process that leads was killed.
/// `-Dbasalt.losses=N` says how often (default 3).
@Timeout(1800)
class LeaderLossTest {
    private static final int LOSSES = Integer.getInteger("basalt.losses", 3);
    private static final int REPLICAS = 3;
    private static final int CREATED = 201;
    private static final int OK = 200;
    private static final Duration BOUND = Duration.ofMinutes(5);
    private static final Duration ASKED = Duration.ofSeconds(2);
    private static final long PAUSE_NS = 5_000_000;

    private final Standstill standstill = new Standstill();
    private final HttpClient http = HttpClient.newHttpClient();
    private final Map<Integer, Process> running = new TreeMap<>();
    private final List<Integer> ports = QuorumBed.freePorts(3 * REPLICAS);
    private final String token = RestServer.firstToken(new ClusterKey(new byte[ClusterKey.BYTES]));
    private int named;

    @TempDir
    private Path folder = Path.of("");

    @AfterEach
    void stop() throws InterruptedException {
        for (final Process each : running.values()) {
            each.destroyForcibly();
            each.waitFor();
        }
        http.shutdownNow();
        standstill.interrupt();
    }

    /// How long the host keeps a thread from running that only sleeps: what nobody who is killed or elected can
    /// help.
    private static final class Standstill extends Thread {
        private static final long NAP_NS = 5_000_000;

        private final AtomicLong longestNs = new AtomicLong();

        Standstill() {
            super("standstill");
            setDaemon(true);
            start();
        }

        /// The longest since it was asked last.
        long longestNs() {
            return longestNs.getAndSet(0);
        }

        @Override
        public void run() {
            long beforeNs = System.nanoTime();
            while (!isInterrupted()) {
                LockSupport.parkNanos(NAP_NS);
                final long nowNs = System.nanoTime();
                longestNs.accumulateAndGet(nowNs - beforeNs - NAP_NS, Math::max);
                beforeNs = nowNs;
            }
        }
    }

    @Test
    void changesAreTakenAgainSoonAfterEachLossAndNoneIsLost() throws Exception {
        for (int id = 1; id <= REPLICAS; id++) {
            start(id);
        }
        Await.until("the first change is taken", BOUND, () -> changed("first", running.keySet()));
        final List<Double> seconds = new ArrayList<>();
        final List<Double> stalls = new ArrayList<>();
        final List<String> taken = new ArrayList<>();
        for (int loss = 0; loss < LOSSES; loss++) {
            Await.until("all three follow", BOUND, this::allFollow);
            final int leader = leader();
            final long killedNs = System.nanoTime();
            kill(leader);
            final String name = made();
            standstill.longestNs();
            while (!changed(name, running.keySet())) {
                if (System.nanoTime() - killedNs > BOUND.toNanos()) {
                    throw new AssertionError("nobody takes a change\n" + outputs());
                }
                LockSupport.parkNanos(PAUSE_NS);
            }
            seconds.add((System.nanoTime() - killedNs) / 1e9);
            stalls.add(standstill.longestNs() / 1e9);
            taken.add(name);
            start(leader);
        }
        say("no change taken after the loss of the leader", seconds);
        say("of that, the longest that a thread that does nothing was kept from running here", stalls);
        final String all = tokens();
        assertThat(taken).allSatisfy(name -> assertThat(all).contains('"' + name + '"'));
    }

    private static void say(String what, List<Double> seconds) {
        final List<Double> sorted = new ArrayList<>(seconds);
        Collections.sort(sorted);
        System.out.printf(
                Locale.ROOT,
                "%s, %d times: p50 %.2f s, max %.2f s %s%n",
                what,
                sorted.size(),
                sorted.get(sorted.size() / 2),
                sorted.getLast(),
                seconds.stream()
                        .map(each -> String.format(Locale.ROOT, "%.2f", each))
                        .toList());
    }

    private String made() {
        return "token-" + ++named;
    }

    private void start(int id) throws IOException {
        final List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-ea",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-XX:+UseSerialGC",
                "-Xmx256m",
                "-cp",
                System.getProperty("java.class.path"),
                ReplicaProgram.class.getName(),
                folder.resolve(Integer.toString(id)).toString(),
                Integer.toString(id),
                Integer.toString(ports.get(REPLICAS + id - 1)),
                Integer.toString(ports.get(2 * REPLICAS + id - 1))));
        for (int each = 0; each < REPLICAS; each++) {
            command.add(Integer.toString(ports.get(each)));
        }
        final Path output = folder.resolve("output-" + id);
        running.put(
                id,
                new ProcessBuilder(command)
                        .redirectErrorStream(true)
                        .redirectOutput(ProcessBuilder.Redirect.appendTo(output.toFile()))
                        .start());
    }

    private void kill(int id) throws InterruptedException {
        final Process process = Objects.requireNonNull(running.remove(id), "it runs");
        process.destroyForcibly();
        process.waitFor();
    }

    private int leader() {
        final int[] found = {0};
        Await.until("one of them leads", BOUND, () -> {
            for (final int id : running.keySet()) {
                found[0] = status(id, "/readyz") == OK ? id : found[0];
            }
            return found[0] != 0;
        });
        return found[0];
    }

    /// What the leader in the end has of tokens, once it answers in time.
    private String tokens() {
        final String[] all = {""};
        Await.until("the leader answers", BOUND, () -> {
            try {
                final HttpResponse<String> answer = get(leader(), "/v1/tokens");
                all[0] = answer.body();
                return answer.statusCode() == OK;
            } catch (IOException late) {
                return false;
            } catch (InterruptedException e) {
                throw new AssertionError("interrupted", e);
            }
        });
        return all[0];
    }

    /// Whether each of them has read all that is committed, and knows who leads.
    private boolean allFollow() {
        int follow = 0;
        for (final int id : running.keySet()) {
            follow += status(id, "/v1/tokens") < 400 ? 1 : 0;
        }
        return follow == REPLICAS;
    }

    private boolean changed(String name, Iterable<Integer> whom) {
        for (final int id : whom) {
            final HttpRequest.Builder request = request(id, "/v1/tokens")
                    .header("Content-Type", "application/json")
                    .header("Idempotency-Key", name)
                    .POST(HttpRequest.BodyPublishers.ofString("{\"name\":\"" + name + "\"}"));
            try {
                final var answer = http.send(request.build(), HttpResponse.BodyHandlers.ofString());
                if (answer.statusCode() == CREATED || answer.body().contains("EXISTS")) {
                    return true;
                }
            } catch (IOException ignored) {
                // Not yet, or not this one: the next is asked.
            } catch (InterruptedException e) {
                throw new AssertionError("interrupted", e);
            }
        }
        return false;
    }

    private int status(int id, String path) {
        try {
            return get(id, path).statusCode();
        } catch (IOException e) {
            return Integer.MAX_VALUE;
        } catch (InterruptedException e) {
            throw new AssertionError("interrupted", e);
        }
    }

    private HttpResponse<String> get(int id, String path) throws IOException, InterruptedException {
        return http.send(request(id, path).build(), HttpResponse.BodyHandlers.ofString());
    }

    private HttpRequest.Builder request(int id, String path) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + ports.get(2 * REPLICAS + id - 1) + path))
                .timeout(ASKED)
                .header("Authorization", "Bearer " + token);
    }

    private String outputs() {
        final StringBuilder all = new StringBuilder();
        for (int id = 1; id <= REPLICAS; id++) {
            try {
                all.append("--- ").append(id).append('\n').append(Files.readString(folder.resolve("output-" + id)));
            } catch (IOException e) {
                all.append(e);
            }
        }
        return all.toString();
    }
}
