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
import java.util.List;
import org.junit.jupiter.api.Test;

/// Overlapping requests keep their order when one of them is tried again.
class RetryOrderTest {
    private final HandWorld world = new HandWorld();

    @Test
    void overlappingChangesGoAgainOneAfterTheOther() {
        final TestRequest older = world.submit(BlockOperation.WRITE, 0, 8192);
        final TestRequest newer = world.submit(BlockOperation.WRITE, 4096, 8192);
        assertThat(sequences()).containsExactly(1L, 2L);
        loseConnection();
        assertThat(sequences()).containsExactly(1L);
        assertThat(world.channel.counters().of(Event.ORDER_WAITS)).isPositive();
        world.first().answer(AnswerCode.OK);
        world.settle();
        assertThat(older.status).isEqualTo(BlockStatus.OK);
        assertThat(newer.isDone()).isFalse();
        assertThat(sequences()).containsExactly(2L);
        world.first().answer(AnswerCode.OK);
        assertThat(newer.status).isEqualTo(BlockStatus.OK);
    }

    @Test
    void nothingNewOvertakesAChangeThatIsTriedAgain() {
        world.submit(BlockOperation.WRITE, 0, 4096);
        loseConnection();
        final TestRequest write = world.submit(BlockOperation.WRITE, 0, 4096);
        final TestRequest read = world.submit(BlockOperation.READ, 512, 512);
        final TestRequest elsewhere = world.submit(BlockOperation.WRITE, 4096, 4096);
        assertThat(types()).containsExactly(DataMessage.WRITE, DataMessage.WRITE);
        world.first().answer(world.first().sent.get(1), AnswerCode.OK, 1, 0);
        assertThat(elsewhere.status).isEqualTo(BlockStatus.OK);
        assertThat(write.isDone()).isFalse();
        world.first().answer(AnswerCode.OK);
        world.settle();
        assertThat(types()).containsExactly(DataMessage.WRITE, DataMessage.READ);
        world.first().answer(AnswerCode.OK);
        world.first().answer(AnswerCode.OK);
        assertThat(List.of(write.status, read.status)).containsOnly(BlockStatus.OK);
    }

    @Test
    void aChangeThatTheOldPrimaryMayHaveExecutedKeepsOthersFromTheNewOne() {
        final TestRequest older = world.submit(BlockOperation.WRITE, 0, 4096);
        final HandNetwork.HandConnection before = world.first();
        world.publish(TestMaps.moved(world.map, world.pg(0), world.primary(0) % 3 + 1));
        final TestRequest newer = world.submit(BlockOperation.WRITE, 0, 4096);
        assertThat(world.network.connections).hasSize(1);
        before.answer(before.sent.getFirst(), AnswerCode.NOT_PRIMARY, 2, 0);
        world.settle();
        assertThat(world.first()).isNotSameAs(before);
        assertThat(sequences()).containsExactly(1L);
        world.first().answer(AnswerCode.OK);
        world.settle();
        assertThat(sequences()).containsExactly(2L);
        world.first().answer(AnswerCode.OK);
        assertThat(List.of(older.status, newer.status)).containsOnly(BlockStatus.OK);
    }

    @Test
    void takesBackWhatIsInFlightBehindAChangeThatGotNoAnswer() {
        world.submit(BlockOperation.WRITE, 0, 4096);
        world.submit(BlockOperation.WRITE, 0, 4096);
        final HandNetwork.HandConnection before = world.first();
        before.end(before.sent.getFirst(), CallStatus.TIMED_OUT);
        world.settle();
        assertThat(before.sent).as("hung up").isEmpty();
        world.pass(HandWorld.TIMES.reconnectMaxNs());
        assertThat(world.first()).isNotSameAs(before);
        assertThat(sequences()).containsExactly(1L);
        world.first().answer(AnswerCode.OK);
        world.settle();
        assertThat(sequences()).containsExactly(2L);
    }

    @Test
    void aRefusalThatCannotHaveBeenExecutedHoldsNothingBack() {
        world.submit(BlockOperation.WRITE, 0, 4096);
        world.submit(BlockOperation.WRITE, 0, 4096);
        world.first().answer(AnswerCode.BUSY);
        world.settle();
        assertThat(sequences()).containsExactly(2L);
        world.first().answer(AnswerCode.OK);
        world.pass(10 * HandWorld.MS);
        assertThat(sequences()).containsExactly(1L);
        assertThat(world.channel.counters().of(Event.ORDER_WAITS)).isZero();
    }

    @Test
    void aFencedVolumeFailsWhatWaitsForItsTurn() {
        final TestRequest older = world.submit(BlockOperation.WRITE, 0, 4096);
        final TestRequest newer = world.submit(BlockOperation.WRITE, 0, 4096);
        loseConnection();
        world.first().answer(world.first().sent.getFirst(), AnswerCode.FENCED, 1, 8);
        world.settle();
        assertThat(List.of(older.status, newer.status)).containsOnly(BlockStatus.IO_ERROR);
        assertThat(world.channel.inFlight()).isZero();
    }

    /// The connection breaks, and there is another one.
    private void loseConnection() {
        world.first().lose();
        world.pass(HandWorld.TIMES.reconnectMaxNs());
    }

    private List<Long> sequences() {
        return world.first().sent.stream()
                .map(call -> ClientRequest.sequence(call.body()))
                .toList();
    }

    private List<Integer> types() {
        return world.first().sent.stream().map(Call::type).toList();
    }
}
