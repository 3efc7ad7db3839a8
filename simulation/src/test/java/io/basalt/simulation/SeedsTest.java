package io.basalt.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.util.EnumSet;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/// The seeds that every build runs, and the many that are run before a release.
class SeedsTest {
    private static final long FIRST = 1;
    private static final long LAST = 200;
    private static final long LAST_OF_OTHER_KINDS = 40;

    /// Of kinds with a dense load.
    private static final long LAST_OF_DENSE_KINDS = 20;

    private static final Set<ScenarioKind> DENSE = EnumSet.range(ScenarioKind.RETURNS, ScenarioKind.NOISE);

    /// What only long runs come to, or other kinds.
    private static final Set<Sighting> RARER = EnumSet.of(
            Sighting.NO_SPACE,
            Sighting.FLIP,
            Sighting.HANG_OUTLIVED,
            Sighting.UNCERTAIN_WISH,
            Sighting.DISK_REFUSED,
            Sighting.FAIL_OVER_WHILE_COMPARING,
            Sighting.RECORD_REJECTED,
            Sighting.SHARD_DAMAGED,
            Sighting.UNDONE,
            Sighting.REPAIRED,
            Sighting.REPAIR_MEASURED,
            Sighting.MADE_ANEW);

    /// The soak's seeds, as `-Dbasalt.simulation.seeds=A..B`, and their kind.
    private static final String SEEDS_PROPERTY = "basalt.simulation.seeds";

    private static final String KIND_PROPERTY = "basalt.simulation.kind";

    @BeforeAll
    static void silence() {
        SimulationMain.silence();
    }

    @Test
    void everySeedKeepsEveryRuleAndTwoRunsOfItAreTheSame() {
        long operations = 0;
        final Coverage coverage = new Coverage();
        for (long seed = FIRST; seed <= LAST; seed++) {
            final Simulation.Result first = run(seed, ScenarioKind.SWARM);
            final Simulation.Result second = run(seed, ScenarioKind.SWARM);
            assertThat(second.traceHash())
                    .as("trace of a second run; "
                            + SimulationMain.report(second, ScenarioKind.SWARM, "two runs differ"))
                    .isEqualTo(first.traceHash());
            operations += first.operations();
            coverage.add(first.coverage());
        }
        assertThat(operations).as("operations of all seeds").isGreaterThan((LAST - FIRST) * 50);
        for (final Sighting each : Sighting.values()) {
            if (!RARER.contains(each) && !each.isOfHandOvers()) {
                assertThat(coverage.of(each))
                        .as("seeds that come to: " + each.label())
                        .isPositive();
            }
        }
    }

    @ParameterizedTest
    @EnumSource(
            mode = EnumSource.Mode.EXCLUDE,
            names = {"SWARM", "HAND_OVERS", "ENDURANCE"})
    void everyOtherKindKeepsEveryRule(ScenarioKind kind) {
        final Coverage coverage = new Coverage();
        final long last = DENSE.contains(kind) ? LAST_OF_DENSE_KINDS : LAST_OF_OTHER_KINDS;
        for (long seed = FIRST; seed <= last; seed++) {
            coverage.add(run(seed, kind).coverage());
        }
        if (kind == ScenarioKind.RETURNS) {
            assertThat(coverage.of(Sighting.REPAIR_MEASURED))
                    .as("copies that were away and measured")
                    .isPositive();
        } else if (kind == ScenarioKind.HANGS) {
            assertThat(coverage.of(Sighting.HANG_OUTLIVED))
                    .as("devices that hung and were replaced")
                    .isPositive();
        } else if (kind == ScenarioKind.MOVES) {
            assertThat(coverage.of(Sighting.MADE_ANEW))
                    .as("devices that stayed away")
                    .isPositive();
        }
    }

    /// What each found is in `docs/SIMULATION.md`.
    @ParameterizedTest
    @CsvSource({
        "swarm, 129",
        "swarm, 3129",
        "swarm, 4096",
        "fail-overs, 35",
        "retries, 43",
        "retries, 72",
        "lies-and-discards, 1015",
        "lies-and-discards, 161",
        "swarm, 161",
        "swarm, 10840",
        "strains, 46",
        "swarm, 196",
        "swarm, 428",
        "swarm, 590",
        "swarm, 3371",
        "moves, 40102",
        "moves, 40245",
        "hangs, 40233",
        "disk-failure, 40133",
        "clocks, 40147",
        "returns, 13",
        "returns, 14",
        "moves, 1",
        "flips, 33",
        "flips, 36",
        "endurance, 2"
    })
    void theSeedsThatOnceFailedKeepEveryRule(String kind, long seed) {
        run(seed, ScenarioKind.of(kind));
    }

    @Test
    @Tag("soak")
    void manySeedsKeepEveryRule() {
        final String[] range = System.getProperty(SEEDS_PROPERTY, "201..20200").split("\\.\\.", -1);
        final ScenarioKind kind = ScenarioKind.of(System.getProperty(KIND_PROPERTY, ScenarioKind.SWARM.label()));
        for (long seed = Long.parseLong(range[0]); seed <= Long.parseLong(range[1]); seed++) {
            run(seed, kind);
        }
    }

    private static Simulation.Result run(long seed, ScenarioKind kind) {
        final Simulation.Result result = Simulation.run(seed, kind);
        final String failure = result.failure();
        if (failure != null) {
            fail(SimulationMain.report(result, kind, failure)
                    + System.lineSeparator()
                    + String.join(System.lineSeparator(), result.lastEvents()));
        }
        return result;
    }
}
