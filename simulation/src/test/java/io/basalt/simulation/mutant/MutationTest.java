package io.basalt.simulation.mutant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.basalt.simulation.ScenarioKind;
import io.basalt.simulation.Simulation;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// The oracles can fail: each deliberate mistake is noticed by the seed that is pinned for it, or, when other code has
/// made another run of that seed, by one of the next.
class MutationTest {
    private static final Logger LOGGER = Logger.getLogger("io.basalt");

    /// When the pinned seed does not notice. The long search is `SimulationMain --mutants`.
    private static final int RUNS_MAX = 60;

    private static final int PINS_MIN = 50;

    private static Mutations mutations;

    @BeforeAll
    static void make() {
        LOGGER.setLevel(Level.OFF);
        mutations = new Mutations(Mutants.all());
    }

    /// A change of the code makes other runs of all seeds, and a few mistakes are noticed by one seed in hundreds:
    /// those want a longer search for another pin, and are printed.
    @Test
    void mistakesAreNoticed() {
        final List<Pins.Pin> pins = Pins.all();
        final List<String> unnoticed = new ArrayList<>();
        for (final Pins.Pin pin : pins) {
            if (!isNoticed(pin)) {
                unnoticed.add(pin.mutant().name());
            }
        }
        unnoticed.forEach(name -> System.out.println("not noticed within " + RUNS_MAX + " runs: " + name));
        assertThat(pins).as("mistakes with a seed").hasSizeGreaterThanOrEqualTo(PINS_MIN);
        assertThat(unnoticed).as("mistakes that nothing notices").hasSizeLessThanOrEqualTo(pins.size() / 10);
    }

    private static boolean isNoticed(Pins.Pin pin) {
        if (mutations.failure(pin.mutant(), pin.kind(), pin.seed()) != null) {
            return true;
        }
        final Mutations.Kill kill = mutations.search(pin.mutant(), 0, RUNS_MAX);
        System.out.println(pin.mutant().name() + ": not by " + pin.kind() + " " + pin.seed() + ", but by " + kill);
        return kill != null;
    }

    @Test
    void aMistakeWhosePlaceIsGoneIsAnError() {
        final Mutant lost = Mutant.of("any", "does not exist", "chunk.Copy", "isInSync", new Edit.Holds("gone", true));
        assertThatThrownBy(() -> new Mutations(List.of(lost)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("there is no");
    }

    @Test
    void aRunWithoutAMistakeIsThatOfTheCodeAsItIs() {
        final Simulation.Result plain = Simulation.run(1, ScenarioKind.SWARM);
        assertThat(plain.failure()).isNull();
        assertThat(mutations.failure(null, ScenarioKind.SWARM, 1)).isNull();
    }
}
