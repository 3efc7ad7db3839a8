package io.basalt.gate.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.block.BlockOperation;
import io.basalt.block.BlockStatus;
import io.basalt.gate.cluster.ClusterCounters.Event;
import io.basalt.net.Call;
import io.basalt.net.CallStatus;
import io.basalt.placement.DeviceState;
import io.basalt.wire.data.AnswerBody;
import io.basalt.wire.data.AnswerCode;
import io.basalt.wire.data.ClientRequest;
import io.basalt.wire.data.DataMessage;
import io.basalt.wire.data.ShardRange;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/// What becomes of a piece, answer by answer.
class PieceRetryTest {
    private final HandWorld world = new HandWorld();

    @Test
    void leavesAnAttachmentToAnotherProcessInWhichEveryChangeHasHadItsAnswer() {
        world.submit(BlockOperation.WRITE, 0, 4096);
        world.first().answer(AnswerCode.OK);
        world.settle();

        assertThat(world.volume.rest()).isEqualTo(TestMaps.record(HandWorld.VOLUME_BYTES, HandWorld.SHARD));
        assertThat(world.volume.state()).isEqualTo(VolumeState.RESTING);
    }

    @Test
    void leavesNoAttachmentInWhichAChangeMayBeOnItsWayStill() {
        final TestRequest request = world.submit(BlockOperation.WRITE, 0, 4096);
        world.first().end(world.first().sent.getFirst(), CallStatus.TIMED_OUT);
        world.settle();
        world.first().answer(AnswerCode.OK);
        world.settle();
        assertThat(request.status).isEqualTo(BlockStatus.OK);

        assertThat(world.volume.rest()).isNull();
    }

    @Test
    void leavesANewAttachmentAgainWhateverWasOnItsWayInTheOneBefore() {
        world.submit(BlockOperation.WRITE, 0, 4096);
        world.first().end(world.first().sent.getFirst(), CallStatus.TIMED_OUT);
        world.settle();
        world.first().answer(AnswerCode.OK);
        world.settle();
        world.volume.rest();
        world.volume.wake();
        world.volume.attached(TestMaps.record(HandWorld.VOLUME_BYTES, HandWorld.SHARD));

        assertThat(world.volume.rest()).isNotNull();
    }

    @Test
    void namesShardAttachmentAndIdentity() {
        world.submit(BlockOperation.WRITE, 512, 4096);
        final Call call = world.first().sent.getFirst();
        assertThat(call.type()).isEqualTo(DataMessage.WRITE);
        assertThat(ShardRange.volumeId(call.body())).isEqualTo(TestMaps.VOLUME_ID);
        assertThat(ShardRange.generation(call.body())).isEqualTo(TestMaps.GENERATION);
        assertThat(ShardRange.partId(call.body())).isEqualTo(9);
        assertThat(ShardRange.shardIndex(call.body())).isZero();
        assertThat(ShardRange.offset(call.body())).isEqualTo(512);
        assertThat(ShardRange.length(call.body())).isEqualTo(4096);
        assertThat(ShardRange.pg(call.body())).isEqualTo(world.pg(0));
        assertThat(ShardRange.epoch(call.body())).isEqualTo(1);
        assertThat(ClientRequest.gateInstance(call.body())).isEqualTo(0x1234);
        assertThat(ClientRequest.sequence(call.body())).isEqualTo(1);
        assertThat(ClientRequest.oldest(call.body())).isEqualTo(1);
    }

    @Test
    void sendsDataFromWhereItLies() {
        world.submit(BlockOperation.WRITE, 0, 8192);
        final Call call = world.first().sent.getFirst();
        assertThat(call.outgoing().table()).isSameAs(world.table);
        assertThat(call.outgoing().address(0)).isEqualTo(world.memory.address());
        assertThat(call.outgoingCopied()).isFalse();
    }

    @Test
    void waitsForANewerMapWhenItsEpochIsStale() {
        final TestRequest request = world.submit(BlockOperation.WRITE, 0, 4096);
        final int before = world.primary(0);
        final HandNetwork.HandConnection old = world.first();
        old.answer(old.sent.getFirst(), AnswerCode.STALE_EPOCH, 2, 0);
        world.settle();
        assertThat(old.sent).isEmpty();
        world.publish(TestMaps.moved(world.map, world.pg(0), before % 3 + 1));
        final Call again = world.first().sent.getFirst();
        assertThat(world.first()).isNotSameAs(old);
        assertThat(ShardRange.epoch(again.body())).isEqualTo(2);
        assertThat(ClientRequest.sequence(again.body())).isEqualTo(1);
        world.first().answer(AnswerCode.OK);
        assertThat(request.status).isEqualTo(BlockStatus.OK);
        assertThat(request.completions).isEqualTo(1);
    }

    @Test
    void triesWithoutANewerMapAfterAWhile() {
        world.submit(BlockOperation.READ, 0, 4096);
        world.first().answer(world.first().sent.getFirst(), AnswerCode.STALE_EPOCH, 2, 0);
        world.pass(HandWorld.TIMES.mapWaitNs() / 2);
        assertThat(world.first().sent).isEmpty();
        world.pass(HandWorld.TIMES.mapWaitNs());
        assertThat(world.first().sent).hasSize(1);
    }

    @Test
    void goesAtOnceWhenANewerMapCameBeforeTheAnswer() {
        world.submit(BlockOperation.READ, 0, 4096);
        final HandNetwork.HandConnection old = world.first();
        world.publish(TestMaps.moved(world.map, world.pg(0), world.primary(0) % 3 + 1));
        old.answer(old.sent.getFirst(), AnswerCode.NOT_PRIMARY, 2, 0);
        world.settle();
        assertThat(world.first()).isNotSameAs(old);
        assertThat(world.first().sent).hasSize(1);
    }

    @Test
    void givesAReceiverThatIsBehindTimeToLearn() {
        world.submit(BlockOperation.WRITE, 0, 4096);
        world.first().answer(world.first().sent.getFirst(), AnswerCode.NOT_PRIMARY, 0, 0);
        world.settle();
        assertThat(world.first().sent).isEmpty();
        world.pass(2 * HandWorld.MS);
        assertThat(world.first().sent).hasSize(1);
    }

    @Test
    void pausesLongerEachTimeThatThePrimaryCannot() {
        world.submit(BlockOperation.WRITE, 0, 4096);
        long before = 0;
        for (final AnswerCode code : new AnswerCode[] {AnswerCode.BUSY, AnswerCode.NO_LEASE, AnswerCode.BUSY}) {
            world.first().answer(code);
            long waited = 0;
            while (world.first().sent.isEmpty()) {
                world.pass(HandWorld.MS / 10);
                waited += HandWorld.MS / 10;
            }
            assertThat(waited).isGreaterThan(before);
            before = waited;
            assertThat(ClientRequest.sequence(world.first().sent.getFirst().body()))
                    .isEqualTo(1);
        }
        assertThat(world.channel.counters().of(AnswerCode.BUSY)).isEqualTo(2);
        assertThat(world.channel.counters().of(Event.BACK_OFFS)).isEqualTo(3);
    }

    @Test
    void comesAgainUnderTheSameIdentityAfterTheTimeThatAnOverloadedPrimarySays() {
        world.submit(BlockOperation.WRITE, 0, 4096);
        for (int times = 1; times <= 3; times++) {
            world.first().answer(world.first().sent.getFirst(), AnswerCode.OVERLOADED, 1, 40 * HandWorld.MS);
            world.pass(39 * HandWorld.MS);
            assertThat(world.first().sent).isEmpty();
            world.pass(42 * HandWorld.MS);
            assertThat(world.first().sent).hasSize(1);
            assertThat(ClientRequest.sequence(world.first().sent.getFirst().body()))
                    .isEqualTo(1);
        }
        assertThat(world.channel.counters().of(AnswerCode.OVERLOADED)).isEqualTo(3);
        world.first().answer(AnswerCode.OK);
    }

    @Test
    void saysTheVolumesWeight() {
        world.submit(BlockOperation.READ, 0, 4096);
        assertThat(ClientRequest.weight(world.first().sent.getFirst().body())).isEqualTo(40);
    }

    @Test
    void pausesWhenThePeerIsOverloaded() {
        world.submit(BlockOperation.READ, 0, 4096);
        world.first().end(world.first().sent.getFirst(), CallStatus.OVERLOADED);
        world.settle();
        assertThat(world.first().sent).isEmpty();
        world.pass(2 * HandWorld.MS);
        assertThat(world.first().sent).hasSize(1);
    }

    @Test
    void sendsAgainWhenNoAnswerComesInTime() {
        world.submit(BlockOperation.WRITE, 0, 4096);
        final Call call = world.first().sent.getFirst();
        assertThat(call.deadlineNs()).isEqualTo(world.clock.nanoTime() + HandWorld.TIMES.attemptNs());
        world.first().end(call, CallStatus.TIMED_OUT);
        assertThat(world.first().sent).hasSize(1);
        assertThat(ClientRequest.sequence(call.body())).isEqualTo(1);
    }

    @Test
    void copiesWhatTheGuestChangesUnderWay() {
        final TestRequest request = world.submit(BlockOperation.WRITE, 0, 4096);
        world.first().end(world.first().sent.getFirst(), CallStatus.PAYLOAD_CHANGED);
        final Call again = world.first().sent.getFirst();
        assertThat(again.outgoingCopied()).isTrue();
        assertThat(ClientRequest.sequence(again.body())).isEqualTo(1);
        world.first().answer(AnswerCode.OK);
        assertThat(request.status).isEqualTo(BlockStatus.OK);
        // The next request in the same piece begins without a copy.
        world.submit(BlockOperation.WRITE, 0, 4096);
        assertThat(world.first().sent.getFirst().outgoingCopied()).isFalse();
    }

    @Test
    void reconnectsAndSendsAgainWhenTheConnectionIsLost() {
        final TestRequest request = world.submit(BlockOperation.WRITE, 0, 4096);
        world.first().lose();
        world.pass(HandWorld.MS / 10);
        assertThat(world.network.connects).hasSize(2);
        assertThat(ClientRequest.sequence(world.first().sent.getFirst().body())).isEqualTo(1);
        world.first().answer(AnswerCode.OK);
        assertThat(request.status).isEqualTo(BlockStatus.OK);
    }

    @Test
    void pausesLongerEachTimeThatConnectingFails() {
        world.network.reachable = false;
        world.submit(BlockOperation.WRITE, 0, 4096);
        world.pass(HandWorld.MS / 10);
        assertThat(world.network.connects).hasSize(2);
        world.pass(20 * HandWorld.MS);
        world.pass(20 * HandWorld.MS);
        final int soon = world.network.connects.size();
        world.pass(10_000 * HandWorld.MS);
        world.pass(10 * HandWorld.MS);
        assertThat(soon).isBetween(3, 4);
        assertThat(world.network.connects).hasSize(soon + 1);
        world.network.reachable = true;
        world.pass(2_000 * HandWorld.MS);
        assertThat(world.first().sent).hasSize(1);
    }

    @Test
    void hangsUpOnADeviceThatTheMapSaysIsDown() {
        world.submit(BlockOperation.WRITE, 0, 4096);
        final int device = world.primary(0);
        final HandNetwork.HandConnection old = world.first();
        world.publish(
                TestMaps.moved(world.map, world.pg(0), device % 3 + 1).withDeviceState(device, DeviceState.DOWN_IN));
        assertThat(old.sent).isEmpty();
        assertThat(world.primary(0)).isNotEqualTo(device);
        assertThat(world.first().sent).hasSize(1);
    }

    @Test
    void waitsWhileAPlacementGroupHasNoPrimary() {
        final int pg = world.pg(0);
        world.publish(world.map.withPg(pg, 2, world.map.pgTable().replicas(pg), 0));
        final TestRequest request = world.submit(BlockOperation.WRITE, 0, 4096);
        world.pass(1_000 * HandWorld.MS);
        assertThat(request.isDone()).isFalse();
        world.publish(TestMaps.moved(world.map, pg, 2));
        world.network.to(2).answer(AnswerCode.OK);
        assertThat(request.status).isEqualTo(BlockStatus.OK);
    }

    @Test
    void tellsWhatTheClusterCannotDo() {
        assertThat(answered(AnswerCode.NO_SPACE)).isEqualTo(BlockStatus.NO_SPACE);
        assertThat(answered(AnswerCode.IO_ERROR)).isEqualTo(BlockStatus.IO_ERROR);
        assertThat(answered(AnswerCode.CORRUPT)).isEqualTo(BlockStatus.IO_ERROR);
        assertThat(answered(AnswerCode.BAD_REQUEST)).isEqualTo(BlockStatus.IO_ERROR);
        assertThat(answered(AnswerCode.STALE_REQUEST)).isEqualTo(BlockStatus.IO_ERROR);
        assertThat(world.channel.counters().of(Event.BAD_ANSWERS)).isEqualTo(2);
        assertThat(world.channel.inFlight()).isZero();
    }

    private BlockStatus answered(AnswerCode code) {
        final TestRequest request = world.submit(BlockOperation.WRITE, 0, 4096);
        world.first().answer(code);
        assertThat(request.completions).isEqualTo(1);
        return Objects.requireNonNull(request.status);
    }

    @Test
    void refusesAnswersThatBreakTheProtocol() {
        final TestRequest unknown = world.submit(BlockOperation.READ, 0, 4096);
        final Call first = world.first().sent.removeFirst();
        first.answerBodyLength(AnswerBody.BYTES);
        first.completed(CallStatus.ANSWERED, 4711);
        assertThat(unknown.status).isEqualTo(BlockStatus.IO_ERROR);

        final TestRequest tooShort = world.submit(BlockOperation.READ, 0, 4096);
        final Call second = world.first().sent.removeFirst();
        second.answerBodyLength(AnswerBody.BYTES);
        second.answerPayloadLength(512);
        second.completed(CallStatus.ANSWERED, AnswerCode.OK.code());
        assertThat(tooShort.status).isEqualTo(BlockStatus.IO_ERROR);

        final TestRequest noBody = world.submit(BlockOperation.READ, 0, 4096);
        world.first().sent.removeFirst().completed(CallStatus.ANSWERED, AnswerCode.OK.code());
        assertThat(noBody.status).isEqualTo(BlockStatus.IO_ERROR);
    }

    @Test
    void failsOnlyTheRequestWhoseMemoryIsGone() {
        world.submit(BlockOperation.WRITE, 0, 4096);
        world.first().answer(AnswerCode.OK);
        world.first().throwsOnSend = true;
        final TestRequest lost = world.submit(BlockOperation.WRITE, 0, 4096);
        assertThat(lost.status).isEqualTo(BlockStatus.IO_ERROR);
        world.first().throwsOnSend = false;
        final TestRequest other = world.submit(BlockOperation.WRITE, 0, 4096);
        world.first().answer(AnswerCode.OK);
        assertThat(other.status).isEqualTo(BlockStatus.OK);
        assertThat(world.channel.counters().of(Event.MEMORY_LOST)).isEqualTo(1);
    }
}
