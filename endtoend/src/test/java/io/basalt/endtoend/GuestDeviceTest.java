package io.basalt.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.endtoend.harness.GuestDisk;
import io.basalt.endtoend.harness.GuestMachine;
import io.basalt.endtoend.harness.QemuGuest;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// What a guest sees of a disk besides its data: size changes, serial number, write protection, and the gate's
/// leaving.
@Tag("guest")
@Timeout(1200)
class GuestDeviceTest {
    private static final Duration STEP_BOUND = Duration.ofMinutes(10);
    private static final long SECTOR_BYTES = 512;
    private static final long MEBIBYTE = 1 << 20;

    @Test
    void guestSeesAnOnlineResizeAndUsesTheNewSpace() throws Exception {
        try (GateScene scene = GateScene.open()) {
            final GuestDisk disk = scene.disk("resize");
            scene.serve("vhost.0", disk);
            final long grown = 2 * GateScene.DISK_BYTES;
            final GuestMachine machine =
                    GuestMachine.running("resize", disk).withParameter("sectors", grown / SECTOR_BYTES);
            try (QemuGuest guest = QemuGuest.boot(machine, scene.folder())) {
                guest.awaitMarker("READY", STEP_BOUND);
                scene.gate()
                        .rpc()
                        .call("bdev_uring_resize", Map.of("name", GateScene.VOLUME, "new_size", grown / MEBIBYTE));
                guest.awaitMarker("RESIZED", STEP_BOUND);
                guest.awaitSuccess();
            }
        }
    }

    @Test
    void guestReadsTheVolumesNameAsSerialNumber() throws Exception {
        try (GateScene scene = GateScene.open()) {
            final GuestDisk disk = scene.disk("serial");
            scene.serve("vhost.0", disk);
            try (QemuGuest guest = QemuGuest.boot(GuestMachine.running("idle", disk), scene.folder())) {
                assertThat(guest.awaitMarker("BOOTED", STEP_BOUND)).endsWith(" serial=" + GateScene.VOLUME);
                guest.type("stop");
                guest.awaitSuccess();
            }
        }
    }

    @Test
    void guestCannotWriteAReadOnlyDisk() throws Exception {
        try (GateScene scene = GateScene.open()) {
            final GuestDisk disk = scene.disk("ro");
            scene.gate().rpc().createController("vhost.0", GateScene.VOLUME, disk, true);
            try (QemuGuest guest = QemuGuest.boot(GuestMachine.running("read-only", disk), scene.folder())) {
                guest.awaitMarker("REFUSED", STEP_BOUND);
                guest.awaitSuccess();
            }
        }
    }

    @Test
    void gateEndsWithStatusZeroWhenToldToWhileAGuestIsConnected() throws Exception {
        try (GateScene scene = GateScene.open()) {
            final GuestDisk disk = scene.disk("term");
            scene.serve("vhost.0", disk);
            try (QemuGuest guest = QemuGuest.boot(GuestMachine.running("idle", disk), scene.folder())) {
                guest.awaitMarker("READY", STEP_BOUND);
                assertThat(scene.gate().terminate()).as(scene.gate().report()).isZero();
                scene.gate().restart();
                guest.type("stop");
                guest.awaitSuccess();
            }
        }
    }
}
