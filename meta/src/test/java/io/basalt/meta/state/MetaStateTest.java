package io.basalt.meta.state;

import static io.basalt.meta.state.Commands.apply;
import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.meta.state.MetaCommand.AdminDevice;
import io.basalt.meta.state.MetaCommand.ChangePg;
import io.basalt.meta.state.MetaCommand.DeleteVolume;
import io.basalt.meta.state.MetaCommand.Detach;
import io.basalt.meta.state.MetaCommand.Fence;
import io.basalt.meta.state.MetaCommand.MarkNode;
import io.basalt.meta.state.MetaCommand.PatchVolume;
import io.basalt.meta.state.MetaCommand.RecordUsage;
import io.basalt.placement.ClusterMap;
import io.basalt.placement.Device;
import io.basalt.placement.DeviceState;
import io.basalt.wire.meta.GenerationBatch;
import io.basalt.wire.meta.MetaCode;
import io.basalt.wire.meta.PgChange;
import io.basalt.wire.meta.PgChange.Kind;
import io.basalt.wire.meta.RequestId;
import io.basalt.wire.meta.VolumeRecord;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/// What each command does, and what it refuses to do.
class MetaStateTest {
    private static final long GIB = 1L << 30;
    private static final int GATE = 4;
    private static final int OTHER_GATE = 5;

    private final MetaState state = Commands.cluster(0);

    @Test
    void aVolumeIsOneSmallRecordWhateverItsSize() {
        final int before = state.snapshot().length;
        apply(state, Commands.volume(RequestId.NONE, "small", GIB));
        final int small = state.snapshot().length - before;
        apply(state, Commands.volume(RequestId.NONE, "large", 60L << 40));
        assertThat(state.snapshot().length - before - small).isEqualTo(small);
        assertThat(small).isLessThan(120);
    }

    @Test
    void aRepeatedRequestHasItsEffectOnce() {
        final RequestId id = new RequestId(1, 1);
        final CommandResult first = apply(state, Commands.volume(id, "vm1", GIB));
        final byte[] after = state.snapshot();
        assertThat(apply(state, Commands.volume(id, "vm1", GIB))).isEqualTo(first);
        assertThat(state.snapshot()).isEqualTo(after);
    }

    @Test
    void aRequestIdThatIsUsedForAnotherRequestIsRefused() {
        final RequestId id = new RequestId(1, 1);
        apply(state, Commands.volume(id, "vm1", GIB));
        assertThat(apply(state, Commands.volume(id, "vm2", GIB)).code()).isEqualTo(MetaCode.CONFLICT);
    }

    @Test
    void aRefusedRequestMayBeTriedAgainUnderItsId() {
        final RequestId id = new RequestId(1, 1);
        apply(state, Commands.volume(RequestId.NONE, "vm1", GIB));
        assertThat(apply(state, Commands.volume(id, "vm1", GIB)).code()).isEqualTo(MetaCode.EXISTS);
        apply(state, new DeleteVolume(RequestId.NONE, "vm1"));
        assertThat(apply(state, Commands.volume(id, "vm1", GIB)).done()).isTrue();
    }

    @Test
    void namesSizesAndShapesAreChecked() {
        assertThat(apply(state, Commands.volume(RequestId.NONE, "", GIB)).field())
                .isEqualTo("name");
        assertThat(apply(state, Commands.volume(RequestId.NONE, "-x", GIB)).field())
                .isEqualTo("name");
        assertThat(apply(state, Commands.volume(RequestId.NONE, "a/b", GIB)).field())
                .isEqualTo("name");
        assertThat(apply(state, Commands.volume(RequestId.NONE, "v", 4095)).field())
                .isEqualTo("sizeBytes");
        assertThat(apply(state, Commands.volume(RequestId.NONE, "v", -4096)).field())
                .isEqualTo("sizeBytes");
        assertThat(apply(state, new MetaCommand.CreateVolume(RequestId.NONE, "v", GIB, 3 << 20, 4096, "ssd", "", 1))
                        .field())
                .isEqualTo("shardBytes");
        assertThat(apply(state, new MetaCommand.CreateVolume(RequestId.NONE, "v", GIB, 1 << 20, 1024, "ssd", "", 1))
                        .field())
                .isEqualTo("blockBytes");
        assertThat(apply(state, new MetaCommand.CreateVolume(RequestId.NONE, "v", GIB, 1 << 20, 512, "ssd", "x", 1))
                        .code())
                .isEqualTo(MetaCode.NOT_FOUND);
    }

    @Test
    void noMoreIsProvisionedThanTheSetMay() {
        final MetaState bounded = Commands.cluster(200);
        assertThat(apply(bounded, Commands.volume(RequestId.NONE, "a", 2L << 40))
                        .done())
                .isTrue();
        final CommandResult refused = apply(bounded, Commands.volume(RequestId.NONE, "b", 1 << 20));
        assertThat(refused.code()).isEqualTo(MetaCode.NO_SPACE);
        assertThat(refused.hint()).contains("overcommitPercent");
        apply(bounded, new DeleteVolume(RequestId.NONE, "a"));
        assertThat(apply(bounded, Commands.volume(RequestId.NONE, "b", 1 << 20)).done())
                .isTrue();
        assertThat(bounded.sets().iterator().next().provisionedBytes()).isEqualTo(1 << 20);
    }

    @Test
    void aVolumeGrowsAndIsRenamedButDoesNotShrink() {
        apply(state, Commands.volume(RequestId.NONE, "vm1", GIB));
        assertThat(apply(state, new PatchVolume(RequestId.NONE, "vm1", "vm2", 3 * GIB, "rssd"))
                        .done())
                .isTrue();
        final VolumeRecord volume = volume("vm2");
        assertThat(volume.sizeBytes()).isEqualTo(3 * GIB);
        assertThat(volume.volumeClass()).isEqualTo("rssd");
        assertThat(volume.parts().getFirst().lengthBytes()).isEqualTo(3 * GIB);
        assertThat(state.sets().iterator().next().provisionedBytes()).isEqualTo(3 * GIB);
        assertThat(state.volume("vm1")).isNull();
        final CommandResult shrunk = apply(state, new PatchVolume(RequestId.NONE, "vm2", "", GIB, ""));
        assertThat(shrunk.code()).isEqualTo(MetaCode.CONFLICT);
        assertThat(shrunk.field()).isEqualTo("sizeBytes");
    }

    @Test
    void eachAttachmentHasTheNextGeneration() {
        apply(state, Commands.volume(RequestId.NONE, "vm1", GIB));
        assertThat(attach(GATE, 100, false).value()).isEqualTo(1);
        assertThat(attach(GATE, 101, false).value()).isEqualTo(2);
        assertThat(volume("vm1").gateInstance()).isEqualTo(101);
    }

    @Test
    void anotherGateTakesAVolumeOnlyByForce() {
        apply(state, Commands.volume(RequestId.NONE, "vm1", GIB));
        attach(GATE, 100, false);
        final CommandResult refused = attach(OTHER_GATE, 200, false);
        assertThat(refused.code()).isEqualTo(MetaCode.ATTACHED);
        assertThat(refused.reason()).contains("gate-1");
        final MetaState.Applied taken =
                state.apply(CommandCodec.encode(Commands.attach(new RequestId(9, 9), OTHER_GATE, 200, "vm1", true)));
        assertThat(taken.result().value()).isEqualTo(2);
        assertThat(taken.events())
                .containsExactly(
                        new MetaEvent.GenerationRaised(1, 2), new MetaEvent.VolumeChanged(GATE, 100, volume("vm1")));
    }

    @Test
    void aRepeatedAttachmentIsTheSameUnlessItWasSuperseded() {
        apply(state, Commands.volume(RequestId.NONE, "vm1", GIB));
        final MetaCommand first = Commands.attach(new RequestId(7, 1), GATE, 100, "vm1", false);
        assertThat(apply(state, first).value()).isEqualTo(1);
        assertThat(apply(state, first).value()).isEqualTo(1);
        attach(GATE, 101, false);
        assertThat(apply(state, first).code()).isEqualTo(MetaCode.FENCED);
    }

    @Test
    void onlyAGateAttaches() {
        apply(state, Commands.volume(RequestId.NONE, "vm1", GIB));
        assertThat(attach(1, 100, false).code()).isEqualTo(MetaCode.NOT_REGISTERED);
        assertThat(attach(77, 100, false).code()).isEqualTo(MetaCode.NOT_REGISTERED);
    }

    @Test
    void aDetachOfASupersededAttachmentChangesNothing() {
        apply(state, Commands.volume(RequestId.NONE, "vm1", GIB));
        attach(GATE, 100, false);
        attach(GATE, 101, false);
        apply(state, new Detach(1, 1));
        assertThat(volume("vm1").attached()).isTrue();
        apply(state, new Detach(1, 2));
        assertThat(volume("vm1").attached()).isFalse();
        assertThat(volume("vm1").generation()).isEqualTo(2);
    }

    @Test
    void aFencedVolumeHasANewGenerationAndNoGate() {
        apply(state, Commands.volume(RequestId.NONE, "vm1", GIB));
        attach(GATE, 100, false);
        assertThat(apply(state, new Fence(new RequestId(3, 3), "vm1")).value()).isEqualTo(2);
        assertThat(volume("vm1").attached()).isFalse();
    }

    @Test
    void anAttachedVolumeIsNotDeletedAndADeletedOneIsFencedForEver() {
        apply(state, Commands.volume(RequestId.NONE, "vm1", GIB));
        attach(GATE, 100, false);
        assertThat(apply(state, new DeleteVolume(RequestId.NONE, "vm1")).code()).isEqualTo(MetaCode.ATTACHED);
        apply(state, new Detach(1, 1));
        assertThat(state.apply(CommandCodec.encode(new DeleteVolume(RequestId.NONE, "vm1")))
                        .events())
                .containsExactly(new MetaEvent.GenerationRaised(1, GenerationBatch.DELETED));
        apply(state, Commands.volume(RequestId.NONE, "vm1", GIB));
        assertThat(volume("vm1").volumeId()).isEqualTo(2);
        assertThat(volume("vm1").parts().getFirst().partId()).isEqualTo(2);
    }

    @Test
    void aPlacementGroupChangesOnlyForWhoKnowsItsEpoch() {
        assertThat(change(0, 1, Kind.REMOVE_FROM_IN_SYNC, 2).value()).isEqualTo(2);
        assertThat(map().inSync(0, 1)).isFalse();
        assertThat(map().epoch(0)).isEqualTo(2);
        assertThat(change(0, 1, Kind.REMOVE_FROM_IN_SYNC, 3).code()).isEqualTo(MetaCode.STALE_EPOCH);
        assertThat(change(0, 2, Kind.REMOVE_FROM_IN_SYNC, 3).done()).isTrue();
        assertThat(change(0, 3, Kind.ADD_TO_IN_SYNC, 2).value()).isEqualTo(4);
        assertThat(map().pgTable().inSyncMask(0)).isEqualTo(0b011);
    }

    @Test
    void aRepeatedChangeIsTheSame() {
        final MetaCommand command = new ChangePg(new PgChange(1, 0, 1, Kind.REMOVE_FROM_IN_SYNC, 2));
        assertThat(apply(state, command).value()).isEqualTo(2);
        assertThat(apply(state, command).value()).isEqualTo(2);
        assertThat(map().epoch(0)).isEqualTo(2);
    }

    @Test
    void aWishThatIsTakenBackCannotBeGrantedLate() {
        assertThat(change(0, 1, Kind.REMOVE_FROM_IN_SYNC, 2).value()).isEqualTo(2);
        assertThat(change(0, 2, Kind.REMOVE_FROM_IN_SYNC, 2).value())
                .as("a new epoch, though nothing else changes")
                .isEqualTo(3);
        assertThat(map().pgTable().inSyncMask(0)).isEqualTo(0b101);
        assertThat(change(0, 2, Kind.REMOVE_FROM_IN_SYNC, 2).value())
                .as("come twice")
                .isEqualTo(3);
        assertThat(change(0, 2, Kind.ADD_TO_IN_SYNC, 2).code()).isEqualTo(MetaCode.STALE_EPOCH);
        assertThat(map().inSync(0, 1)).isFalse();
    }

    @Test
    void theLastGoodCopyStaysInSync() {
        change(0, 1, Kind.REMOVE_FROM_IN_SYNC, 2);
        change(0, 2, Kind.REMOVE_FROM_IN_SYNC, 3);
        final CommandResult refused = change(0, 3, Kind.REMOVE_FROM_IN_SYNC, 1);
        assertThat(refused.code()).isEqualTo(MetaCode.LAST_COPY);
        assertThat(map().pgTable().inSyncMask(0)).isEqualTo(0b001);
    }

    @Test
    void aNewPrimaryMustBeInSyncAndComesFirst() {
        change(0, 1, Kind.REMOVE_FROM_IN_SYNC, 2);
        assertThat(change(0, 2, Kind.MAKE_PRIMARY, 2).code()).isEqualTo(MetaCode.CONFLICT);
        assertThat(change(0, 2, Kind.MAKE_PRIMARY, 3).value()).isEqualTo(3);
        assertThat(map().primaryDevice(0)).isEqualTo(3);
        assertThat(map().pgTable().replicas(0).toArray()).containsExactly(3, 1, 2);
        assertThat(map().pgTable().inSyncMask(0)).isEqualTo(0b011);
    }

    @Test
    void aStrangerToAPlacementGroupCannotBePartOfItsChange() {
        assertThat(change(0, 1, Kind.ADD_TO_IN_SYNC, 99).code()).isEqualTo(MetaCode.NOT_FOUND);
        assertThat(apply(state, new ChangePg(new PgChange(1, 4000, 1, Kind.ADD_TO_IN_SYNC, 1)))
                        .code())
                .isEqualTo(MetaCode.NOT_FOUND);
        assertThat(apply(state, new ChangePg(new PgChange(9, 0, 1, Kind.ADD_TO_IN_SYNC, 1)))
                        .code())
                .isEqualTo(MetaCode.NOT_FOUND);
    }

    @Test
    void aSetWithVolumesIsNotLaidOutAgain() {
        apply(state, Commands.volume(RequestId.NONE, "vm1", GIB));
        assertThat(apply(state, Commands.layout(state, 3)).code()).isEqualTo(MetaCode.CONFLICT);
    }

    @Test
    void aNodeThatStopsAnsweringTakesItsDevicesDownAndBackUp() {
        apply(state, new MarkNode(1, false));
        assertThat(device(1).state()).isEqualTo(DeviceState.DOWN_IN);
        final long version = map().version();
        apply(state, new MarkNode(1, false));
        assertThat(map().version()).isEqualTo(version);
        apply(state, new MarkNode(1, true));
        assertThat(device(1).state()).isEqualTo(DeviceState.UP_IN);
    }

    @Test
    void aNewDeviceIsDownUntilItsNodeIsUp() {
        apply(state, Commands.register(Commands.chunk(1, 2)));
        assertThat(device(4).state()).isEqualTo(DeviceState.UP_IN);
        apply(state, Commands.register(Commands.chunk(6, 1)));
        assertThat(device(5).state()).isEqualTo(DeviceState.DOWN_IN);
    }

    @Test
    void aDeviceThatIsNotPresentedAnyMoreIsDown() {
        apply(state, Commands.register(Commands.chunk(1, 2)));
        apply(state, Commands.register(Commands.chunk(1, 1)));
        assertThat(device(4).state()).isEqualTo(DeviceState.DOWN_IN);
        assertThat(device(1).state()).isEqualTo(DeviceState.UP_IN);
    }

    @Test
    void aFullDeviceIsFullUntilThereIsRoomAgain() {
        usage(1, 96);
        assertThat(device(1).state()).isEqualTo(DeviceState.FULL);
        usage(1, 92);
        assertThat(device(1).state()).isEqualTo(DeviceState.FULL);
        usage(1, 80);
        assertThat(device(1).state()).isEqualTo(DeviceState.UP_IN);
    }

    @Test
    void whatAnOperatorDecidedStandsAboveWhatNodesSay() {
        apply(state, new AdminDevice(1, AdminDevice.Action.OUT, 0));
        apply(state, new MarkNode(1, false));
        apply(state, new MarkNode(1, true));
        assertThat(device(1).state()).isEqualTo(DeviceState.OUT);
        apply(state, new AdminDevice(1, AdminDevice.Action.IN, 3 * Device.WEIGHT_ONE));
        assertThat(device(1).state()).isEqualTo(DeviceState.UP_IN);
        assertThat(device(1).weight()).isEqualTo(3 * Device.WEIGHT_ONE);
    }

    @Test
    void aNodeKeepsItsNumberAndItsNameIsItsOwn() {
        assertThat(apply(state, Commands.register(Commands.chunk(2, 1))).value())
                .isEqualTo(2);
        final var impostor = Commands.gate(7);
        final var named = new io.basalt.wire.meta.NodeRegistration(
                impostor.uuid(), "chunk-1", impostor.role(), "1", "r", "k", "h", "", List.of());
        assertThat(apply(state, Commands.register(named)).code()).isEqualTo(MetaCode.EXISTS);
    }

    private CommandResult attach(int node, long instance, boolean takeOver) {
        return apply(state, Commands.attach(new RequestId(node, instance), node, instance, "vm1", takeOver));
    }

    private CommandResult change(int pg, int epoch, Kind kind, int device) {
        return apply(state, new ChangePg(new PgChange(1, pg, epoch, kind, device)));
    }

    private void usage(int device, int percent) {
        apply(
                state,
                new RecordUsage(List.of(new RecordUsage.Usage(device, (1L << 40) / 100 * percent, 1L << 40, false))));
    }

    private ClusterMap map() {
        return state.sets().iterator().next().map();
    }

    private Device device(int id) {
        return Objects.requireNonNull(map().device(id));
    }

    private VolumeRecord volume(String name) {
        return Objects.requireNonNull(state.volume(name));
    }
}
