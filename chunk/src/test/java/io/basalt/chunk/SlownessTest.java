package io.basalt.chunk;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.wire.data.AnswerCode;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Which device counts as much slower than the others.
class SlownessTest {
    private static final long MS_NS = 1_000_000L;

    private final List<Integer> found = new ArrayList<>();
    private final Slowness slowness = new Slowness((device, _, _) -> found.add(device), 0);
    private final Pace[] paces = {slowness.pace(1), slowness.pace(2), slowness.pace(3)};
    private long nowNs;

    private void second(long... tookMs) {
        for (int index = 0; index < tookMs.length; index++) {
            for (int change = 0; change < 5; change++) {
                paces[index].took(tookMs[index] * MS_NS);
            }
        }
        nowNs += Slowness.SECOND_NS;
        slowness.tick(nowNs);
    }

    @Test
    void aDeviceThatTakesMuchLongerThanTheOthersIsFoundInThreeSeconds() {
        second(2, 90, 3);
        second(2, 90, 3);
        assertThat(found).isEmpty();
        second(2, 90, 3);
        assertThat(found).containsExactly(2);
        assertThat(paces[1].isSlow()).isTrue();
        second(2, 90, 3);
        assertThat(found).as("told once").hasSize(1);
    }

    @Test
    void aPrimaryFindsTheCopyWhoseDiskIsSlowWithinFiveSeconds() {
        try (TestCluster cluster = new TestCluster(3)) {
            final TestGate gate = cluster.gate();
            cluster.on(3).disk().latency((operation, length) -> 60 * MS_NS);
            final long begunNs = cluster.clock().nanoTime();
            final ChunkDevice primary = cluster.on(1).device();
            while (primary.counters().value(ChunkCounters.Counter.SLOW_FOUND) == 0) {
                assertThat(cluster.clock().nanoTime() - begunNs).isLessThan(5 * Slowness.SECOND_NS);
                assertThat(gate.write(1, 0, 0, 4096, 1).await()).isEqualTo(AnswerCode.OK);
            }
            final List<Integer> slow = new ArrayList<>();
            primary.paces((device, _, isSlow) -> {
                if (isSlow) {
                    slow.add(device);
                }
            });
            assertThat(slow).containsExactly(3);
        }
    }

    @Test
    void aDeviceThatIsAsFastAsTheOthersAgainIsNotSlowAnyMore() {
        for (int second = 0; second < 4; second++) {
            second(100, 2, 3);
        }
        assertThat(paces[0].isSlow()).isTrue();
        second(15, 2, 3);
        assertThat(paces[0].isSlow()).as("not yet").isTrue();
        second(5, 2, 3);
        assertThat(paces[0].isSlow()).isFalse();
        for (int second = 0; second < 3; second++) {
            second(100, 2, 3);
        }
        assertThat(found).as("found anew").containsExactly(1, 1);
    }

    @Test
    void aStallOfAMomentDoesNotCount() {
        for (int round = 0; round < 5; round++) {
            second(2, 500, 3);
            second(2, 500, 3);
            second(2, 3, 3);
        }
        assertThat(found).isEmpty();
    }

    @Test
    void whatIsSlowForAllIsNobodysFault() {
        for (int second = 0; second < 10; second++) {
            second(300, 400, 350);
        }
        assertThat(found).isEmpty();
    }

    @Test
    void differencesThatNobodyFeelsDoNotCount() {
        for (int second = 0; second < 10; second++) {
            second(1, 20, 1);
        }
        assertThat(found).isEmpty();
    }

    @Test
    void ofTwoThatAreSlowBothAreFoundAndOfOneAloneNothingIsSaid() {
        for (int second = 0; second < 3; second++) {
            second(2);
        }
        assertThat(found).isEmpty();
        for (int second = 0; second < 3; second++) {
            second(2, 200, 300);
        }
        assertThat(found).containsExactly(2, 3);
    }
}
