package io.basalt.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.endtoend.harness.ClusterProcesses;
import io.basalt.endtoend.harness.GateProcess;
import io.basalt.endtoend.harness.GuestDisk;
import io.basalt.endtoend.harness.GuestMachine;
import io.basalt.endtoend.harness.QemuGuest;
import io.basalt.endtoend.harness.Qmp;
import io.basalt.endtoend.harness.TestFolder;
import io.basalt.endtoend.harness.Watch;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A guest moves to another QEMU while it writes. The source's controller marks every page it writes in
/// the dirty log, and a page it forgot would be stale after the move and fail the guest's own
/// verification; so would a block that the wrong gate has written.
@Tag("guest")
@Timeout(2700)
class MigrationTest {
    private static final String VOLUME = "vm1";
    private static final Duration ROUND_BOUND = Duration.ofMinutes(15);
    private static final Duration MIGRATION_BOUND = Duration.ofMinutes(15);

    /// On the same host, to another QEMU at the same socket, which connects while the first one still runs
    /// the guest.
    @Test
    void guestMovesToAnotherFrontEndOfTheSameControllerWhileItWrites() throws Exception {
        try (GateScene scene = GateScene.open()) {
            final GuestDisk disk = scene.disk("disk").withPackedRings(true);
            scene.serve("vhost.0", disk);
            moveWhileWriting(scene.folder(), disk, disk);
        }
    }

    /// On the same host, to another socket of the same gate.
    @Tag("soak")
    @ParameterizedTest(name = "packed rings: {0}")
    @ValueSource(booleans = {false, true})
    void guestMovesToAnotherControllerWhileItWrites(boolean packed) throws Exception {
        try (GateScene scene = GateScene.open()) {
            final GuestDisk here = scene.disk("here").withPackedRings(packed);
            final GuestDisk there = scene.disk("there").withPackedRings(packed);
            scene.serve("vhost.here", here);
            scene.serve("vhost.there", there);
            moveWhileWriting(scene.folder(), here, there);
        }
    }

    /// To another host: two gates of a cluster, of which the second takes the volume when the guest
    /// runs there.
    @Test
    void guestMovesToAnotherGateOfTheClusterWhileItWrites() throws Exception {
        try (TestFolder folder = TestFolder.create();
                ClusterProcesses cluster = ClusterProcesses.startWithoutGate(folder);
                GateProcess _ = cluster.startGate(folder)) {
            final ClusterProcesses.Host other = cluster.anotherHost(folder, "there");
            try (GateProcess there = other.startGate(folder.resolve("there.log"))) {
                cluster.run("create", VOLUME, "-s", "64M");
                final GuestDisk source = GuestDisk.at(Path.of(cluster.run("attach", VOLUME, "-o", "name")));
                final GuestDisk destination =
                        GuestDisk.at(Path.of(other.run("attach", VOLUME, "--incoming", "-o", "name")));
                moveWhileWriting(folder, source, destination);
                assertThat(there.rpc()
                                .call("bdev_get_bdevs", Map.of("name", VOLUME))
                                .toString())
                        .contains("\"ATTACHED\"", "\"generation\":2");
            }
        }
    }

    static void moveWhileWriting(TestFolder folder, GuestDisk here, GuestDisk there) throws Exception {
        final GuestMachine machine = GuestMachine.running("rounds", here);
        final String uri = "unix:" + folder.resolve("move.sock");
        try (QemuGuest source = QemuGuest.boot(machine, folder);
                QemuGuest destination = QemuGuest.start(machine.withDisk(there).withIncoming(uri), folder)) {
            source.awaitRounds(1, ROUND_BOUND);
            final int roundsHere = move(source, destination, uri);
            destination.awaitRounds(2, ROUND_BOUND);
            assertThat(source.rounds()).isEqualTo(roundsHere);
            destination.type("stop");
            destination.awaitSuccess();
        }
    }

    /// Has a running guest move to a QEMU that waits for it.
    ///
    /// @return the guest's rounds before it moved
    static int move(QemuGuest source, QemuGuest destination, String uri) throws IOException {
        try (Qmp toSource = source.qmp();
                Qmp toDestination = destination.qmp()) {
            toSource.migrate(uri, MIGRATION_BOUND);
            final int rounds = source.rounds();
            // The source is done when it has sent everything, the destination when it has loaded it.
            Watch.until(
                    "the guest runs at the destination",
                    MIGRATION_BOUND,
                    () -> status(toDestination).equals("running"),
                    destination::report);
            toSource.execute("quit", Map.of());
            return rounds;
        }
    }

    private static String status(Qmp qmp) {
        return qmp.execute("query-status", Map.of()).path("status").asString();
    }
}
