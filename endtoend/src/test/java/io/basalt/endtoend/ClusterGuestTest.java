package io.basalt.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.endtoend.harness.ClusterProcesses;
import io.basalt.endtoend.harness.GuestDisk;
import io.basalt.endtoend.harness.GuestMachine;
import io.basalt.endtoend.harness.QemuGuest;
import io.basalt.endtoend.harness.TestFolder;
import io.basalt.endtoend.harness.Watch;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// A guest on a volume that a cluster of separate processes keeps in three copies.
@Tag("guest")
@Timeout(2700)
class ClusterGuestTest {
    private static final Duration STEP_BOUND = Duration.ofMinutes(15);

    @Test
    void guestFormatsVerifiesAndReadsBackAndEachCopyIsCleanAndComplete() throws Exception {
        try (TestFolder folder = TestFolder.create();
                ClusterProcesses cluster = ClusterProcesses.start(folder)) {
            cluster.run("create", "vm1", "-s", "256M");
            final GuestDisk disk = GuestDisk.at(Path.of(cluster.run("attach", "vm1", "-o", "name")));
            final GuestMachine machine = GuestMachine.running("format", disk).withParameter("jobs", 1);
            try (QemuGuest guest = QemuGuest.boot(machine, folder)) {
                assertThat(guest.awaitMarker("TRIM", STEP_BOUND)).doesNotContain("discard_sectors=0");
                guest.awaitSuccess();
            }
            try (QemuGuest guest = QemuGuest.boot(machine.withTest("read-back"), folder)) {
                guest.awaitSuccess();
            }
            cluster.run("detach", "vm1");
            awaitClean(cluster);
            cluster.terminate();
            assertSameCopies(cluster.run("check"));
        }
    }

    /// A busy machine may keep a server silent for so long that its copies are left out for a moment.
    private static void awaitClean(ClusterProcesses cluster) {
        Watch.until(
                "all copies are in sync",
                STEP_BOUND,
                () -> {
                    try {
                        return cluster.attempt("status").contains("all clean");
                    } catch (IOException failure) {
                        throw new UncheckedIOException(failure);
                    } catch (InterruptedException interrupted) {
                        Thread.currentThread().interrupt();
                        throw new AssertionError(interrupted);
                    }
                },
                cluster::report);
    }

    /// Three devices on three hosts: each has a copy of every shard, and they are the same byte for byte.
    private static void assertSameCopies(String report) {
        assertThat(report)
                .contains("32 placement groups, no two copies on one host", "all copies are the same")
                .containsPattern("copies +[0-9]{2,} shards with 3 copies")
                .doesNotContain("shard with", "shards with 1", "shards with 2", "not looked at", "out of date");
    }
}
