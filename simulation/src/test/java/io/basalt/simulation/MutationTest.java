package io.basalt.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.chunk.ReplicationRules;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// The oracles can fail: every deliberate mistake in replication is noticed within a bounded number of seeds.
class MutationTest {
    private static final int SEEDS_MAX = 600;
    private static final int FAIL_OVER_SEEDS = 40;
    private static final long LEASE_NS = 100_000_000;

    @Test
    void theRightRulesHoldWhereLeasesCount() {
        for (int seed = 1; seed <= FAIL_OVER_SEEDS; seed++) {
            final Simulation.Result result =
                    Simulation.run(seed, ReplicationRules.STANDARD, scenario -> scenario.withFailOvers(LEASE_NS));
            assertThat(result.failure()).as("seed " + seed).isNull();
        }
    }

    @ParameterizedTest
    @EnumSource
    void isNoticed(Mutant mutant) {
        assertThat(firstFailure(mutant)).as("seed that finds " + mutant).isLessThanOrEqualTo(SEEDS_MAX);
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
