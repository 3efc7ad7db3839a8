package io.basalt.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.endtoend.harness.GuestDisk;
import io.basalt.endtoend.harness.GuestMachine;
import io.basalt.endtoend.harness.QemuGuest;
import io.basalt.endtoend.harness.Qmp;
import io.basalt.endtoend.harness.TestFolder;
import io.basalt.endtoend.harness.Watch;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A guest moves to another QEMU on the same host while it writes. Two controllers serve the one volume; the
/// source's marks every page it writes in the dirty log, and a page it forgot would be stale after the move and
/// fail the guest's own verification.
@Tag("guest")
@Timeout(400)
class MigrationTest {
    private static final Duration ROUND_BOUND = Duration.ofMinutes(2);
    private static final Duration MIGRATION_BOUND = Duration.ofMinutes(3);

    @ParameterizedTest(name = "packed rings: {0}")
    @ValueSource(booleans = {false, true})
    void guestMovesWhileItWritesAndVerifiesOnTheOtherSide(boolean packed) throws Exception {
        try (GateScene scene = GateScene.open()) {
            final GuestDisk here = scene.disk("here").withPackedRings(packed);
            final GuestDisk there = scene.disk("there").withPackedRings(packed);
            scene.serve("vhost.here", here);
            scene.serve("vhost.there", there);
            moveWhileWriting(scene.folder(), here, there);
        }
    }

    static void moveWhileWriting(TestFolder folder, GuestDisk here, GuestDisk there) throws Exception {
        final GuestMachine machine = GuestMachine.running("rounds", here);
        final String uri = "unix:" + folder.resolve("move.sock");
        try (QemuGuest source = QemuGuest.boot(machine, folder);
                QemuGuest destination = QemuGuest.start(machine.withDisk(there).withIncoming(uri), folder)) {
            source.awaitRounds(1, ROUND_BOUND);
            try (Qmp toSource = source.qmp();
                    Qmp toDestination = destination.qmp()) {
                toSource.migrate(uri, MIGRATION_BOUND);
                final int roundsHere = source.rounds();
                // The source is done when it has sent everything, the destination when it has loaded it.
                Watch.until(
                        "the guest runs at the destination",
                        MIGRATION_BOUND,
                        () -> status(toDestination).equals("running"),
                        destination::report);
                toSource.execute("quit", Map.of());
                destination.awaitRounds(2, ROUND_BOUND);
                assertThat(source.rounds()).isEqualTo(roundsHere);
            }
            destination.type("stop");
            destination.awaitSuccess();
        }
    }

    private static String status(Qmp qmp) {
        return qmp.execute("query-status", Map.of()).path("status").asString();
    }
}
