package io.basalt.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.endtoend.harness.GuestDisk;
import io.basalt.endtoend.harness.GuestMachine;
import io.basalt.endtoend.harness.QemuGuest;
import io.basalt.endtoend.harness.StorageDaemon;
import io.basalt.endtoend.harness.TestFolder;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The harness against QEMU's own back end: when this passes, what fails in the other guest tests is the gate's
/// doing.
@Tag("guest")
@Timeout(1200)
class GuestHarnessTest {
    @Test
    void guestFormatsAndReadsBackTheStorageDaemonsDisk() throws Exception {
        try (TestFolder folder = TestFolder.create()) {
            final Path file = folder.sparseFile("disk.raw", 256 << 20);
            final Path socket = folder.resolve("disk.sock");
            final GuestMachine machine = GuestMachine.running("format", GuestDisk.at(socket));
            try (StorageDaemon _ = StorageDaemon.serve(file, 1, socket)) {
                try (QemuGuest guest = QemuGuest.boot(machine, folder)) {
                    assertThat(guest.awaitMarker("TRIM", Duration.ofMinutes(3))).doesNotContain("discard_sectors=0");
                    guest.awaitSuccess();
                }
                try (QemuGuest guest = QemuGuest.boot(machine.withTest("read-back"), folder)) {
                    guest.awaitSuccess();
                }
            }
        }
    }
}
