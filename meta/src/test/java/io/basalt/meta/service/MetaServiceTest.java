package io.basalt.meta.service;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.meta.service.MetaWorld.Node;
import io.basalt.meta.state.CommandResult;
import io.basalt.meta.state.MetaCommand;
import io.basalt.net.meta.PgChangeResult;
import io.basalt.placement.ClusterMap;
import io.basalt.placement.DeviceState;
import io.basalt.testkit.Seeds;
import io.basalt.wire.meta.DeviceReport;
import io.basalt.wire.meta.GenerationBatch;
import io.basalt.wire.meta.MetaCode;
import io.basalt.wire.meta.PartList;
import io.basalt.wire.meta.PgChange;
import io.basalt.wire.meta.PgChange.Kind;
import io.basalt.wire.meta.RequestId;
import io.basalt.wire.meta.VolumeRecord;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// What nodes and the metaserver say to each other, over the simulated network.
class MetaServiceTest {
    private static final long SECOND_NS = 1_000_000_000L;

    private final long seed = Seeds.next();
    private final MetaWorld world = new MetaWorld(Seeds.random(seed));

    @AfterEach
    void close() {
        world.close();
    }

    @Test
    void aClusterThatStartsIsLaidOutAndEverybodyHasItsMap() {
        world.cluster();
        for (final String host : List.of("chunk-1", "chunk-2", "chunk-3", "gate-1")) {
            assertThat(world.node(host).maps.get(1)).isEqualTo(world.set().map());
        }
        final ClusterMap map = world.set().map();
        for (int pg = 0; pg < map.pgCount(); pg++) {
            assertThat(map.pgTable().inSyncMask(pg)).isEqualTo(0b111);
        }
    }

    @Test
    void anEmptySetFollowsItsDevicesAtOnceAndOneWithVolumesAFewCopiesAtATime() {
        world.cluster();
        world.chunk(4);
        world.until("four devices have copies", () -> world.settled() && copiesOn(4) > 0);
        create("vm1");
        world.chunk(5);
        world.until("five devices are up", world::settled);
        world.pass(SECOND_NS);
        assertThat(copiesOn(5))
                .as("guests, which nobody lets join here")
                .isBetween(1, MetaWorld.OPTIONS.movesMax() / 2);
        for (int pg = 0; pg < world.set().map().pgCount(); pg++) {
            assertThat(world.set().map().pgTable().inSyncCount(pg)).isEqualTo(3);
        }
    }

    @Test
    void anAttachmentIsGrantedOnlyWhenEveryChunkServerKnowsOfIt() {
        final Node gate = world.cluster();
        create("vm1");
        world.node("chunk-2").holdsAcknowledgements = true;
        final Reply<VolumeRecord> reply = new Reply<>();
        gate.client.attach("vm1", false, reply);
        world.pass(SECOND_NS / 2);
        assertThat(reply.over()).isFalse();
        assertThat(world.node("chunk-1").generations).containsEntry(1L, 1);
        assertThat(world.node("chunk-2").generations).isEmpty();
        world.node("chunk-2").releaseAcknowledgements();
        world.until("the grant", reply::over);
        assertThat(reply.answer().generation()).isEqualTo(1);
        assertThat(world.node("chunk-2").generations).containsEntry(1L, 1);
    }

    @Test
    void aChunkServerThatIsDownDoesNotHoldAGrantUpAndLearnsBeforeItIsUpAgain() {
        final Node gate = world.cluster();
        create("vm1");
        world.network.partition("chunk-3", "meta", true);
        world.network.partition("meta", "chunk-3", true);
        final Reply<VolumeRecord> reply = new Reply<>();
        gate.client.attach("vm1", false, reply);
        world.until("the grant", reply::over);
        assertThat(reply.answer().generation()).isEqualTo(1);
        assertThat(world.node("chunk-3").generations).isEmpty();
        assertThat(state(3)).isEqualTo(DeviceState.DOWN_IN);
        world.node("chunk-3").holdsAcknowledgements = true;
        world.network.heal();
        world.until(
                "it hears of the generation", () -> !world.node("chunk-3").held.isEmpty());
        world.pass(SECOND_NS / 2);
        assertThat(state(3)).isEqualTo(DeviceState.DOWN_IN);
        world.node("chunk-3").releaseAcknowledgements();
        world.until("it is up", () -> state(3) == DeviceState.UP_IN);
        assertThat(world.node("chunk-3").generations).containsEntry(1L, 1);
    }

    @Test
    void aGrantWaitsWhileAPlacementGroupHasNoGoodCopyThatAnswers() {
        final Node gate = world.cluster();
        create("vm1");
        for (int number = 1; number <= 3; number++) {
            world.network.partition("chunk-" + number, "meta", true);
            world.network.partition("meta", "chunk-" + number, true);
        }
        world.until(
                "all devices are down",
                () -> state(1) == DeviceState.DOWN_IN
                        && state(2) == DeviceState.DOWN_IN
                        && state(3) == DeviceState.DOWN_IN);
        final Reply<VolumeRecord> reply = new Reply<>();
        gate.client.attach("vm1", false, reply);
        world.pass(3 * SECOND_NS);
        assertThat(reply.over()).isFalse();
        world.network.heal();
        world.until("the grant", reply::over);
        assertThat(reply.answer().generation()).isEqualTo(1);
    }

    @Test
    void aGrantThatComesTooLateIsRefusedAndSaysWhoIsMissing() {
        final Node gate = world.cluster();
        create("vm1");
        world.node("chunk-2").holdsAcknowledgements = true;
        final AtomicReference<CommandResult> result = new AtomicReference<>();
        gate.client.attach("vm1", false, new Reply<>());
        world.until("it waits", () -> world.service().grantsWaiting() == 1);
        world.service()
                .fence(
                        new MetaCommand.Fence(new RequestId(1, 2), "vm1"),
                        world.clock.nanoTime() + SECOND_NS,
                        result::set);
        world.until("the fence is over", () -> result.get() != null);
        assertThat(result.get().code()).isEqualTo(MetaCode.UNAVAILABLE);
        assertThat(result.get().reason()).contains("chunk-2");
    }

    @Test
    void aSecondGateTakesOverOnlyByForceAndTheFirstHearsOfIt() {
        final Node first = world.cluster();
        final Node second = world.gate(2, 200);
        world.until("the second gate is ready", world::settled);
        create("vm1");
        assertThat(attached(first, false).answer().generation()).isEqualTo(1);
        assertThat(attached(second, false).refusal()).isEqualTo(MetaCode.ATTACHED);
        final VolumeRecord taken = attached(second, true).answer();
        assertThat(taken.generation()).isEqualTo(2);
        assertThat(taken.gateNodeId()).isEqualTo(second.client.nodeId());
        world.until("the first gate has heard", () -> !first.changed.isEmpty());
        assertThat(first.changed.getFirst()).isEqualTo(taken);
    }

    @Test
    void aBurstOfAttachmentsCostsAFewMessages() {
        final Node gate = world.cluster();
        final int count = 500;
        for (int number = 0; number < count; number++) {
            propose(new MetaCommand.CreateVolume(RequestId.NONE, "vm" + number, 1L << 30, 1 << 20, 4096, "ssd", "", 1));
        }
        final int before = world.node("chunk-1").batches;
        final List<Reply<VolumeRecord>> replies = new ArrayList<>();
        for (int number = 0; number < count; number++) {
            final Reply<VolumeRecord> reply = new Reply<>();
            replies.add(reply);
            gate.client.attach("vm" + number, false, reply);
        }
        world.until("all grants", () -> replies.stream().allMatch(Reply::over));
        replies.forEach(reply -> assertThat(reply.answer().generation()).isEqualTo(1));
        assertThat(world.node("chunk-1").generations).hasSize(count);
        assertThat(world.node("chunk-1").batches - before).isLessThan(count / 4);
    }

    @Test
    void aDeletedVolumeIsFencedForEver() {
        final Node gate = world.cluster();
        create("vm1");
        final VolumeRecord volume = attached(gate, false).answer();
        final Reply<Boolean> detached = new Reply<>();
        gate.client.detach(volume.volumeId(), volume.generation(), detached);
        world.until("detached", detached::over);
        propose(new MetaCommand.DeleteVolume(RequestId.NONE, "vm1"));
        world.until(
                "chunk servers know",
                () -> Objects.equals(
                        world.node("chunk-1").generations.get(volume.volumeId()), GenerationBatch.DELETED));
    }

    @Test
    void aChunkServerIsToldWhichOfItsPartsWereDeletedAlsoAfterARestart() {
        final Node gate = world.cluster();
        create("vm1");
        create("vm2");
        assertThat(deletedOf(world.node("chunk-1"), 1L, 2L)).isEmpty();
        propose(new MetaCommand.DeleteVolume(RequestId.NONE, "vm1"));
        assertThat(deletedOf(world.node("chunk-1"), 1L, 2L, 3L))
                .as("a part that this metaserver has never given is not its to delete")
                .containsExactly(1L);
        world.restartService();
        world.until(
                "the chunk server is back", () -> world.node("chunk-1").client.ready());
        assertThat(deletedOf(world.node("chunk-1"), 1L, 2L, 3L)).containsExactly(1L);
        final Reply<PartList> refused = new Reply<>();
        gate.client.deletedParts(new PartList(List.of(1L)), refused);
        world.until("the refusal", refused::over);
        assertThat(refused.refusal()).isEqualTo(MetaCode.NOT_REGISTERED);
    }

    private List<Long> deletedOf(Node node, Long... held) {
        final Reply<PartList> reply = new Reply<>();
        node.client.deletedParts(new PartList(List.of(held)), reply);
        world.until("the answer", reply::over);
        return reply.answer().partIds();
    }

    @Test
    void aLookupSaysWhatIsKnownOrThatThereIsNothing() {
        final Node gate = world.cluster();
        create("vm1");
        final Reply<VolumeRecord> known = new Reply<>();
        final Reply<VolumeRecord> unknown = new Reply<>();
        gate.client.lookup("vm1", known);
        gate.client.lookup("vm2", unknown);
        world.until("answers", () -> known.over() && unknown.over());
        assertThat(known.answer()).isEqualTo(world.service().state().volume("vm1"));
        assertThat(unknown.refusal()).isEqualTo(MetaCode.NOT_FOUND);
        assertThat(unknown.reason()).contains("vm2");
    }

    @Test
    void aPrimaryRecordsAMissingCopyAndEverybodyHearsOfTheNewEpoch() {
        final Node gate = world.cluster();
        final ClusterMap map = world.set().map();
        final Node primary = world.node("chunk-" + map.primaryDevice(0));
        final int missing = map.replica(0, 1);
        final PgChangeResult granted = changed(primary, map.epoch(0), missing).answer();
        assertThat(granted.granted()).isTrue();
        assertThat(granted.state().inSync(missing)).isFalse();
        world.until("the gate knows", () -> map(gate).epoch(0) == map.epoch(0) + 1);
        assertThat(map(gate).inSync(0, 1)).isFalse();
        final PgChangeResult stale =
                changed(primary, map.epoch(0), map.replica(0, 2)).answer();
        assertThat(stale.granted()).isFalse();
        assertThat(stale.state()).isEqualTo(granted.state());
    }

    @Test
    void onlyAChunkServerChangesAConfiguration() {
        final Node gate = world.cluster();
        assertThat(changed(gate, 1, world.set().map().replica(0, 1)).refusal()).isEqualTo(MetaCode.NOT_REGISTERED);
    }

    @Test
    void useIsRecordedWhenItHasChangedByMuch() {
        world.cluster();
        final Node chunk = world.node("chunk-1");
        final long before = world.service().lastIndex();
        chunk.client.report(new DeviceReport(1, 1 << 20, 1L << 40, false, 500));
        world.pass(SECOND_NS);
        assertThat(world.service().lastIndex()).isEqualTo(before);
        assertThat(Objects.requireNonNull(world.service().report(1)).loadPermille())
                .isEqualTo(500);
        chunk.client.report(new DeviceReport(1, 1L << 39, 1L << 40, false, 500));
        world.pass(SECOND_NS);
        assertThat(world.service().lastIndex()).isEqualTo(before + 1);
        assertThat(Objects.requireNonNull(world.service().state().device(1)).usedBytes())
                .isEqualTo(1L << 39);
    }

    @Test
    void aMetaserverThatStartsAgainKnowsEverythingAndNodesComeBackByThemselves() {
        final Node gate = world.cluster();
        for (int number = 0; number < 60; number++) {
            create("vm" + (number == 0 ? 1 : 100 + number));
        }
        final VolumeRecord volume = attached(gate, false).answer();
        final byte[] before = world.service().state().snapshot();
        world.restartService();
        assertThat(world.service().state().snapshot()).isEqualTo(before);
        world.until("the gate has noticed", () -> gate.disconnects == 1);
        world.until("all are back", world::settled);
        assertThat(world.service().state().volume("vm1")).isEqualTo(volume);
        assertThat(attached(gate, false).answer().generation()).isEqualTo(2);
    }

    @Test
    void aRequestUnderWayWhenTheMetaserverEndsHasItsEffectOnce() {
        final Node gate = world.cluster();
        create("vm1");
        world.node("chunk-2").holdsAcknowledgements = true;
        final Reply<VolumeRecord> reply = new Reply<>();
        gate.client.attach("vm1", false, reply);
        world.until(
                "it is committed",
                () -> Objects.requireNonNull(world.service().state().volume("vm1"))
                                .generation()
                        == 1);
        world.restartService();
        world.node("chunk-2").releaseAcknowledgements();
        world.until("the grant", reply::over);
        assertThat(reply.answer().generation()).isEqualTo(1);
    }

    @Test
    void aNodeThatComesBackSoonGetsOnlyWhatHasChanged() {
        final Node gate = world.cluster();
        final long version = map(gate).version();
        assertThat(world.network.disconnect("gate-1", "meta")).isPositive();
        final ClusterMap map = world.set().map();
        changed(world.node("chunk-" + map.primaryDevice(0)), map.epoch(0), map.replica(0, 1))
                .answer();
        world.until("the gate is back", () -> gate.client.ready() && map(gate).version() > version);
        assertThat(map(gate)).isEqualTo(world.set().map());
    }

    private void create(String name) {
        propose(new MetaCommand.CreateVolume(RequestId.NONE, name, 300L << 30, 1 << 20, 4096, "ssd", "", 1));
    }

    private void propose(MetaCommand command) {
        final AtomicReference<CommandResult> result = new AtomicReference<>();
        world.service().propose(command, result::set);
        world.until("the command is applied", () -> result.get() != null);
        assertThat(result.get().done()).as(result.get().message()).isTrue();
    }

    private Reply<VolumeRecord> attached(Node gate, boolean takeOver) {
        final Reply<VolumeRecord> reply = new Reply<>();
        gate.client.attach("vm1", takeOver, reply);
        world.until("the attachment is decided", reply::over);
        return reply;
    }

    private Reply<PgChangeResult> changed(Node node, int epoch, int device) {
        final Reply<PgChangeResult> reply = new Reply<>();
        node.client.change(new PgChange(1, 0, epoch, Kind.REMOVE_FROM_IN_SYNC, device), reply);
        world.until("the change is decided", reply::over);
        return reply;
    }

    private DeviceState state(int device) {
        return Objects.requireNonNull(world.set().map().device(device)).state();
    }

    private static ClusterMap map(Node node) {
        return Objects.requireNonNull(node.maps.get(1));
    }

    private int copiesOn(int device) {
        final ClusterMap map = world.set().map();
        int copies = 0;
        for (int pg = 0; pg < map.pgCount(); pg++) {
            copies += map.pgTable().indexOf(pg, device) >= 0 ? 1 : 0;
        }
        return copies;
    }
}
