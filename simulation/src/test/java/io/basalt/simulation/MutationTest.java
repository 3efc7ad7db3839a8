package io.basalt.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// The oracles can fail: every deliberate mistake in replication is noticed within a bounded number of seeds.
class MutationTest {
    private static final int SEEDS_MAX = 600;

    @BeforeAll
    static void silence() {
        SimulationMain.silence();
    }

    @ParameterizedTest
    @EnumSource
    void isNoticed(Mutant mutant) {
        final int seed = firstFailure(mutant);
        System.out.println(mutant + " is found by seed " + seed);
        assertThat(seed).as("seed that finds " + mutant).isLessThanOrEqualTo(SEEDS_MAX);
    }

    private static int firstFailure(Mutant mutant) {
        for (int seed = 1; seed <= SEEDS_MAX; seed++) {
            if (Simulation.run(seed, mutant.rules(), mutant.emphasis()).failure() != null) {
                return seed;
            }
        }
        return SEEDS_MAX + 1;
    }
}
