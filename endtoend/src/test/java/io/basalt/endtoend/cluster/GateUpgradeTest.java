package io.basalt.endtoend.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.cli.bench.BenchResult;
import io.basalt.endtoend.harness.ClusterProcesses;
import io.basalt.endtoend.harness.GateProcess;
import io.basalt.endtoend.harness.Pauses;
import io.basalt.endtoend.harness.TestFolder;
import io.basalt.endtoend.harness.Watch;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// A gate that serves a cluster's volume is replaced by a new process again and again under a load
/// that checks every byte; new processes are killed in the middle of it.
@Timeout(1800)
class GateUpgradeTest {
    private static final Duration BOUND = Duration.ofMinutes(5);
    private static final String VOLUME = "vm1";
    private static final int HANDOVERS = 5;

    @Test
    void aVerifiedLoadOutlivesFiveHandOversAndSuccessorsThatAreKilled() throws Exception {
        try (TestFolder folder = TestFolder.create();
                ClusterProcesses cluster = ClusterProcesses.startWithoutGate(folder);
                GateProcess gate = cluster.startGate(folder)) {
            cluster.run("create", VOLUME, "-s", "64M");
            final Path socket = Path.of(cluster.run("attach", VOLUME, "-o", "name"));
            final UpgradeLoad load = UpgradeLoad.start(gate, VOLUME, socket, 2, 8);
            final Pauses gaps = new Pauses("without an answer");
            final Pauses pauses = new Pauses("stood still");
            for (int i = 0; i < HANDOVERS; i++) {
                load.awaitWrites();
                load.takeLongestGapUs();
                pauses.add(
                        gate.handOver().path("disks").path(0).path("pause_us").longValue());
                load.awaitWrites();
                gaps.add(load.takeLongestGapUs());
                if (i == 1) {
                    // It has got the disk, and has not attached the volume yet.
                    dies(gate, folder, load, "READY->TAKING");
                } else if (i == 2) {
                    // It has attached the volume and runs the disk: its generation is the volume's.
                    dies(gate, folder, load, "TAKING->READY");
                }
            }
            load.awaitWrites();
            final BenchResult result = load.end();
            assertThat(result.verified()).isTrue();
            assertThat(cluster.run("info", VOLUME, "-o", "json")).contains("gate");
            System.out.printf(
                    "%d hand-overs of a cluster volume: %s; %s; slowest request %d us of %d%n",
                    HANDOVERS, gaps, pauses, result.all().getMaxValue() / 1000, result.requests());
        }
    }

    @Test
    void theGateFollowsTheClusterWhileItsSuccessorGetsReady() throws Exception {
        try (TestFolder folder = TestFolder.create();
                ClusterProcesses cluster = ClusterProcesses.startWithoutGate(folder);
                GateProcess gate = cluster.startGate(folder)) {
            cluster.run("create", VOLUME, "-s", "64M");
            final Path socket = Path.of(cluster.run("attach", VOLUME, "-o", "name"));
            final UpgradeLoad load = UpgradeLoad.start(gate, VOLUME, socket, 2, 8);
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
            load.awaitWrites();

            System.out.printf(
                    "a chunk server was killed during a hand-over: writes go on after %d ms%n",
                    (System.nanoTime() - killedNs) / 1_000_000);
            assertThat(inVain).isNotDone();
            gate.killSuccessors();
            assertThat(inVain.get(BOUND.toSeconds(), TimeUnit.SECONDS)).contains("the new gate has ended");
            load.awaitWrites();
            assertThat(load.end().verified()).isTrue();
        }
    }

    private static void dies(GateProcess gate, TestFolder folder, UpgradeLoad load, String step) throws IOException {
        load.awaitWrites();
        final long startNs = System.nanoTime();

        assertThat(gate.handOverInVain(DyingGate.program(folder.path(), DyingGate.End.DIES, step)))
                .contains("the new gate has ended");

        load.awaitWrites();
        System.out.printf(
                "a successor was killed at %s; the gate before it serves on, %d ms after the wish%n",
                step, (System.nanoTime() - startNs) / 1_000_000);
    }
}
