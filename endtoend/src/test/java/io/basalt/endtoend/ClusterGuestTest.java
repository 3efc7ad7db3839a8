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
    void guestFormatsVerifiesAndReadsBackAndItsThreeCopiesAreTheSame() throws Exception {
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

    /// Three devices on three hosts, so each has a copy of every shard.
    private static void assertSameCopies(List<Path> devices) throws Exception {
        for (final Path device : devices) {
            assertThat(ClusterProcesses.runAlone("chunk", "check", device.toString()))
                    .contains("clean");
        }
        final String first = content(devices.getFirst());
        assertThat(first.lines().count()).as("shards written").isGreaterThan(10);
        for (final Path device : devices) {
            assertThat(content(device)).isEqualTo(first);
        }
    }

    /// Every shard with the versions and checksums of its blocks, whatever their places on the device.
    private static String content(Path device) throws Exception {
        return ClusterProcesses.runAlone("chunk", "dump", device.toString(), "-o", "name");
    }
}
