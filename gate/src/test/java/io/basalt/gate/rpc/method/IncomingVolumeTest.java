package io.basalt.gate.rpc.method;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.gate.cluster.ClusterVolume;
import io.basalt.gate.cluster.VolumeState;
import io.basalt.gate.rpc.RpcError;
import java.nio.file.Path;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Who has a volume's attachment while its guest moves from one gate to another: this gate is the one,
/// a [FakeMeta] and its node 99 are the other.
class IncomingVolumeTest {
    private static final long SECOND_NS = 1_000_000_000L;
    private static final String INCOMING = "{'name':'vm1','incoming':true}";
    private static final Object GUEST = "a session";
    private static final Object OTHER = "another session";

    @TempDir
    private Path directory;

    // ---- where the guest comes to

    @Test
    void anIncomingVolumeIsTakenWhenRingsStartAndNotBefore() {
        try (ClusterGate gate = served99()) {
            gate.call("bdev_basalt_create", INCOMING);
            final ClusterVolume volume = volume(gate);
            assertThat(volume.state()).isEqualTo(VolumeState.STANDBY);
            assertThat(volume.sizeBytes()).isEqualTo(8 << 20);
            pass(gate, 10 * SECOND_NS);
            assertThat(gate.meta.forced).isZero();

            volume.ringsStart(GUEST);
            awaitState(gate, volume, VolumeState.ATTACHED);
            assertThat(gate.meta.forced).isEqualTo(1);
            assertThat(gate.driver("vm1").path("generation").intValue()).isEqualTo(2);
        }
    }

    @Test
    void aVolumeThatWaitsForItsGuestDoesSoAfterARestartAndIsAsAnyOtherOnceTheGuestHasCome() {
        final int generation;
        try (ClusterGate gate = served99()) {
            gate.call("bdev_basalt_create", INCOMING);
            assertThat(gate.call("save_config", "{}").toString()).contains("\"incoming\":true");
            generation = gate.meta.generation;
        }
        try (ClusterGate gate = new ClusterGate(directory)) {
            gate.meta.generation = generation;
            gate.meta.add("vm1", 8 << 20);
            gate.started();
            final ClusterVolume volume = volume(gate);
            assertThat(volume.state()).isEqualTo(VolumeState.STANDBY);
            volume.ringsStart(GUEST);
            awaitState(gate, volume, VolumeState.ATTACHED);
            assertThat(gate.call("save_config", "{}").toString()).doesNotContain("incoming");
        }
    }

    @Test
    void aGuestThatDiesBeforeTheVolumeWasGrantedLeavesItWhereItIs() {
        try (ClusterGate gate = served99()) {
            gate.call("bdev_basalt_create", INCOMING);
            final ClusterVolume volume = volume(gate);
            gate.meta.mute = true;
            volume.ringsStart(GUEST);
            gate.until(() -> gate.meta.forced > 0);
            final boolean[] abandoned = {false};
            volume.sessionEnds(GUEST, () -> abandoned[0] = true);
            volume.ringsStopped(GUEST, false);
            volume.sessionEnded(GUEST);
            assertThat(abandoned[0]).isTrue();
            assertThat(volume.state()).isEqualTo(VolumeState.STANDBY);

            final int asked = gate.meta.forced;
            gate.meta.mute = false;
            pass(gate, 30 * SECOND_NS);
            assertThat(gate.meta.forced).isEqualTo(asked);
            assertThat(gate.meta.generation).isEqualTo(1);

            volume.ringsStart(OTHER);
            awaitState(gate, volume, VolumeState.ATTACHED);
        }
    }

    @Test
    void aVolumeThatIsDeletedBeforeItsGuestCameWasNeverTaken() {
        try (ClusterGate gate = served99()) {
            gate.call("bdev_basalt_create", INCOMING);
            gate.call("bdev_basalt_delete", "{'name':'vm1'}");
            assertThat(gate.meta.forced).isZero();
            assertThat(gate.meta.detached).isEmpty();
        }
    }

    @Test
    void incomingAndTakeOverExcludeEachOther() {
        try (ClusterGate gate = served99()) {
            final RpcError refusal =
                    gate.failure("bdev_basalt_create", "{'name':'vm1','incoming':true,'take_over':true}");
            assertThat(refusal.field()).isEqualTo("incoming");
            assertThat(gate.failure("bdev_basalt_create", "{'name':'no-such','incoming':true}")
                            .code())
                    .isEqualTo(RpcError.NO_DEVICE);
        }
    }

    // ---- where the guest goes from

    @Test
    void aGuestThatLeftAndStaysAfterAllGetsANewerGenerationEvenIfNobodySaidThatItWasTaken() {
        try (ClusterGate gate = attachedHere()) {
            final ClusterVolume volume = volume(gate);
            volume.ringsStart(GUEST);
            volume.ringsStopped(GUEST, true);
            assertThat(volume.state()).isEqualTo(VolumeState.LEFT);
            volume.ringsStart(GUEST);
            assertThat(volume.state()).isEqualTo(VolumeState.ATTACHING);
            awaitState(gate, volume, VolumeState.ATTACHED);
            assertThat(gate.meta.forced).isEqualTo(1);
            assertThat(gate.driver("vm1").path("generation").intValue()).isEqualTo(2);
        }
    }

    @Test
    void aGuestThatLeftTakesTheVolumeBackWhenItStays() {
        try (ClusterGate gate = attachedHere()) {
            final ClusterVolume volume = volume(gate);
            volume.ringsStart(GUEST);
            volume.ringsStopped(GUEST, true);
            gate.meta.giveAway("vm1");
            pass(gate, SECOND_NS);
            assertThat(volume.state()).isEqualTo(VolumeState.LEFT);
            assertThat(volume.reason()).contains("generation 2");
            volume.ringsStart(GUEST);
            awaitState(gate, volume, VolumeState.ATTACHED);
            assertThat(gate.driver("vm1").path("generation").intValue()).isEqualTo(3);
        }
    }

    @Test
    void aVolumeWhoseGuestHasLeftForGoodIsFenced() {
        try (ClusterGate gate = attachedHere()) {
            final ClusterVolume volume = volume(gate);
            volume.ringsStart(GUEST);
            volume.ringsStopped(GUEST, true);
            gate.meta.giveAway("vm1");
            pass(gate, SECOND_NS);
            volume.sessionEnds(GUEST, () -> {});
            volume.sessionEnded(GUEST);
            assertThat(volume.state()).isEqualTo(VolumeState.FENCED);
        }
    }

    @Test
    void onlyTheSessionThatLeftTakesTheVolumeBack() {
        try (ClusterGate gate = attachedHere()) {
            final ClusterVolume volume = volume(gate);
            volume.ringsStart(GUEST);
            volume.ringsStopped(GUEST, true);
            gate.meta.giveAway("vm1");
            pass(gate, SECOND_NS);
            volume.ringsStart(OTHER);
            assertThat(volume.state()).isEqualTo(VolumeState.FENCED);
            pass(gate, 10 * SECOND_NS);
            assertThat(gate.meta.forced).isZero();
        }
    }

    @Test
    void aGuestThatMovesToAnotherFrontEndOfThisGateNeedsNoAttachment() {
        try (ClusterGate gate = attachedHere()) {
            final ClusterVolume volume = volume(gate);
            volume.ringsStart(GUEST);
            volume.ringsStopped(GUEST, true);
            volume.ringsStart(OTHER);
            assertThat(volume.state()).isEqualTo(VolumeState.ATTACHED);
            assertThat(gate.meta.generation).isEqualTo(1);
        }
    }

    // ---- split brain

    @Test
    void aGateThatIsFencedWhileRingsRunStaysFencedHoweverOftenTheyStartAgain() {
        try (ClusterGate gate = attachedHere()) {
            final ClusterVolume volume = volume(gate);
            volume.ringsStart(GUEST);
            gate.meta.giveAway("vm1");
            awaitState(gate, volume, VolumeState.FENCED);
            volume.ringsStopped(GUEST, true);
            volume.ringsStart(GUEST);
            pass(gate, 10 * SECOND_NS);
            assertThat(volume.state()).isEqualTo(VolumeState.FENCED);
            assertThat(gate.meta.forced).isZero();
        }
    }

    @Test
    void aGuestThatRebootsWhileAnotherGateTakesTheVolumeDoesNotTakeItBack() {
        try (ClusterGate gate = attachedHere()) {
            final ClusterVolume volume = volume(gate);
            volume.ringsStart(GUEST);
            volume.ringsStopped(GUEST, false);
            gate.meta.giveAway("vm1");
            awaitState(gate, volume, VolumeState.FENCED);
            volume.ringsStart(GUEST);
            pass(gate, 10 * SECOND_NS);
            assertThat(gate.meta.forced).isZero();
        }
    }

    @Test
    void anOperatorTakesAFencedVolumeBackUnderARunningGuest() {
        try (ClusterGate gate = attachedHere()) {
            final ClusterVolume volume = volume(gate);
            volume.ringsStart(GUEST);
            gate.meta.giveAway("vm1");
            awaitState(gate, volume, VolumeState.FENCED);
            gate.call("bdev_basalt_create", "{'name':'vm1'}");
            assertThat(volume.state()).isEqualTo(VolumeState.FENCED);
            gate.call("bdev_basalt_create", "{'name':'vm1','take_over':true}");
            awaitState(gate, volume, VolumeState.ATTACHED);
            assertThat(gate.driver("vm1").path("generation").intValue()).isEqualTo(3);
        }
    }

    @Test
    void aVolumeThatWasFencedCanWaitForItsGuestToComeBackOnceNobodyUsesIt() {
        try (ClusterGate gate = attachedHere()) {
            final ClusterVolume volume = volume(gate);
            volume.ringsStart(GUEST);
            gate.meta.giveAway("vm1");
            awaitState(gate, volume, VolumeState.FENCED);
            assertThat(gate.failure("bdev_basalt_create", INCOMING).code()).isEqualTo(RpcError.BUSY);
            volume.ringsStopped(GUEST, false);
            gate.call("bdev_basalt_create", INCOMING);
            assertThat(volume.state()).isEqualTo(VolumeState.STANDBY);
            volume.ringsStart(OTHER);
            awaitState(gate, volume, VolumeState.ATTACHED);
            assertThat(gate.driver("vm1").path("generation").intValue()).isEqualTo(3);
        }
    }

    // ---- the scene

    /// A gate in a cluster whose volume `vm1` another gate serves.
    private ClusterGate served99() {
        final ClusterGate gate = new ClusterGate(directory).started();
        gate.meta.add("vm1", 8 << 20);
        gate.meta.giveAway("vm1");
        return gate;
    }

    /// A gate in a cluster that serves its volume `vm1`.
    private ClusterGate attachedHere() {
        final ClusterGate gate = new ClusterGate(directory).started();
        gate.meta.add("vm1", 8 << 20);
        gate.call("bdev_basalt_create", "{'name':'vm1'}");
        return gate;
    }

    private static ClusterVolume volume(ClusterGate gate) {
        return Objects.requireNonNull(gate.client.find("vm1"));
    }

    private static void awaitState(ClusterGate gate, ClusterVolume volume, VolumeState state) {
        gate.until(() -> volume.state() == state);
    }

    private static void pass(ClusterGate gate, long ns) {
        final long endNs = gate.clock.nanoTime() + ns;
        gate.until(() -> gate.clock.nanoTime() >= endNs);
    }
}
