package io.basalt.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.endtoend.harness.GuestDisk;
import io.basalt.endtoend.harness.GuestMachine;
import io.basalt.endtoend.harness.QemuGuest;
import java.time.Duration;
import java.util.Arrays;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The gate is replaced by a new process again and again in the middle of a guest's writes, and killed in between.
/// The guest notices nothing but pauses: no request is lost, none fails, and everything it wrote reads back.
@Tag("guest")
@Timeout(600)
class HandoverGuestTest {
    private static final int KILLS = 3;
    private static final int HANDOVERS_BETWEEN = Integer.getInteger("basalt.guest.handovers", 3);
    private static final Duration ROUND_BOUND = Duration.ofMinutes(2);

    @ParameterizedTest(name = "QEMU listens: {0}, packed rings: {1}")
    @CsvSource({"false, true", "true, false"})
    void guestOutlivesHandoversAndKillsWhileItWrites(boolean qemuListens, boolean packed) throws Exception {
        final long[] pausesUs = new long[KILLS * HANDOVERS_BETWEEN];
        try (GateScene scene = GateScene.open()) {
            final GuestDisk disk =
                    scene.disk("upgraded").withQueues(2).withPackedRings(packed).withQemuListening(qemuListens);
            scene.serve("vhost.0", disk);
            final GuestMachine machine = GuestMachine.running("rounds", disk).withVcpus(2);
            try (QemuGuest guest = QemuGuest.boot(machine, scene.folder())) {
                guest.awaitMarker("READY", ROUND_BOUND);
                for (int i = 0; i < pausesUs.length; i++) {
                    GateCrashTest.awaitWrites(scene.gate(), guest, GateScene.VOLUME);
                    pausesUs[i] = scene.gate()
                            .handOver()
                            .path("disks")
                            .path(0)
                            .path("pause_us")
                            .longValue();
                    if (i % HANDOVERS_BETWEEN == HANDOVERS_BETWEEN - 1) {
                        GateCrashTest.awaitWrites(scene.gate(), guest, GateScene.VOLUME);
                        scene.gate().kill();
                        scene.gate().restart();
                        guest.awaitRounds(guest.rounds() + 1, ROUND_BOUND);
                    }
                }
                guest.type("stop");
                guest.awaitSuccess();
                assertThat(guest.rounds()).isGreaterThanOrEqualTo(KILLS);
            }
        }
        Arrays.sort(pausesUs);
        System.out.printf(
                "%d hand-overs under a guest: pause p50 %d us, max %d us%n",
                pausesUs.length, pausesUs[pausesUs.length / 2], pausesUs[pausesUs.length - 1]);
    }
}
