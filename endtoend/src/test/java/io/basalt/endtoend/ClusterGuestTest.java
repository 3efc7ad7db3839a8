package io.basalt.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.endtoend.harness.ClusterProcesses;
import io.basalt.endtoend.harness.GuestDisk;
import io.basalt.endtoend.harness.GuestMachine;
import io.basalt.endtoend.harness.QemuGuest;
import io.basalt.endtoend.harness.TestFolder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// A guest on a volume that a cluster of separate processes keeps in three copies.
@Tag("guest")
@Timeout(900)
class ClusterGuestTest {
    private static final Duration STEP_BOUND = Duration.ofMinutes(5);

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
            cluster.terminate();
            assertSameCopies(cluster.devices());
        }
    }

    /// Three devices on three hosts, so each has a copy of every shard: every checksum is right, and all have
    /// as much.
    private static void assertSameCopies(List<Path> devices) throws Exception {
        final String first = check(devices.getFirst());
        assertThat(first).matches(": clean, [0-9]{2,} shards, [0-9]{3,} blocks compared");
        for (final Path device : devices) {
            assertThat(check(device)).isEqualTo(first);
        }
    }

    /// What is said of a device's content, without its name and what its log holds.
    private static String check(Path device) throws Exception {
        final String report = ClusterProcesses.runAlone("chunk", "check", device.toString());
        assertThat(report).startsWith(device + ": ");
        return report.substring(device.toString().length(), report.lastIndexOf(','));
    }
}
