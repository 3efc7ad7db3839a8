package io.basalt.endtoend.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.cli.bench.Bench;
import io.basalt.cli.bench.BenchResult;
import io.basalt.cli.bench.Workload;
import io.basalt.cli.serve.MetaDaemon;
import io.basalt.endtoend.harness.Watch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Three metaservers, each a process: the one that leads is killed under load, replicas come and go, a backup is
/// restored.
@Timeout(1800)
class QuorumTest {
    private static final JsonMapper JSON = new JsonMapper();
    private static final Duration BOUND = Duration.ofMinutes(5);
    private static final Duration AFTER_A_KILL = Duration.ofMinutes(5);
    private static final long SECOND_NS = 1_000_000_000;
    private static final int BLOCK_BYTES = 4096;
    private static final int LOAD_S = 6;

    @TempDir
    private Path folder = Path.of("");

    @Test
    void volumesAreMadeAndAttachedSoonAfterTheLeaderWasKilledAndLoadGoesOn() throws Exception {
        try (QuorumCluster cluster = new QuorumCluster(folder)) {
            retry("vm1 is made", BOUND, () -> cluster.run("create", "vm1", "-s", "64M"));
            final Path socket = Path.of(cluster.done("attach", "vm1", "-o", "name"));
            final AtomicBoolean disturbed = new AtomicBoolean(true);
            final CompletableFuture<BenchResult> load = load(socket, disturbed);
            final int leader = awaitLeader(cluster);
            final long killedNs = System.nanoTime();
            cluster.kill(leader);
            retry("vm2 is made", AFTER_A_KILL, () -> cluster.run("create", "vm2", "-s", "64M", "--timeout", "10s"));
            say("a volume is made %.2f s after the leader was killed", killedNs);
            retry("vm2 is attached", AFTER_A_KILL, () -> cluster.run("attach", "vm2", "--timeout", "10s"));
            say("and attached %.2f s after", killedNs);
            disturbed.set(false);

            final BenchResult result = await(load);
            assertThat(result.verified()).isTrue();
            System.out.printf(
                    Locale.ROOT,
                    "meanwhile: %d requests, verified; longest read %.1f ms, longest write %.1f ms%n",
                    result.requests(),
                    result.reads().getMaxValue() / 1e6,
                    result.writes().getMaxValue() / 1e6);

            replicasComeAndGo(cluster, leader);
            backupIsRestored(cluster, leader);
        }
    }

    private void replicasComeAndGo(QuorumCluster cluster, int dead) throws IOException {
        cluster.startJoining(4);
        retry("replica 4 is taken in", BOUND, () -> cluster.run("meta", "add", cluster.member(4)));
        cluster.done("meta", "rm", Integer.toString(dead), "--yes");
        assertThat(ids(cluster)).hasSize(3).contains(4).doesNotContain(dead);
        // An election may come out otherwise on a busy machine.
        retry("replica 4 leads", BOUND, () -> cluster.run("meta", "transfer", "4"));
        Watch.until(
                "the new replica leads",
                BOUND,
                () -> leader(cluster) == 4,
                () -> cluster.run("meta", "ls").text());
        assertThat(cluster.done("ls", "-o", "name").lines()).contains("vm1", "vm2");
        assertThat(cluster.run("meta", "transfer", "9").code()).isEqualTo(3);
    }

    private void backupIsRestored(QuorumCluster cluster, int dead) throws IOException {
        final Path backup = folder.resolve("backup");
        cluster.done("meta", "backup", backup.toString());
        final Path data = folder.resolve("restored");
        cluster.done("meta", "restore", backup.toString(), "--meta-data", data.toString());
        assertThat(cluster.run("meta", "restore", backup.toString(), "--meta-data", data.toString())
                        .text())
                .contains("holds a log already");
        try (MetaDaemon alone = MetaDaemon.start(cluster.alone(dead, data))) {
            assertThat(alone.server().replicated()).isFalse();
            assertThat(cluster.done("ls", "-o", "name", "--url", cluster.url(dead))
                            .lines())
                    .contains("vm1", "vm2");
        }
        final byte[] damaged = Files.readAllBytes(backup);
        damaged[damaged.length / 2] ^= 1;
        Files.write(folder.resolve("damaged"), damaged);
        assertThat(cluster.run("meta", "restore", folder.resolve("damaged").toString(), "--meta-data", data + "2")
                        .text())
                .contains("checksum");
    }

    private static List<Integer> ids(QuorumCluster cluster) {
        final List<Integer> ids = new ArrayList<>();
        JSON.readTree(cluster.done("meta", "ls", "--json"))
                .forEach(each -> ids.add(each.path("id").intValue()));
        return ids;
    }

    /// The replica that leads, as far as whoever answers first knows; 0 if none.
    private static int leader(QuorumCluster cluster) {
        for (final JsonNode replica : JSON.readTree(cluster.done("meta", "ls", "--json"))) {
            if (replica.path("leads").booleanValue()) {
                return replica.path("id").intValue();
            }
        }
        return 0;
    }

    private static int awaitLeader(QuorumCluster cluster) {
        final int[] found = {0};
        Watch.until("a replica leads", BOUND, () -> {
            found[0] = leader(cluster);
            return found[0] != 0;
        });
        return found[0];
    }

    private static void retry(String what, Duration bound, Supplier<QuorumCluster.Outcome> command) {
        final QuorumCluster.Outcome[] last = {command.get()};
        Watch.until(
                what,
                bound,
                () -> {
                    if (last[0].code() != 0) {
                        last[0] = command.get();
                    }
                    return last[0].code() == 0;
                },
                () -> last[0].text());
    }

    private static void say(String what, long sinceNs) {
        System.out.println(String.format(Locale.ROOT, what, (System.nanoTime() - sinceNs) / 1e9));
    }

    /// Loads a disk as a guest would, until nothing disturbs the cluster any more.
    private static CompletableFuture<BenchResult> load(Path socket, AtomicBoolean disturbed) {
        final Workload workload = new Workload(
                Workload.Pattern.RANDRW,
                BLOCK_BYTES,
                4,
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
        return CompletableFuture.supplyAsync(() -> {
            try {
                return new Bench(socket, workload, (second, iops) -> {}, null)
                        .longerWhile(disturbed::get)
                        .run();
            } catch (InterruptedException stopped) {
                throw new AssertionError("the load was interrupted", stopped);
            }
        });
    }

    private static BenchResult await(CompletableFuture<BenchResult> load)
            throws InterruptedException, TimeoutException {
        try {
            return load.get(LOAD_S * 100, TimeUnit.SECONDS);
        } catch (ExecutionException failure) {
            throw new AssertionError("the load failed", failure.getCause());
        }
    }
}
