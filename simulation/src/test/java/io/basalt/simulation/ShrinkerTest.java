package io.basalt.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ShrinkerTest {
    @Test
    void keepsWhatAFailureNeedsAndNothingElse() {
        final List<String> entries = entries(100);
        final Shrinker shrinker = new Shrinker(leftOut -> !leftOut.contains("e17") && !leftOut.contains("e80"));
        assertThat(shrinker.shrink(entries)).containsExactly("e17", "e80");
        assertThat(shrinker.runs()).as("runs").isLessThan(100);
    }

    @Test
    void keepsEverythingIfEverythingIsNeeded() {
        final List<String> entries = entries(8);
        assertThat(new Shrinker(Set::isEmpty).shrink(entries)).isEqualTo(entries);
    }

    @Test
    void aRunWithoutAFaultIsTheSameOtherwise() {
        SimulationMain.silence();
        final Simulation.Result whole = Simulation.run(7, ScenarioKind.SWARM);
        final Simulation.Result again = Simulation.run(7, ScenarioKind.SWARM.emphasis(), Set.of("no such entry"));
        assertThat(again.traceHash()).isEqualTo(whole.traceHash());
        final String last = whole.plan().getLast();
        final Simulation.Result less = Simulation.run(7, ScenarioKind.SWARM.emphasis(), Set.of(last));
        assertThat(less.failure()).isNull();
        assertThat(less.plan()).doesNotContain(last);
    }

    private static List<String> entries(int count) {
        final List<String> entries = new ArrayList<>();
        for (int number = 0; number < count; number++) {
            entries.add("e" + number);
        }
        return entries;
    }
}
