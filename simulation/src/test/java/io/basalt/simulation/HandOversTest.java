package io.basalt.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Hand-overs of a gate, with either process dying at every step.
class HandOversTest {
    private static final long LAST = 40;

    @BeforeAll
    static void silence() {
        SimulationMain.silence();
    }

    @Test
    void everySeedKeepsEveryRuleAndEachProcessDiesAtEachStep() {
        final Coverage coverage = new Coverage();
        for (long seed = 1; seed <= LAST; seed++) {
            final Simulation.Result first = run(seed);
            final Simulation.Result second = run(seed);
            assertThat(second.traceHash())
                    .as("trace of a second run; "
                            + SimulationMain.report(second, ScenarioKind.HAND_OVERS, "two runs differ"))
                    .isEqualTo(first.traceHash());
            coverage.add(first.coverage());
        }
        System.out.println("hand-overs: " + coverage);
        for (final HandOverStep step : HandOverStep.values()) {
            for (final HandOverFault fault : HandOverFault.values()) {
                if (fault.kills()) {
                    assertThat(coverage.of(fault, step))
                            .as(fault + " at " + step)
                            .isPositive();
                }
            }
        }
        for (final Sighting each : Sighting.values()) {
            if (each.isOfHandOvers()) {
                assertThat(coverage.of(each)).as(each.label()).isPositive();
            }
        }
    }

    private static Simulation.Result run(long seed) {
        final Simulation.Result result = Simulation.run(seed, ScenarioKind.HAND_OVERS);
        final String failure = result.failure();
        if (failure != null) {
            fail(SimulationMain.report(result, ScenarioKind.HAND_OVERS, failure)
                    + System.lineSeparator()
                    + String.join(System.lineSeparator(), result.lastEvents()));
        }
        return result;
    }
}
