package io.basalt.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.endtoend.harness.GuestDisk;
import io.basalt.endtoend.harness.GuestMachine;
import io.basalt.endtoend.harness.Pauses;
import io.basalt.endtoend.harness.QemuGuest;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.JsonNode;

/// The gate is replaced by a new process again and again in the middle of a guest's writes, and killed in between.
/// The guest notices nothing but pauses: no request is lost, none fails, and everything it wrote reads back. It has a
/// disk of each kind: one whose socket QEMU connects to, with packed rings, and one that it listens on, with split
/// ones.
@Tag("guest")
@Timeout(2700)
class HandoverGuestTest {
    private static final int KILLS = Integer.getInteger("basalt.guest.kills", 5);
    private static final int HANDOVERS_BETWEEN = Integer.getInteger("basalt.guest.handovers", 6);
    /// Of each disk, before anything is done to the gate: enough to know that they go through.
    private static final int WRITES = 20;

    private static final String OTHER_VOLUME = "other";
    private static final Duration ROUND_BOUND = Duration.ofMinutes(10);

    private final Pauses pauses = new Pauses("each disk stood still");

    @Test
    void guestOutlivesHandoversAndKillsWhileItWrites() throws Exception {
        try (GateScene scene = GateScene.open()) {
            final GuestDisk connected = scene.disk("connected").withQueues(2).withPackedRings(true);
            final GuestDisk listening = scene.disk("listening").withQueues(2).withQemuListening(true);
            final Path file = scene.folder().sparseFile("other.raw", GateScene.DISK_BYTES);
            scene.gate().rpc().createFileVolume(OTHER_VOLUME, file);
            scene.serve("vhost.0", connected);
            scene.gate().rpc().createController("vhost.1", OTHER_VOLUME, listening, false);
            try (QemuGuest guest = QemuGuest.boot(machine(connected, listening), scene.folder())) {
                guest.awaitMarker("READY", ROUND_BOUND);
                for (int kill = 0; kill < KILLS; kill++) {
                    handOver(scene, guest);
                    scene.gate().kill();
                    scene.gate().restart();
                }
                awaitWrites(scene, guest);
                guest.awaitRounds(guest.rounds() + 1, ROUND_BOUND);
                guest.type("stop");
                guest.awaitSuccess();
                assertThat(guest.rounds()).isPositive();
            }
        }
        System.out.printf("%d hand-overs and %d kills under a guest: %s%n", KILLS * HANDOVERS_BETWEEN, KILLS, pauses);
    }

    private static GuestMachine machine(GuestDisk first, GuestDisk second) {
        return new GuestMachine(
                "rounds",
                2,
                GuestMachine.MEMORY_MIB,
                false,
                List.of(first, second),
                Map.of("files", "/dev/vda:/dev/vdb"),
                null);
    }

    private void handOver(GateScene scene, QemuGuest guest) throws Exception {
        for (int i = 0; i < HANDOVERS_BETWEEN; i++) {
            awaitWrites(scene, guest);
            for (final JsonNode disk : scene.gate().handOver().path("disks")) {
                pauses.add(disk.path("pause_us").longValue());
            }
        }
        awaitWrites(scene, guest);
    }

    /// Both disks are written to.
    private static void awaitWrites(GateScene scene, QemuGuest guest) throws Exception {
        GateCrashTest.awaitWrites(scene.gate(), guest, GateScene.VOLUME, WRITES);
        GateCrashTest.awaitWrites(scene.gate(), guest, OTHER_VOLUME, WRITES);
    }
}
