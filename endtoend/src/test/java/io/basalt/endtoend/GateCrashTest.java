package io.basalt.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.endtoend.harness.GateProcess;
import io.basalt.endtoend.harness.GuestDisk;
import io.basalt.endtoend.harness.GuestMachine;
import io.basalt.endtoend.harness.QemuGuest;
import io.basalt.endtoend.harness.Watch;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The gate dies in the middle of a guest's writes, three times. The guest notices nothing but the pause: no
/// request is lost, none fails, and everything it wrote reads back.
@Tag("guest")
@Timeout(1200)
class GateCrashTest {
    private static final int KILLS = 3;
    /// Enough that fio is well under way with a full queue, few enough that the round is not over.
    private static final int WRITES_BEFORE_KILL = 150;

    /// Long enough that a kill finds requests in flight.
    private static final Duration WRITE_DELAY = Duration.ofMillis(4);

    private static final Duration ROUND_BOUND = Duration.ofMinutes(10);
    private static final Duration FREEZE = Duration.ofSeconds(2);

    @ParameterizedTest(name = "QEMU listens: {0}, packed rings: {1}")
    @CsvSource({"false, false", "false, true", "true, false", "true, true"})
    void guestOutlivesThreeKillsOfTheGateWhileItWrites(boolean qemuListens, boolean packed) throws Exception {
        try (GateScene scene = GateScene.open()) {
            final GuestDisk disk =
                    scene.disk("crash").withQueues(2).withPackedRings(packed).withQemuListening(qemuListens);
            scene.serveSlowly("vhost.0", disk, WRITE_DELAY);
            final GuestMachine machine = GuestMachine.running("rounds", disk).withVcpus(2);
            try (QemuGuest guest = QemuGuest.boot(machine, scene.folder())) {
                guest.awaitMarker("READY", ROUND_BOUND);
                int resubmitted = 0;
                for (int kill = 0; kill < KILLS; kill++) {
                    awaitWrites(scene.gate(), guest, GateScene.SLOW_VOLUME);
                    scene.gate().kill();
                    scene.gate().restart();
                    guest.awaitRounds(guest.rounds() + 1, ROUND_BOUND);
                    resubmitted += scene.gate().rpc().resubmitted("vhost.0");
                }
                assertThat(resubmitted)
                        .as("requests in flight at the kills, executed again")
                        .isPositive();
                guest.type("stop");
                guest.awaitSuccess();
                assertThat(guest.rounds()).isGreaterThanOrEqualTo(KILLS);
            }
        }
    }

    @Test
    void guestWaitsOutAGateThatIsFrozenWhileItWrites() throws Exception {
        try (GateScene scene = GateScene.open()) {
            final GuestDisk disk = scene.disk("frozen");
            scene.serve("vhost.0", disk);
            try (QemuGuest guest = QemuGuest.boot(GuestMachine.running("rounds", disk), scene.folder())) {
                guest.awaitMarker("READY", ROUND_BOUND);
                awaitWrites(scene.gate(), guest, GateScene.VOLUME);
                scene.gate().freeze();
                Thread.sleep(FREEZE); // the length of the fault, not a wait for something
                scene.gate().thaw();
                guest.awaitRounds(guest.rounds() + 1, ROUND_BOUND);
                guest.type("stop");
                guest.awaitSuccess();
            }
        }
    }

    /// Waits until a round's writes are under way: the kill must find requests in flight.
    static void awaitWrites(GateProcess gate, QemuGuest guest, String volume) throws IOException {
        awaitWrites(gate, guest, volume, WRITES_BEFORE_KILL);
    }

    /// Waits until so many more are done.
    static void awaitWrites(GateProcess gate, QemuGuest guest, String volume, int count) throws IOException {
        final long before = gate.rpc().completedWrites(volume);
        Watch.until(
                "the guest writes",
                ROUND_BOUND,
                () -> {
                    try {
                        return gate.rpc().completedWrites(volume) - before >= count;
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                },
                () -> guest.report() + "\n" + gate.report());
    }
}
