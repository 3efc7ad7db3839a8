package io.basalt.placement;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.basalt.testkit.SeededTest;
import java.util.Arrays;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class DurabilityTest {
    private static final double YEAR_SECONDS = 365.25 * 24 * 3600;

    @Test
    void oneCopyLastsAsLongAsItsDevice() {
        assertThat(Durability.meanYearsToLoss(1, 0.01, 3600)).isCloseTo(-1 / Math.log(0.99), within(1e-9));
    }

    @Test
    void approachesTheTextbookFormulaForFastRepair() {
        // Two copies: 1 / (2 λ² T); three copies, repaired in parallel: 1 / (3 λ³ T²).
        final double failures = -Math.log1p(-0.02);
        final double repairYears = 3600 / YEAR_SECONDS;
        assertThat(Durability.meanYearsToLoss(2, 0.02, 3600) * 2 * failures * failures * repairYears)
                .isCloseTo(1, within(1e-4));
        assertThat(Durability.meanYearsToLoss(3, 0.02, 3600) * 3 * Math.pow(failures, 3) * Math.pow(repairYears, 2))
                .isCloseTo(1, within(1e-4));
    }

    @Test
    void agreesWithDevicesThatFailAndAreRepairedOneByOne() {
        SeededTest.run(3, random -> {
            final double repairYears = 0.25;
            final int trials = 20_000;
            double years = 0;
            for (int trial = 0; trial < trials; trial++) {
                years += yearsToLoss(random, 3, 1.0, repairYears);
            }
            final double model = Durability.meanYearsToLoss(3, 1 - Math.exp(-1.0), repairYears * YEAR_SECONDS);
            assertThat(years / trials / model).isCloseTo(1, within(0.05));
        });
    }

    /// Plays the devices of one set with a time of its own for each next failure or repair.
    private static double yearsToLoss(RandomGenerator random, int copies, double failuresPerYear, double repairYears) {
        final double[] next = new double[copies];
        final boolean[] missing = new boolean[copies];
        Arrays.setAll(next, index -> random.nextExponential() / failuresPerYear);
        while (true) {
            int first = 0;
            for (int index = 1; index < copies; index++) {
                first = next[index] < next[first] ? index : first;
            }
            missing[first] = !missing[first];
            final double now = next[first];
            boolean all = true;
            for (final boolean one : missing) {
                all &= one;
            }
            if (all) {
                return now;
            }
            next[first] = now + random.nextExponential() * (missing[first] ? repairYears : 1 / failuresPerYear);
        }
    }

    @Test
    void countsCopysetsAndHelpers() {
        // Three devices and three copies: one set, whatever the order; each device has two helpers.
        final ClusterMap map = Maps.even(new RoutingRule(50, 3, FailureDomain.RACK), 3, 1, 1);
        final Durability durability =
                Durability.of(map, Placement.of(map).placeAll(), new Durability.Assumptions(0.01, 100, 1e9, 1e6));
        assertThat(durability.copysets()).isEqualTo(1);
        assertThat(durability.helpers()).isEqualTo(2);
        assertThat(durability.repairSeconds()).isEqualTo(100 + 1e9 / 2e6);
        assertThat(durability.anyLossPerYear()).isCloseTo(durability.setLossPerYear(), within(1e-20));
    }

    @Test
    void allDevicesAtOnceLoseEverythingAndFewerThanTheCopiesNothing() {
        final ClusterMap three = Maps.even(new RoutingRule(50, 1, FailureDomain.DEVICE), 1, 1, 1);
        assertThat(Durability.of(three, Placement.of(three).placeAll(), Durability.Assumptions.DEFAULT)
                        .simultaneousLossProbability())
                .isEqualTo(1);
        final ClusterMap hundred = Maps.even(new RoutingRule(500, 3, FailureDomain.DEVICE), 10, 1, 20);
        final Durability durability =
                Durability.of(hundred, Placement.of(hundred).placeAll(), Durability.Assumptions.DEFAULT);
        assertThat(durability.simultaneousFailures()).isEqualTo(2);
        assertThat(durability.simultaneousLossProbability()).isZero();
    }

    @Test
    void refusesAssumptionsThatCannotBe() {
        assertThatThrownBy(() -> new Durability.Assumptions(0, 1, 1, 1)).hasMessageContaining("annual failure rate");
        assertThatThrownBy(() -> new Durability.Assumptions(1, 1, 1, 1)).hasMessageContaining("annual failure rate");
        assertThatThrownBy(() -> new Durability.Assumptions(0.01, -1, 1, 1)).hasMessageContaining("detection");
        assertThatThrownBy(() -> new Durability.Assumptions(0.01, 1, 0, 1)).hasMessageContaining("device bytes");
        assertThatThrownBy(() -> new Durability.Assumptions(0.01, 1, 1, Double.NaN))
                .hasMessageContaining("repair");
    }
}
