package io.basalt.endtoend.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.cli.bench.Bench;
import io.basalt.cli.bench.BenchResult;
import io.basalt.cli.bench.Workload;
import io.basalt.endtoend.harness.ClusterProcesses;
import io.basalt.endtoend.harness.StandbyGates;
import io.basalt.endtoend.harness.TestFolder;
import io.basalt.endtoend.harness.Watch;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// A gate is killed again and again under a load that checks every byte, and the one that stands by goes on with the
/// same connection: the load does not connect again, so whatever the gate lost would end it.
@Timeout(value = 4, unit = TimeUnit.HOURS)
class GateStandbyTest {
    private static final int KILLS = Integer.getInteger("basalt.standby.kills", 3);
    private static final boolean REPORTS = Boolean.getBoolean("basalt.standby.report");
    private static final Duration BOUND = Duration.ofMinutes(5);
    private static final String VOLUME = "vm1";
    private static final int DISK_BYTES = 64 << 20;
    private static final int BLOCK_BYTES = 4096;
    private static final long SECOND_NS = 1_000_000_000;
    private static final int LOAD_BOUND_S = 900;
    private static final long REQUESTS = 500;
    private static final double MS_NS = 1e6;

    @Test
    void aVerifiedLoadOnAFileOutlivesKillsOfTheGate() throws Exception {
        try (TestFolder folder = TestFolder.create();
                StandbyGates gates = StandbyGates.start(folder)) {
            final Path socket = fileDisk(folder, gates);
            outlives("a file", gates, socket, true, KILLS);
            survivesTheHolder(gates, socket);
        }
    }

    @Test
    void aVerifiedLoadOnAClusterVolumeOutlivesKillsOfTheGate() throws Exception {
        try (TestFolder folder = TestFolder.create();
                ClusterProcesses cluster = ClusterProcesses.startWithoutGate(folder);
                StandbyGates gates = cluster.startStandbyGates(folder)) {
            cluster.run("create", VOLUME, "-s", "64M");
            final Path socket = Path.of(cluster.run("attach", VOLUME, "-o", "name"));
            outlives("a cluster volume", gates, socket, false, Math.max(KILLS - 1, 1));
        }
    }

    @Test
    @Tag("soak")
    void aVerifiedLoadOutlivesAnUpgradeAndThenAKillOfTheGate() throws Exception {
        try (TestFolder folder = TestFolder.create();
                StandbyGates gates = StandbyGates.start(folder)) {
            survivesAnUpgrade(gates, fileDisk(folder, gates));
        }
    }

    private static Path fileDisk(TestFolder folder, StandbyGates gates) throws IOException {
        final Path image = folder.resolve("disk.img");
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
            file.setLength(DISK_BYTES);
        }
        gates.rpc().createFileVolume(VOLUME, image);
        final Path socket = folder.resolve("disk.sock");
        gates.rpc()
                .call(
                        "vhost_create_blk_controller",
                        Map.of("ctrlr", VOLUME, "dev_name", VOLUME, "packed_ring", true, "socket", socket.toString()));
        return socket;
    }

    private static void outlives(String what, StandbyGates gates, Path socket, boolean packed, int kills)
            throws Exception {
        gates.addStandby();
        final AtomicBoolean goesOn = new AtomicBoolean(true);
        final Load load = Load.start(socket, packed, goesOn);
        final long[] pausesNs = new long[kills];
        for (int i = 0; i < kills; i++) {
            awaitRequests(gates, load);
            gates.awaitStandby();
            load.bench().takeLongestGapNs();
            gates.killServing();
            gates.awaitTakeOver();
            awaitRequests(gates, load);
            pausesNs[i] = load.bench().takeLongestGapNs();
            gates.addStandby();
            if (REPORTS) {
                System.out.printf("kill %d: %.1f ms%n%s", i, pausesNs[i] / MS_NS, gates.report());
            }
        }
        goesOn.set(false);
        final BenchResult result = load.await(gates);
        assertThat(result.verified()).isTrue();
        Arrays.sort(pausesNs);
        System.out.printf(
                "%d kills of a gate with %s, another standing by: pause p50 %.1f ms, p99 %.1f ms, max %.1f ms;"
                        + " %d requests%n",
                kills,
                what,
                pausesNs[kills / 2] / MS_NS,
                pausesNs[(kills * 99 - 1) / 100] / MS_NS,
                pausesNs[kills - 1] / MS_NS,
                result.requests());
    }

    /// The holder dies and comes back, and then the gate dies.
    private static void survivesTheHolder(StandbyGates gates, Path socket) throws Exception {
        final AtomicBoolean goesOn = new AtomicBoolean(true);
        final Load load = Load.start(socket, true, goesOn);
        awaitRequests(gates, load);
        gates.killStandbys();
        gates.killHolder();
        awaitRequests(gates, load);
        gates.restartHolder();
        Watch.until(
                "the gate tells the new holder everything",
                BOUND,
                () -> gates.servingOutput().contains("STARTS -> KEPT"),
                gates::report);
        gates.addStandby();
        gates.awaitStandby();
        gates.killServing();
        gates.awaitTakeOver();
        awaitRequests(gates, load);
        goesOn.set(false);
        assertThat(load.await(gates).verified()).isTrue();
    }

    /// The gate is replaced by agreement, while another stands by, and then dies.
    private static void survivesAnUpgrade(StandbyGates gates, Path socket) throws Exception {
        final AtomicBoolean goesOn = new AtomicBoolean(true);
        final Load load = Load.start(socket, false, goesOn);
        gates.addStandby();
        gates.awaitStandby();
        awaitRequests(gates, load);
        gates.handOver();
        awaitRequests(gates, load);
        Watch.until(
                "the new process tells the holder everything",
                BOUND,
                () -> gates.servingOutput().contains("STARTS -> KEPT"),
                gates::report);
        gates.killStandbys();
        gates.addStandby();
        gates.awaitStandby();
        gates.killServing();
        gates.awaitTakeOver();
        awaitRequests(gates, load);
        goesOn.set(false);
        assertThat(load.await(gates).verified()).isTrue();
    }

    /// A load that runs in a thread of its own.
    private record Load(Bench bench, CompletableFuture<BenchResult> result) {
        static Load start(Path socket, boolean packed, AtomicBoolean goesOn) {
            final Workload workload = new Workload(
                    Workload.Pattern.RANDRW,
                    BLOCK_BYTES,
                    32,
                    1,
                    4,
                    128,
                    SECOND_NS,
                    0,
                    true,
                    packed,
                    false,
                    true,
                    false,
                    0,
                    1,
                    true);
            final Bench bench = new Bench(socket, workload, (_, _) -> {}, null)
                    .longerWhile(goesOn::get)
                    .withInflightRegion();
            final CompletableFuture<BenchResult> result = new CompletableFuture<>();
            Thread.ofPlatform().daemon().name("load").start(() -> {
                try {
                    result.complete(bench.run());
                } catch (InterruptedException | RuntimeException | AssertionError failure) {
                    result.completeExceptionally(failure);
                }
            });
            return new Load(bench, result);
        }

        BenchResult await(StandbyGates gates) throws InterruptedException, TimeoutException {
            try {
                return result.get(LOAD_BOUND_S, TimeUnit.SECONDS);
            } catch (ExecutionException failure) {
                throw new AssertionError("the load failed\n" + gates.report(), failure.getCause());
            }
        }
    }

    /// Waits until the gate has answered some requests, which it counts for itself.
    private static void awaitRequests(StandbyGates gates, Load load) throws IOException {
        final long before = gates.rpc().completedWrites(VOLUME);
        Watch.until(
                "requests are answered",
                BOUND,
                () -> {
                    if (load.result().isDone()) {
                        throw new AssertionError("the load has ended: " + load.result() + "\n" + gates.report());
                    }
                    try {
                        return gates.rpc().completedWrites(VOLUME) >= before + REQUESTS;
                    } catch (IOException failure) {
                        throw new UncheckedIOException(failure);
                    }
                },
                gates::report);
    }
}
