package io.basalt.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// The seeds that every build runs, and the many that are run before a release.
class SeedsTest {
    private static final long FIRST = 1;
    private static final long LAST = 200;

    /// The soak's seeds, as `-Dbasalt.simulation.seeds=A..B`.
    private static final String SOAK_PROPERTY = "basalt.simulation.seeds";

    @Test
    void everySeedKeepsEveryRuleAndTwoRunsOfItAreTheSame() {
        long operations = 0;
        for (long seed = FIRST; seed <= LAST; seed++) {
            final Simulation.Result first = run(seed);
            final Simulation.Result second = run(seed);
            assertThat(second.traceHash())
                    .as("trace of a second run; " + SimulationMain.report(second, "two runs differ"))
                    .isEqualTo(first.traceHash());
            operations += first.operations();
        }
        assertThat(operations).as("operations of all seeds").isGreaterThan((LAST - FIRST) * 50);
    }

    @Test
    @Tag("soak")
    void manySeedsKeepEveryRule() {
        final String[] range = System.getProperty(SOAK_PROPERTY, "201..20200").split("\\.\\.", -1);
        for (long seed = Long.parseLong(range[0]); seed <= Long.parseLong(range[1]); seed++) {
            run(seed);
        }
    }

    private static Simulation.Result run(long seed) {
        final Simulation.Result result = Simulation.run(seed);
        final String failure = result.failure();
        if (failure != null) {
            fail(SimulationMain.report(result, failure)
                    + System.lineSeparator()
                    + String.join(System.lineSeparator(), result.lastEvents()));
        }
        return result;
    }
}
