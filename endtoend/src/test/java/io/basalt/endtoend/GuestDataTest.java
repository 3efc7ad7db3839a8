package io.basalt.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import io.basalt.endtoend.harness.GuestDisk;
import io.basalt.endtoend.harness.GuestMachine;
import io.basalt.endtoend.harness.HugePages;
import io.basalt.endtoend.harness.QemuGuest;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// A guest makes a file system on a gate's disk, verifies what it writes, and finds it all again after a reboot.
@Tag("guest")
@Timeout(1200)
class GuestDataTest {
    private static final Duration STEP_BOUND = Duration.ofMinutes(10);
    private static final int HUGE_PAGES = GuestMachine.MEMORY_MIB / 2;
    /// Bit 34, counted from zero: the driver and the device agreed on packed rings.
    private static final int RING_PACKED = 34;

    @Test
    void guestFormatsVerifiesAndReadsBackOverOneQueue() throws Exception {
        try (GateScene scene = GateScene.open()) {
            final String features = formatAndReadBack(scene, scene.disk("one"), 1, false);
            assertThat(features.charAt(RING_PACKED)).isEqualTo('0');
        }
    }

    @Test
    void guestFormatsVerifiesAndReadsBackOverFourQueues() throws Exception {
        try (GateScene scene = GateScene.open()) {
            formatAndReadBack(scene, scene.disk("four").withQueues(4), 4, false);
        }
    }

    @Test
    void guestFormatsVerifiesAndReadsBackOverPackedRings() throws Exception {
        try (GateScene scene = GateScene.open()) {
            final GuestDisk disk = scene.disk("packed").withQueues(2).withPackedRings(true);
            final String features = formatAndReadBack(scene, disk, 2, false);
            assertThat(features.charAt(RING_PACKED)).isEqualTo('1');
        }
    }

    @Test
    void guestFormatsVerifiesAndReadsBackWithItsMemoryInHugePages() throws Exception {
        try (HugePages _ = reserveOrSkip();
                GateScene scene = GateScene.open()) {
            formatAndReadBack(scene, scene.disk("huge"), 1, true);
        }
    }

    private static HugePages reserveOrSkip() throws IOException {
        String obstacle = HugePages.obstacle();
        if (obstacle.isEmpty()) {
            try {
                return HugePages.reserve(HUGE_PAGES);
            } catch (IOException tooFew) {
                obstacle = String.valueOf(tooFew.getMessage());
            }
        }
        System.out.println("skipped, guest memory in huge pages: " + obstacle);
        return abort(obstacle);
    }

    /// Boots twice; returns the feature bits of the first boot as the guest's kernel lists them.
    private static String formatAndReadBack(GateScene scene, GuestDisk disk, int vcpus, boolean hugePages)
            throws Exception {
        scene.serve("vhost.0", disk);
        final GuestMachine machine = GuestMachine.running("format", disk)
                .withVcpus(vcpus)
                .withHugePages(hugePages)
                .withParameter("jobs", disk.queues());
        final String features;
        try (QemuGuest guest = QemuGuest.boot(machine, scene.folder())) {
            assertThat(guest.awaitMarker("BOOTED", STEP_BOUND)).startsWith("queues=" + disk.queues() + " ");
            features = guest.awaitMarker("FEATURES", STEP_BOUND);
            assertThat(guest.awaitMarker("TRIM", STEP_BOUND)).doesNotContain("discard_sectors=0");
            guest.awaitSuccess();
        }
        try (QemuGuest guest = QemuGuest.boot(machine.withTest("read-back"), scene.folder())) {
            guest.awaitSuccess();
        }
        return features;
    }
}
