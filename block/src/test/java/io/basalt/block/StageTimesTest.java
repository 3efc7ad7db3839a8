package io.basalt.block;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.testkit.SeededTest;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class StageTimesTest {
    private final StageTimes times = new StageTimes();

    @Test
    void costsAddUpToTheWholeTimeWhateverWasSlow() {
        SeededTest.run(1000, random -> {
            final StageTimes each = new StageTimes();
            each.held(random.nextLong(2) * random.nextLong(1_000_000));
            final boolean remote = random.nextBoolean();
            long explained = each.ns(Stage.QOS);
            if (remote) {
                final long store = random.nextLong(1_000_000);
                final long first = random.nextLong(3) * random.nextLong(1_000_000);
                final long second = random.nextLong(3) * random.nextLong(1_000_000);
                each.served(1, 1, random.nextLong(1_000_000), store);
                each.copied(2, first, 3, second);
                each.travelled(random.nextLong(1_000_000));
                explained += each.ns(Stage.QUEUE) + each.ns(Stage.NETWORK) + Math.max(store, Math.max(first, second));
            }
            final long totalNs = explained + random.nextLong(1_000_000);
            assertThat(Arrays.stream(Stage.values())
                            .mapToLong(stage -> each.costNs(stage, totalNs))
                            .sum())
                    .isEqualTo(totalNs);
            assertThat(Arrays.stream(Stage.values()).mapToLong(stage -> each.costNs(stage, totalNs)))
                    .allMatch(ns -> ns >= 0);
        });
    }

    @Test
    void aSlowCopyCostsWhatTheOthersDidNotTake() {
        times.served(1, 1, 0, 9);
        times.copied(2, 13, 3, 20);
        times.travelled(5);
        assertThat(times.costNs(Stage.DEVICE, 25)).isEqualTo(9);
        assertThat(times.costNs(Stage.REPLICA_1, 25)).isEqualTo(2);
        assertThat(times.costNs(Stage.REPLICA_2, 25)).isEqualTo(9);
        assertThat(times.costNs(Stage.NETWORK, 25)).isEqualTo(5);
        assertThat(times.costNs(Stage.GATE, 25)).isZero();
    }

    @Test
    void whatNobodyExplainsIsTheGatesOrTheLocalDisks() {
        times.held(10);
        assertThat(times.costNs(Stage.DEVICE, 100)).isEqualTo(90);
        assertThat(times.costNs(Stage.GATE, 100)).isZero();
        times.travelled(30);
        assertThat(times.costNs(Stage.DEVICE, 100)).isZero();
        assertThat(times.costNs(Stage.GATE, 100)).isEqualTo(60);
    }

    @Test
    void knowsNothingOfTheRequestBefore() {
        times.held(1);
        times.served(1, 2, 3, 4);
        times.copied(5, 6, 7, 8);
        times.travelled(9);
        times.clear();
        assertThat(times.isEmpty()).isTrue();
        assertThat(times.isRemote()).isFalse();
        assertThat(Arrays.stream(Stage.values()).mapToLong(times::ns).sum()).isZero();
        assertThat(times.device() + times.set() + times.replica1() + times.replica2())
                .isZero();
    }
}
