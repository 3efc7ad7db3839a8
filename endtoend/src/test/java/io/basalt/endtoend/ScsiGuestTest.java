package io.basalt.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.endtoend.harness.GateRpc;
import io.basalt.endtoend.harness.GuestDisk;
import io.basalt.endtoend.harness.GuestMachine;
import io.basalt.endtoend.harness.QemuGuest;
import io.basalt.endtoend.harness.StandbyGates;
import io.basalt.endtoend.harness.TestFolder;
import io.basalt.endtoend.harness.Watch;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// A guest with a SCSI host of the gate: a file system on its disk, and disks that come, grow and go.
@Tag("guest")
@Timeout(1200)
class ScsiGuestTest {
    private static final Duration STEP_BOUND = Duration.ofMinutes(10);
    private static final int KILLS = 3;
    private static final int WRITES = 20;
    private static final long SECTOR_BYTES = 512;
    private static final long MEBIBYTE = 1 << 20;

    @Test
    void guestUsesADiskAndSeesTargetsComeGrowAndGo() throws Exception {
        try (GateScene scene = GateScene.open()) {
            final GateRpc rpc = scene.gate().rpc();
            final GuestDisk disk = scene.disk("scsi").withQueues(2).asScsiHost();
            rpc.call(
                    "vhost_create_scsi_controller",
                    Map.of("ctrlr", "vhost.0", "socket", disk.socket().toString()));
            assertThat(addTarget(rpc, -1, GateScene.VOLUME)).isZero();
            rpc.createFileVolume("second", scene.folder().sparseFile("second.raw", 64 * MEBIBYTE));
            final long grown = 2 * GateScene.DISK_BYTES;
            final GuestMachine machine = GuestMachine.running("scsi", disk)
                    .withParameter("disk", "sda")
                    .withParameter("jobs", 2)
                    .withParameter("sectors", grown / SECTOR_BYTES);
            try (QemuGuest guest = QemuGuest.boot(machine, scene.folder())) {
                assertThat(guest.awaitMarker("SCSI", STEP_BOUND))
                        .contains("vendor=BASALT", "wwid=naa.3", "cache=write back", "fua=1", "mode=unmap");
                assertThat(guest.awaitMarker("VERIFIED", STEP_BOUND)).doesNotContain("discard_sectors=0");
                assertThat(addTarget(rpc, 3, "second")).isEqualTo(3);
                guest.awaitMarker("PLUGGED", STEP_BOUND);
                rpc.call("bdev_uring_resize", Map.of("name", GateScene.VOLUME, "new_size", grown / MEBIBYTE));
                guest.awaitMarker("RESIZED", STEP_BOUND);
                rpc.call("vhost_scsi_controller_remove_target", Map.of("ctrlr", "vhost.0", "scsi_target_num", 3));
                guest.awaitMarker("UNPLUGGED", STEP_BOUND);
                guest.awaitSuccess();
            }
        }
    }

    @Test
    void toolsFindEachPageAndAReservationOfOneHostKeepsTheOtherOut() throws Exception {
        try (GateScene scene = GateScene.open()) {
            final GateRpc rpc = scene.gate().rpc();
            final List<GuestDisk> hosts = List.of(
                    scene.disk("first").asScsiHost(), scene.disk("second").asScsiHost());
            for (int i = 0; i < hosts.size(); i++) {
                final String name = "vhost." + i;
                rpc.call(
                        "vhost_create_scsi_controller",
                        Map.of("ctrlr", name, "socket", hosts.get(i).socket().toString()));
                assertThat(addTarget(rpc, name, 0, GateScene.VOLUME)).isZero();
            }
            final GuestMachine machine = new GuestMachine(
                    "scsi-tools", 1, GuestMachine.MEMORY_MIB, false, hosts, Map.of("disk", "sda"), null);
            try (QemuGuest guest = QemuGuest.boot(machine, scene.folder())) {
                assertThat(guest.awaitMarker("VPD 0x00", STEP_BOUND))
                        .contains("[sn]", "[di]", "[bl]", "[bdc]", "[lbpv]");
                assertThat(guest.awaitMarker("VPD 0x80", STEP_BOUND)).contains("Unit serial number:");
                assertThat(guest.awaitMarker("VPD 0x83", STEP_BOUND))
                        .contains("BASALT", "NAA", "0x3", "Relative target port");
                assertThat(guest.awaitMarker("VPD 0xb0", STEP_BOUND)).contains("Maximum unmap LBA count:");
                assertThat(guest.awaitMarker("VPD 0xb1", STEP_BOUND)).contains("Non-rotating medium");
                assertThat(guest.awaitMarker("VPD 0xb2", STEP_BOUND)).contains("(LBPU): 1");
                assertThat(guest.awaitMarker("INQUIRY", STEP_BOUND)).contains("BASALT");
                assertThat(guest.awaitMarker("CAPACITY", STEP_BOUND)).contains(String.valueOf(GateScene.DISK_BYTES));
                assertThat(guest.awaitMarker("RESERVED", STEP_BOUND)).contains("Key=0xabc", "registrants only");
                guest.awaitMarker("PREEMPTED", STEP_BOUND);
                guest.awaitSuccess();
            }
        }
    }

    /// QEMU 7.2 does not connect a SCSI host again: only what the holder keeps lets the guest go on.
    @Test
    @Tag("soak")
    void guestOutlivesKillsOfTheGateWhereAHolderKeepsItsSocket() throws Exception {
        try (TestFolder folder = TestFolder.create();
                StandbyGates gates = StandbyGates.start(folder)) {
            final GuestDisk disk = GuestDisk.at(folder.resolve("scsi.sock")).asScsiHost();
            gates.rpc().createFileVolume(GateScene.VOLUME, folder.sparseFile("disk.raw", 64 * MEBIBYTE));
            gates.rpc()
                    .call(
                            "vhost_create_scsi_controller",
                            Map.of("ctrlr", "vhost.0", "socket", disk.socket().toString()));
            addTarget(gates.rpc(), 0, GateScene.VOLUME);
            final GuestMachine machine = GuestMachine.running("rounds", disk).withParameter("disk", "sda");
            try (QemuGuest guest = QemuGuest.boot(machine, folder)) {
                guest.awaitMarker("READY", STEP_BOUND);
                for (int kill = 0; kill < KILLS; kill++) {
                    gates.addStandby();
                    gates.awaitStandby();
                    awaitWrites(gates, guest);
                    gates.killServing();
                    gates.awaitTakeOver();
                    guest.awaitRounds(guest.rounds() + 1, STEP_BOUND);
                }
                guest.type("stop");
                guest.awaitSuccess();
            }
        }
    }

    private static void awaitWrites(StandbyGates gates, QemuGuest guest) throws Exception {
        final long before = gates.rpc().completedWrites(GateScene.VOLUME);
        Watch.until(
                "the guest writes",
                STEP_BOUND,
                () -> {
                    try {
                        return gates.rpc().completedWrites(GateScene.VOLUME) - before >= WRITES;
                    } catch (IOException failure) {
                        throw new UncheckedIOException(failure);
                    }
                },
                guest::report);
    }

    private static int addTarget(GateRpc rpc, int number, String volume) throws Exception {
        return addTarget(rpc, "vhost.0", number, volume);
    }

    private static int addTarget(GateRpc rpc, String controller, int number, String volume) throws Exception {
        return rpc.call(
                        "vhost_scsi_controller_add_target",
                        Map.of("ctrlr", controller, "scsi_target_num", number, "bdev_name", volume))
                .intValue();
    }
}
