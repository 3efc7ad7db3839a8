package io.basalt.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.endtoend.harness.ClusterProcesses;
import io.basalt.endtoend.harness.GateProcess;
import io.basalt.endtoend.harness.GuestDisk;
import io.basalt.endtoend.harness.GuestMachine;
import io.basalt.endtoend.harness.Pauses;
import io.basalt.endtoend.harness.QemuGuest;
import io.basalt.endtoend.harness.TestFolder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.JsonNode;

/// One guest without a reboot: it verifies what it writes to a cluster's volume while its gate is replaced and
/// killed, moves to another host as it writes, and has the same done to it there.
@Tag("guest")
@Tag("soak")
@Timeout(value = 2, unit = TimeUnit.HOURS)
class GuestLifeSoakTest {
    private static final String VOLUME = "vm1";
    private static final int KILLS = Integer.getInteger("basalt.guest.kills", 10);
    private static final int HANDOVERS_FOR_A_KILL = 2;
    private static final int WRITES = 20;
    private static final Duration BOUND = Duration.ofMinutes(10);

    private final Pauses pauses = new Pauses("the disk stood still");

    @Test
    void guestOutlivesHandOversKillsAndAMoveToAnotherHost() throws Exception {
        try (TestFolder folder = TestFolder.create();
                ClusterProcesses cluster = ClusterProcesses.startWithoutGate(folder);
                GateProcess here = cluster.startGate(folder)) {
            final ClusterProcesses.Host other = cluster.anotherHost(folder, "there");
            try (GateProcess there = other.startGate(folder.resolve("there.log"))) {
                cluster.run("create", VOLUME, "-s", "64M");
                final GuestDisk source = GuestDisk.at(Path.of(cluster.run("attach", VOLUME, "-o", "name")));
                final GuestDisk destination =
                        GuestDisk.at(Path.of(other.run("attach", VOLUME, "--incoming", "-o", "name")));
                live(folder, new Place(here, source), new Place(there, destination));
            }
        }
        System.out.printf("%d hand-overs under a guest: %s%n", pauses.count(), pauses);
    }

    /// A gate, and its disk for the guest.
    private record Place(GateProcess gate, GuestDisk disk) {}

    private void live(TestFolder folder, Place here, Place there) throws Exception {
        final GuestMachine machine = GuestMachine.running("rounds", here.disk());
        final String uri = "unix:" + folder.resolve("move.sock");
        try (QemuGuest before = QemuGuest.boot(machine, folder)) {
            before.awaitMarker("READY", BOUND);
            trouble(here.gate(), before, KILLS / 2);
            try (QemuGuest after =
                    QemuGuest.start(machine.withDisk(there.disk()).withIncoming(uri), folder)) {
                final int roundsHere = MigrationTest.move(before, after, uri);
                trouble(there.gate(), after, KILLS - KILLS / 2);
                after.awaitRounds(after.rounds() + 1, BOUND);
                after.type("stop");
                after.awaitSuccess();
                assertThat(after.rounds() + roundsHere).isGreaterThan(1);
            }
        }
    }

    private void trouble(GateProcess gate, QemuGuest guest, int kills) throws Exception {
        for (int kill = 0; kill < kills; kill++) {
            for (int i = 0; i < HANDOVERS_FOR_A_KILL; i++) {
                GateCrashTest.awaitWrites(gate, guest, VOLUME, WRITES);
                for (final JsonNode disk : gate.handOver().path("disks")) {
                    pauses.add(disk.path("pause_us").longValue());
                }
            }
            GateCrashTest.awaitWrites(gate, guest, VOLUME, WRITES);
            gate.kill();
            gate.restart();
        }
        GateCrashTest.awaitWrites(gate, guest, VOLUME, WRITES);
    }
}
