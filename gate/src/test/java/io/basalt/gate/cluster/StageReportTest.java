package io.basalt.gate.cluster;

import static io.basalt.gate.cluster.HandWorld.MS;
import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.block.BlockOperation;
import io.basalt.block.BlockStatus;
import io.basalt.block.Stage;
import io.basalt.block.StageTimes;
import io.basalt.wire.data.AnswerCode;
import java.util.Arrays;
import java.util.Objects;
import java.util.SortedMap;
import org.junit.jupiter.api.Test;

/// What a request to the cluster knows of its time when it is answered.
class StageReportTest {
    private static final int[] NOBODY = {0, 0};
    private static final long[] NOTHING = {0, 0};

    private final HandWorld world = new HandWorld();

    @Test
    void whatThePrimaryDoesNotReportIsTheNetworks() {
        final TestRequest write = world.submit(BlockOperation.WRITE, 0, 4096);
        world.pass(10 * MS);
        world.first().answer(1, MS, 2 * MS, new int[] {2, 3}, new long[] {3 * MS, 6 * MS});
        final StageTimes times = write.times();
        assertThat(write.status).isEqualTo(BlockStatus.OK);
        assertThat(times.ns(Stage.NETWORK)).isEqualTo(3 * MS);
        assertThat(times.ns(Stage.QUEUE)).isEqualTo(MS);
        assertThat(times.ns(Stage.DEVICE)).isEqualTo(2 * MS);
        assertThat(times.ns(Stage.REPLICA_1)).isEqualTo(3 * MS);
        assertThat(times.ns(Stage.REPLICA_2)).isEqualTo(6 * MS);
        assertThat(times.set()).isEqualTo(TestMaps.SET);
        assertThat(new int[] {times.device(), times.replica1(), times.replica2()})
                .containsExactly(1, 2, 3);
        assertThat(times.costNs(Stage.GATE, 10 * MS)).isZero();
    }

    @Test
    void attemptsThatCameToNothingAreTheGates() {
        final TestRequest read = world.submit(BlockOperation.READ, 0, 4096);
        world.pass(4 * MS);
        world.first().answer(AnswerCode.BUSY);
        world.pass(60 * MS);
        world.pass(6 * MS);
        world.first().answer(1, 0, 5 * MS, NOBODY, NOTHING);
        final StageTimes times = read.times();
        assertThat(times.ns(Stage.DEVICE)).isEqualTo(5 * MS);
        assertThat(times.ns(Stage.NETWORK)).isEqualTo(MS);
        assertThat(times.costNs(Stage.GATE, 70 * MS)).isEqualTo(64 * MS);
    }

    @Test
    void aPrimaryThatSaysNothingLeavesAllToTheNetwork() {
        final TestRequest read = world.submit(BlockOperation.READ, 0, 4096);
        world.pass(7 * MS);
        world.first().answer(AnswerCode.OK);
        assertThat(read.times().ns(Stage.NETWORK)).isEqualTo(7 * MS);
        assertThat(read.times().device()).isZero();
    }

    @Test
    void impossibleTimesAreNotBelieved() {
        final TestRequest write = world.submit(BlockOperation.WRITE, 0, 4096);
        world.pass(5 * MS);
        world.first().answer(Integer.MAX_VALUE, Long.MIN_VALUE, Long.MAX_VALUE, new int[] {-7, 1 << 20}, new long[] {
            -1, Long.MAX_VALUE
        });
        assertThat(write.status).isEqualTo(BlockStatus.OK);
        for (final Stage stage : Stage.values()) {
            assertThat(write.times().ns(stage)).isBetween(0L, 5 * MS);
            assertThat(write.times().costNs(stage, 5 * MS)).isBetween(0L, 5 * MS);
        }
        assertThat(world.volume.deviceTimes(TestMaps.SET)).isEmpty();
    }

    @Test
    void aRequestOfSeveralPiecesIsExplainedByItsLast() {
        final TestRequest write = world.submit(BlockOperation.WRITE, 0, 2 * HandWorld.SHARD);
        final int[] devices = {world.primary(0), world.primary(1)};
        world.pass(2 * MS);
        world.network.to(devices[0]).answer(devices[0], 0, MS, NOBODY, NOTHING);
        assertThat(write.isDone()).isFalse();
        world.pass(6 * MS);
        world.network.to(devices[1]).answer(devices[1], 0, 7 * MS, NOBODY, NOTHING);
        assertThat(write.isDone()).isTrue();
        assertThat(write.times().ns(Stage.DEVICE)).isEqualTo(7 * MS);
        assertThat(write.times().device()).isEqualTo(devices[1]);
    }

    @Test
    void devicesAreCountedApart() {
        for (final long ms : new long[] {4, 6}) {
            world.submit(BlockOperation.WRITE, 0, 4096);
            world.pass(10 * MS);
            world.first().answer(1, MS, 2 * MS, new int[] {2, 3}, new long[] {3 * MS, ms * MS});
        }
        final SortedMap<Integer, DeviceTime> times = world.volume.deviceTimes(TestMaps.SET);
        assertThat(times.keySet()).containsExactly(1, 2, 3);
        assertThat(times.get(1)).isEqualTo(new DeviceTime(2, 2 * MS, 4 * MS, 8 * MS, 0, 0));
        assertThat(times.get(3)).isEqualTo(new DeviceTime(0, 0, 0, 0, 2, 10 * MS));
        final DeviceTime second = Objects.requireNonNull(times.get(2));
        assertThat(Arrays.asList(second.copied(), second.copyNs())).containsExactly(2L, 6 * MS);
    }
}
