package io.basalt.endtoend.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.cli.bench.BenchResult;
import io.basalt.endtoend.harness.ClusterProcesses;
import io.basalt.endtoend.harness.GateProcess;
import io.basalt.endtoend.harness.Pauses;
import io.basalt.endtoend.harness.TestFolder;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.JsonNode;

/// A gate that serves a cluster's volume is replaced by a new process a thousand times
/// (`-Dbasalt.handovers`) under a load of four queues, 32 requests deep, that checks every byte. Prints how
/// long the disk stood still, as the load and as the gates saw it.
@Tag("soak")
@Timeout(value = 4, unit = TimeUnit.HOURS)
class GateUpgradeSoakTest {
    private static final int HANDOVERS = Integer.getInteger("basalt.handovers", 1000);
    private static final int TELL_EVERY = 20;
    private static final String VOLUME = "vm1";

    private final Pauses gaps = new Pauses("without an answer");
    private final Pauses pauses = new Pauses("stood still");
    private final Pauses drains = new Pauses("drained in");
    private final Pauses switches = new Pauses("switched in");

    @Test
    void aVerifiedLoadOutlivesAThousandHandOvers() throws Exception {
        try (TestFolder folder = TestFolder.create();
                ClusterProcesses cluster = ClusterProcesses.startWithoutGate(folder);
                GateProcess gate = cluster.startGate(folder)) {
            cluster.run("create", VOLUME, "-s", "64M");
            final UpgradeLoad load =
                    UpgradeLoad.start(gate, VOLUME, Path.of(cluster.run("attach", VOLUME, "-o", "name")), 4, 32);
            while (gaps.count() < HANDOVERS) {
                load.awaitWrites();
                load.takeLongestGapUs();
                final JsonNode disk = gate.handOver().path("disks").path(0);
                load.awaitWrites();
                count(
                        load.takeLongestGapUs(),
                        disk.path("pause_us").longValue(),
                        disk.path("drain_us").longValue());
            }
            final BenchResult result = load.end();
            tell();
            System.out.printf(
                    "slowest of %d requests: %.1f ms%n",
                    result.requests(), result.all().getMaxValue() / 1e6);
            assertThat(result.verified()).isTrue();
        }
    }

    private void count(long gapUs, long pauseUs, long drainUs) {
        gaps.add(gapUs);
        pauses.add(pauseUs);
        drains.add(drainUs);
        switches.add(pauseUs - drainUs);
        if (gaps.count() % TELL_EVERY == 0) {
            tell();
        }
    }

    private void tell() {
        System.out.printf("%d hand-overs. %s. %s. %s. %s.%n", gaps.count(), gaps, pauses, drains, switches);
    }
}
