package io.basalt.endtoend.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.cli.bench.Bench;
import io.basalt.cli.bench.BenchResult;
import io.basalt.cli.bench.Workload;
import io.basalt.endtoend.harness.ClusterProcesses;
import io.basalt.endtoend.harness.GateProcess;
import io.basalt.endtoend.harness.TestFolder;
import io.basalt.endtoend.harness.Watch;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// A gate that serves a cluster's volume is replaced by a new process again and again under a load
/// that checks every byte; new processes are killed in the middle of it.
@Timeout(600)
class GateUpgradeTest {
    private static final Duration BOUND = Duration.ofMinutes(1);
    private static final String VOLUME = "vm1";
    private static final int HANDOVERS = 5;
    private static final int BLOCK_BYTES = 4096;
    private static final long SECOND_NS = 1_000_000_000;
    private static final int LOAD_BOUND_S = 400;
    private static final long WRITES = 100;

    @Test
    void aVerifiedLoadOutlivesFiveHandOversAndSuccessorsThatAreKilled() throws Exception {
        try (TestFolder folder = TestFolder.create();
                ClusterProcesses cluster = ClusterProcesses.startWithoutGate(folder);
                GateProcess gate = cluster.startGate(folder)) {
            cluster.run("create", VOLUME, "-s", "64M");
            final Path socket = Path.of(cluster.run("attach", VOLUME, "-o", "name"));
            final AtomicBoolean goesOn = new AtomicBoolean(true);
            final CompletableFuture<BenchResult> load = load(socket, goesOn);
            final long[] pausesUs = new long[HANDOVERS];
            for (int i = 0; i < HANDOVERS; i++) {
                awaitWrites(gate, load);
                pausesUs[i] =
                        gate.handOver().path("disks").path(0).path("pause_us").longValue();
                if (i == 1) {
                    // It has got the disk, and has not attached the volume yet.
                    dies(gate, folder, load, "READY->TAKING");
                } else if (i == 2) {
                    // It has attached the volume and runs the disk: its generation is the volume's.
                    dies(gate, folder, load, "TAKING->READY");
                }
            }
            awaitWrites(gate, load);
            goesOn.set(false);
            final BenchResult result = await(load, gate);
            assertThat(result.verified()).isTrue();
            assertThat(cluster.run("info", VOLUME, "-o", "json")).contains("gate");
            Arrays.sort(pausesUs);
            System.out.printf(
                    "%d hand-overs of a cluster volume: pause p50 %d us, max %d us; slowest request %d us of %d%n",
                    HANDOVERS,
                    pausesUs[HANDOVERS / 2],
                    pausesUs[HANDOVERS - 1],
                    result.all().getMaxValue() / 1000,
                    result.requests());
        }
    }

    @Test
    void theGateFollowsTheClusterWhileItsSuccessorGetsReady() throws Exception {
        try (TestFolder folder = TestFolder.create();
                ClusterProcesses cluster = ClusterProcesses.startWithoutGate(folder);
                GateProcess gate = cluster.startGate(folder)) {
            cluster.run("create", VOLUME, "-s", "64M");
            final Path socket = Path.of(cluster.run("attach", VOLUME, "-o", "name"));
            final AtomicBoolean goesOn = new AtomicBoolean(true);
            final CompletableFuture<BenchResult> load = load(socket, goesOn);
            final Path program = DyingGate.program(folder.path(), DyingGate.End.HANGS, "WAITING->PREPARING");
            final CompletableFuture<String> inVain = new CompletableFuture<>();
            Thread.ofPlatform().daemon().name("hand-over").start(() -> {
                try {
                    inVain.complete(gate.handOverInVain(program));
                } catch (IOException | RuntimeException | AssertionError failure) {
                    inVain.completeExceptionally(failure);
                }
            });
            Watch.until("the hand-over has begun", BOUND, () -> gate.report().contains("STARTING -> PREPARING"));

            cluster.chunkServer(0).close();
            final long killedNs = System.nanoTime();
            awaitWrites(gate, load);

            System.out.printf(
                    "a chunk server was killed during a hand-over: writes go on after %d ms%n",
                    (System.nanoTime() - killedNs) / 1_000_000);
            assertThat(inVain).isNotDone();
            gate.killSuccessors();
            assertThat(inVain.get(BOUND.toSeconds(), TimeUnit.SECONDS)).contains("the new gate has ended");
            awaitWrites(gate, load);
            goesOn.set(false);
            assertThat(await(load, gate).verified()).isTrue();
        }
    }

    private static void dies(GateProcess gate, TestFolder folder, CompletableFuture<BenchResult> load, String step)
            throws IOException {
        awaitWrites(gate, load);
        final long startNs = System.nanoTime();

        assertThat(gate.handOverInVain(DyingGate.program(folder.path(), DyingGate.End.DIES, step)))
                .contains("the new gate has ended");

        awaitWrites(gate, load);
        System.out.printf(
                "a successor was killed at %s; the gate before it serves on, %d ms after the wish%n",
                step, (System.nanoTime() - startNs) / 1_000_000);
    }

    /// Waits until the gate has done some writes, which it counts for itself.
    private static void awaitWrites(GateProcess gate, CompletableFuture<BenchResult> load) throws IOException {
        final long before = gate.rpc().completedWrites(VOLUME);
        Watch.until(
                "writes are done",
                BOUND,
                () -> {
                    if (load.isDone()) {
                        throw new AssertionError("the load has ended: " + load + "\n" + gate.report());
                    }
                    try {
                        return gate.rpc().completedWrites(VOLUME) >= before + WRITES;
                    } catch (IOException failure) {
                        throw new UncheckedIOException(failure);
                    }
                },
                gate::report);
    }

    private static CompletableFuture<BenchResult> load(Path socket, AtomicBoolean goesOn) {
        final Workload workload = new Workload(
                Workload.Pattern.RANDRW,
                BLOCK_BYTES,
                8,
                1,
                2,
                128,
                SECOND_NS,
                0,
                true,
                false,
                false,
                true,
                false,
                0,
                1,
                true);
        final CompletableFuture<BenchResult> result = new CompletableFuture<>();
        // A thread of its own: the common pool has to tell of processes that end.
        Thread.ofPlatform().daemon().name("load").start(() -> {
            try {
                result.complete(new Bench(socket, workload, (_, _) -> {}, null)
                        .longerWhile(goesOn::get)
                        .withInflightRegion()
                        .run());
            } catch (InterruptedException | RuntimeException | AssertionError failure) {
                result.completeExceptionally(failure);
            }
        });
        return result;
    }

    private static BenchResult await(CompletableFuture<BenchResult> load, GateProcess gate)
            throws InterruptedException, TimeoutException {
        try {
            return load.get(LOAD_BOUND_S, TimeUnit.SECONDS);
        } catch (ExecutionException failure) {
            throw new AssertionError("the load failed\n" + gate.report(), failure.getCause());
        }
    }
}
