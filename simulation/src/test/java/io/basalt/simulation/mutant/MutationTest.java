package io.basalt.simulation.mutant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The oracles can fail: each deliberate mistake is noticed by the seed that is pinned for it, or, when other code has
/// made another run of that seed, by one of the next.
class MutationTest {
    private static final Logger LOGGER = Logger.getLogger("io.basalt");

    /// When the pinned seed does not notice. The long search is `SimulationMain --mutants`.
    private static final int RUNS_MAX = 60;

    @BeforeAll
    static void silence() {
        LOGGER.setLevel(Level.OFF);
    }

    static List<Pins.Pin> pins() {
        return Pins.all();
    }

    @ParameterizedTest
    @MethodSource("pins")
    void isNoticed(Pins.Pin pin) {
        final Mutation mutation = new Mutation(pin.mutant());
        @Nullable String broken = mutation.failure(pin.kind(), pin.seed());
        if (broken == null) {
            final Mutation.Kill kill = mutation.search(pin.mutant().kinds(), 0, RUNS_MAX);
            System.out.println(pin.mutant().name() + ": not by " + pin.kind() + " " + pin.seed() + ", but by " + kill);
            broken = kill == null ? null : kill.rule();
        }
        assertThat(broken)
                .as("rule that is broken if it " + pin.mutant().name())
                .isNotNull();
    }

    @Test
    void aMistakeWhosePlaceIsGoneIsAnError() {
        final Mutant lost = Mutant.of("any", "does not exist", "chunk.Copy", "isInSync", new Edit.Holds("gone", true));
        assertThatThrownBy(() -> new Mutation(lost))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("there is no");
    }

    @Test
    void everyMutantCanBeMade() {
        for (final Mutant mutant : Mutants.all()) {
            new Mutation(mutant);
        }
        assertThat(Mutants.all()).as("mutants").hasSizeGreaterThan(50);
    }
}
