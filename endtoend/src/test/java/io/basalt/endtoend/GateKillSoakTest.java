package io.basalt.endtoend;

import io.basalt.endtoend.harness.GuestDisk;
import io.basalt.endtoend.harness.GuestMachine;
import io.basalt.endtoend.harness.Pauses;
import io.basalt.endtoend.harness.QemuGuest;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The gate is killed a hundred times (`-Dbasalt.kills`) under a guest that writes, and started again as a service
/// manager would, with nobody standing by. Prints how long the guest's disk stood still: from the kill to the first
/// write that is answered after it, some milliseconds for looking included.
@Tag("guest")
@Tag("soak")
@Timeout(value = 2, unit = TimeUnit.HOURS)
class GateKillSoakTest {
    private static final int KILLS = Integer.getInteger("basalt.kills", 100);
    private static final int TELL_EVERY = 10;
    private static final Duration BOUND = Duration.ofMinutes(3);
    private static final long US_NS = 1_000;

    @ParameterizedTest(name = "QEMU listens: {0}")
    @ValueSource(booleans = {true, false})
    void guestOutlivesKillsOfAGateThatNobodyStandsInFor(boolean qemuListens) throws Exception {
        final Pauses stalls = new Pauses(qemuListens ? "QEMU listens, stall" : "QEMU reconnects, stall");
        try (GateScene scene = GateScene.open()) {
            final GuestDisk disk = scene.disk("killed").withQueues(2).withQemuListening(qemuListens);
            scene.serve("vhost.0", disk);
            final GuestMachine machine = GuestMachine.running("rounds", disk).withVcpus(2);
            try (QemuGuest guest = QemuGuest.boot(machine, scene.folder())) {
                guest.awaitMarker("READY", BOUND);
                while (stalls.count() < KILLS) {
                    GateCrashTest.awaitWrites(scene.gate(), guest, GateScene.VOLUME);
                    final long killedNs = System.nanoTime();
                    scene.gate().kill();
                    scene.gate().restart();
                    GateCrashTest.awaitWrites(scene.gate(), guest, GateScene.VOLUME, 1);
                    stalls.add((System.nanoTime() - killedNs) / US_NS);
                    if (stalls.count() % TELL_EVERY == 0) {
                        System.out.printf("%d kills. %s%n", stalls.count(), stalls);
                    }
                }
                guest.awaitRounds(guest.rounds() + 1, BOUND);
                guest.type("stop");
                guest.awaitSuccess();
            }
        }
    }
}
