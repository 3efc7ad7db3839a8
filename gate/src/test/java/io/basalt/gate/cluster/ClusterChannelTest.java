package io.basalt.gate.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.block.BlockOperation;
import io.basalt.block.BlockStatus;
import io.basalt.gate.cluster.ClusterCounters.Event;
import io.basalt.net.Call;
import io.basalt.net.CallStatus;
import io.basalt.wire.data.AnswerCode;
import io.basalt.wire.data.ClientRequest;
import io.basalt.wire.data.DataMessage;
import io.basalt.wire.data.ShardRange;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Requests as wholes: cutting, waiting, failing, ending.
class ClusterChannelTest {
    @Test
    void splitsAtShardBordersAndEndsWithTheLastPiece() {
        final HandWorld world = new HandWorld();
        final TestRequest request = world.submit(BlockOperation.WRITE, HandWorld.SHARD - 4096, 8192);
        final List<Call> calls = allSent(world);
        assertThat(calls).hasSize(2);
        assertThat(calls).allMatch(call -> ShardRange.length(call.body()) == 4096);
        answerAll(world, 1);
        assertThat(request.isDone()).isFalse();
        answerAll(world, 1);
        assertThat(request.status).isEqualTo(BlockStatus.OK);
    }

    @Test
    void firstFailureIsTheRequestsAndComesWithTheLastPiece() {
        final HandWorld world = new HandWorld();
        final TestRequest request = world.submit(BlockOperation.WRITE, 0, 4 * HandWorld.SHARD);
        assertThat(allSent(world)).hasSize(4);
        answerOne(world, AnswerCode.OK);
        answerOne(world, AnswerCode.NO_SPACE);
        answerOne(world, AnswerCode.IO_ERROR);
        assertThat(request.isDone()).isFalse();
        answerOne(world, AnswerCode.OK);
        assertThat(request.status).isEqualTo(BlockStatus.NO_SPACE);
        assertThat(request.completions).isEqualTo(1);
    }

    @Test
    void discardsWholeBlocksTogetherAndTheRestByItself() {
        final HandWorld world = new HandWorld();
        world.submit(BlockOperation.DISCARD, 512, 2 * HandWorld.SHARD);
        final List<String> ranges = allSent(world).stream()
                .map(call -> ShardRange.shardIndex(call.body()) + ":" + ShardRange.offset(call.body()) + "+"
                        + ShardRange.length(call.body()))
                .toList();
        assertThat(ranges).containsExactlyInAnyOrder("0:512+3584", "0:4096+61440", "1:0+65536", "2:0+512");
    }

    @Test
    void saysWhetherZeroesMayFreeTheSpace() {
        final HandWorld world = new HandWorld();
        world.submit(BlockOperation.WRITE_ZEROES, 0, 4096);
        final Call call = world.first().sent.getFirst();
        assertThat(call.type()).isEqualTo(DataMessage.WRITE_ZEROES);
        final int weight = ClientRequest.weightFlags(ClientRequest.weight(call.body()));
        assertThat(ShardRange.flags(call.body()) - weight).isEqualTo(ShardRange.MAY_UNMAP);
    }

    @Test
    void flushesAtOnceBecauseAnsweredWritesAreDurable() {
        final HandWorld world = new HandWorld();
        final TestRequest flush = new TestRequest().empty(BlockOperation.FLUSH, 0, 0, world.table);
        assertThat(world.channel.submit(flush)).isEqualTo(BlockStatus.OK);
    }

    @Test
    void refusesWhatIsOutsideTheVolume() {
        final HandWorld world = new HandWorld();
        assertThat(world.submit(BlockOperation.READ, HandWorld.VOLUME_BYTES, 512).status)
                .isEqualTo(BlockStatus.OUT_OF_RANGE);
        assertThat(world.submit(BlockOperation.READ, 100, 512).status).isEqualTo(BlockStatus.OUT_OF_RANGE);
    }

    @Test
    void waitsForCreditsAndKeepsTheOrder() {
        final HandWorld world = new HandWorld();
        world.network.credits = 2;
        final List<TestRequest> requests = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            requests.add(world.submit(BlockOperation.WRITE, i * 512L, 512));
        }
        for (int i = 0; i < 10; i++) {
            assertThat(world.first().sent).hasSizeLessThanOrEqualTo(2);
            assertThat(ShardRange.offset(world.first().sent.getFirst().body())).isEqualTo(i * 512);
            world.first().answer(AnswerCode.OK);
        }
        assertThat(requests).allMatch(request -> request.status == BlockStatus.OK);
    }

    @Test
    void looksForCreditsThatComeBackByThemselves() {
        final HandWorld world = new HandWorld();
        world.network.credits = 0;
        world.submit(BlockOperation.WRITE, 0, 512);
        world.network.credits = 1;
        world.pass(2 * HandWorld.TIMES.creditWaitNs());
        assertThat(world.first().sent).hasSize(1);
    }

    @Test
    void takesANewConnectionWhenAPeerKeepsAllCredits() {
        final HandWorld world = new HandWorld();
        world.submit(BlockOperation.WRITE, 0, 512);
        world.network.credits = 0;
        world.first().end(world.first().sent.getFirst(), CallStatus.TIMED_OUT);
        world.pass(HandWorld.TIMES.creditWaitNs());
        for (int i = 0; i < 20 && world.network.connects.size() == 1; i++) {
            world.pass(HandWorld.TIMES.attemptNs() / 4);
        }
        assertThat(world.network.connects).hasSize(2);
    }

    @Test
    void neverHasMoreChangesOutstandingThanAPrimaryRemembers() {
        final HandWorld world = new HandWorld();
        final List<TestRequest> requests = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            requests.add(world.submit(BlockOperation.WRITE, i % 128 * 512L, 512));
        }
        assertThat(world.first().sent).hasSize(ClientRequest.SEQUENCE_WINDOW);
        // All but the oldest end: the window does not move.
        final Call oldest = world.first().sent.getFirst();
        for (final Call call : List.copyOf(world.first().sent).subList(1, ClientRequest.SEQUENCE_WINDOW)) {
            world.first().answer(call, AnswerCode.OK, 1, 0);
        }
        assertThat(world.first().sent).containsExactly(oldest);
        // Reads need no identity and pass.
        final TestRequest read = world.submit(BlockOperation.READ, 0, 512);
        world.first().answer(world.first().sent.get(1), AnswerCode.OK, 1, 0);
        assertThat(read.status).isEqualTo(BlockStatus.OK);
        world.first().answer(oldest, AnswerCode.OK, 1, 0);
        assertThat(world.first().sent).hasSize(200 - ClientRequest.SEQUENCE_WINDOW);
        for (final Call call : world.first().sent) {
            assertThat(ClientRequest.oldest(call.body())).isEqualTo(ClientRequest.SEQUENCE_WINDOW + 1);
        }
        answerAll(world, 200);
        assertThat(requests).allMatch(request -> request.status == BlockStatus.OK);
    }

    @Test
    void boundsPiecesUnderWayAndGoesOnAsTheyEnd() {
        final HandWorld world = new HandWorld();
        final TestRequest huge = world.submit(BlockOperation.DISCARD, 0, 64 << 20);
        final TestRequest behind = world.submit(BlockOperation.READ, 0, 512);
        int most = 0;
        long answered = 0;
        while (!huge.isDone() || !behind.isDone()) {
            final int under = allSent(world).size();
            most = Math.max(most, under);
            assertThat(under).isPositive();
            answered += under;
            answerAll(world, under);
        }
        assertThat(most).isLessThanOrEqualTo(ClusterChannel.PIECES_MAX);
        assertThat(answered).isEqualTo(1024 + 1);
        assertThat(huge.status).isEqualTo(BlockStatus.OK);
        assertThat(behind.status).isEqualTo(BlockStatus.OK);
    }

    @Test
    void sendsWhatLiesInTinyPieces() {
        final HandWorld world = new HandWorld();
        final TestRequest request = new TestRequest().empty(BlockOperation.WRITE, 0, 2048, world.table);
        for (int i = 0; i < 2048; i++) {
            request.data().add(0, 3L * i, 1);
        }
        request.submitTo(world.channel);
        world.settle();
        int bytes = 0;
        while (!request.isDone()) {
            final Call call = world.first().sent.getFirst();
            assertThat(call.outgoing().byteCount()).isEqualTo(ShardRange.length(call.body()));
            assertThat(call.outgoing().offset(0)).isEqualTo(3L * bytes);
            bytes += (int) call.outgoing().byteCount();
            world.first().answer(AnswerCode.OK);
        }
        assertThat(bytes).isEqualTo(2048);
    }

    @Test
    void requestsWaitUntilTheVolumeIsAttachedAndTheMapKnown() {
        final HandWorld world = new HandWorld(0, TestMaps.record(HandWorld.VOLUME_BYTES, HandWorld.SHARD));
        final TestRequest request = world.submit(BlockOperation.WRITE, 0, 4096);
        final TestRequest flush =
                new TestRequest().empty(BlockOperation.FLUSH, 0, 0, world.table).submitTo(world.channel);
        world.pass(1_000 * HandWorld.MS);
        assertThat(world.channel.inFlight()).isEqualTo(2);
        world.volume.attached(TestMaps.record(HandWorld.VOLUME_BYTES, HandWorld.SHARD));
        world.pass(1_000 * HandWorld.MS);
        assertThat(request.isDone()).isFalse();
        assertThat(flush.status).isEqualTo(BlockStatus.OK);
        world.publish(world.map);
        world.first().answer(AnswerCode.OK);
        assertThat(request.status).isEqualTo(BlockStatus.OK);
    }

    @Test
    void everythingFailsAfterTheVolumeIsFencedAndIsSaidOnce() {
        final HandWorld world = new HandWorld();
        final TestRequest fenced = world.submit(BlockOperation.WRITE, 0, 4096);
        final TestRequest underWay = world.submit(BlockOperation.WRITE, 4096, 4096);
        final HandNetwork.HandConnection primary = world.first();
        final TestRequest pausing = world.submit(BlockOperation.WRITE, 8192, 4096);
        primary.answer(primary.sent.get(2), AnswerCode.BUSY, 1, 0);
        world.network.credits = 2;
        final TestRequest waiting = world.submit(BlockOperation.WRITE, 12288, 4096);
        primary.answer(primary.sent.getFirst(), AnswerCode.FENCED, 1, TestMaps.GENERATION + 1);
        world.settle();
        assertThat(fenced.status).isEqualTo(BlockStatus.IO_ERROR);
        assertThat(pausing.status).isEqualTo(BlockStatus.IO_ERROR);
        assertThat(waiting.completions).isLessThanOrEqualTo(1);
        assertThat(world.submit(BlockOperation.READ, 0, 512).status).isEqualTo(BlockStatus.IO_ERROR);
        assertThat(new TestRequest()
                        .empty(BlockOperation.FLUSH, 0, 0, world.table)
                        .submitTo(world.channel)
                        .status)
                .isEqualTo(BlockStatus.IO_ERROR);
        // What a primary has done all the same is told as it was.
        primary.answer(AnswerCode.OK);
        assertThat(underWay.status).isEqualTo(BlockStatus.OK);
        while (!primary.sent.isEmpty()) {
            primary.answer(AnswerCode.FENCED);
        }
        assertThat(waiting.status).isEqualTo(BlockStatus.IO_ERROR);
        assertThat(world.volume.state()).isEqualTo(VolumeState.FENCED);
        assertThat(world.channel.inFlight()).isZero();
    }

    @Test
    void whatNeedsANewerMapFailsWhenTheVolumeIsFenced() {
        final HandWorld world = new HandWorld();
        final TestRequest request = world.submit(BlockOperation.WRITE, 0, 4096);
        world.first().answer(world.first().sent.getFirst(), AnswerCode.STALE_EPOCH, 9, 0);
        world.volume.fence("by the test");
        world.settle();
        assertThat(request.status).isEqualTo(BlockStatus.IO_ERROR);
    }

    @Test
    void waitsForEverUnlessToldOtherwise() {
        final HandWorld world = new HandWorld();
        world.network.reachable = false;
        final TestRequest request = world.submit(BlockOperation.WRITE, 0, 4096);
        for (int hour = 0; hour < 10; hour++) {
            world.pass(3_600_000 * HandWorld.MS);
        }
        assertThat(request.isDone()).isFalse();
    }

    @Test
    void givesUpAfterTheTimeoutWhateverItWaitsFor() {
        final HandWorld world = new HandWorld(1_000 * HandWorld.MS);
        final TestRequest answered = world.submit(BlockOperation.WRITE, 0, 4096);
        assertThat(world.first().sent.getFirst().deadlineNs()).isEqualTo(world.clock.nanoTime() + 1_000 * HandWorld.MS);
        world.network.reachable = false;
        world.first().lose();
        world.settle();
        world.pass(500 * HandWorld.MS);
        assertThat(answered.isDone()).isFalse();
        world.pass(700 * HandWorld.MS);
        assertThat(answered.status).isEqualTo(BlockStatus.IO_ERROR);
        assertThat(world.channel.counters().of(Event.EXPIRED)).isEqualTo(1);
        assertThat(world.channel.inFlight()).isZero();
    }

    @Test
    void anAttemptEndsWithTheTimeout() {
        final HandWorld world = new HandWorld(1_000 * HandWorld.MS);
        final TestRequest request = world.submit(BlockOperation.READ, 0, 4096);
        final Call call = world.first().sent.getFirst();
        world.pass(1_000 * HandWorld.MS);
        world.first().end(call, CallStatus.TIMED_OUT);
        assertThat(request.status).isEqualTo(BlockStatus.IO_ERROR);
    }

    @Test
    void growsWithItsRecord() {
        final HandWorld world = new HandWorld();
        final long larger = 2 * HandWorld.VOLUME_BYTES;
        final List<Long> told = new ArrayList<>();
        world.volume.changed(TestMaps.record(larger, HandWorld.SHARD), () -> told.add(world.volume.sizeBytes()));
        world.settle();
        assertThat(told).containsExactly(larger);
        world.submit(BlockOperation.WRITE, larger - 512, 512);
        assertThat(allSent(world)).hasSize(1);
        answerAll(world, 1);
    }

    @Test
    void registersOnlyMemoryThatCannotBeTakenAway() {
        final HandWorld world = new HandWorld();
        assertThat(world.network.memory).containsEntry(world.table, 1);
        final var loose = new io.basalt.block.RegionTable(List.of(world.memory));
        world.channel.useMemory(loose);
        assertThat(world.network.memory).doesNotContainKey(loose);
        world.channel.releaseMemory(loose);
        world.channel.releaseMemory(world.table);
        assertThat(world.network.memory).containsEntry(world.table, 0);
        world.channel.close();
        world.port.close();
    }

    static List<Call> allSent(HandWorld world) {
        final List<Call> all = new ArrayList<>();
        world.network.connections.values().forEach(connection -> all.addAll(connection.sent));
        return all;
    }

    private static void answerOne(HandWorld world, AnswerCode code) {
        for (final HandNetwork.HandConnection connection : world.network.connections.values()) {
            if (!connection.sent.isEmpty()) {
                connection.answer(code);
                return;
            }
        }
        throw new AssertionError("nothing is under way");
    }

    private static void answerAll(HandWorld world, int most) {
        int left = most;
        while (left-- > 0 && !allSent(world).isEmpty()) {
            answerOne(world, AnswerCode.OK);
        }
    }
}
