package io.basalt.simulation.mutant;

import io.basalt.simulation.ScenarioKind;
import java.util.ArrayList;
import java.util.List;

/// One deliberate mistake.
///
/// @param name what the mistaken code does, in plain words
/// @param rule what of the design it breaks, as a word: the table in the documentation is ordered by it
/// @param cuts where the code is changed
/// @param kinds of scenario in which the mistake counts most
record Mutant(String name, String rule, List<Cut> cuts, List<ScenarioKind> kinds) {
    /// A change of one method.
    ///
    /// @param type name of the class, below `io.basalt`, with dots, and `$` before inner ones
    /// @param method name of the method; all overloads in which the edit finds what it looks for
    record Cut(String type, String method, Edit edit) {
        String className() {
            return "io.basalt." + type;
        }
    }

    /// A mistake in one place, in the kinds that suit its rule.
    static Mutant of(String rule, String name, String type, String method, Edit edit) {
        return new Mutant(name, rule, List.of(new Cut(type, method, edit)), kindsOf(rule));
    }

    private static List<ScenarioKind> kindsOf(String rule) {
        return switch (rule) {
            case "acknowledging" -> List.of(ScenarioKind.RETURNS, ScenarioKind.DISK_FAILURE, ScenarioKind.LONERS);
            case "configurations" -> List.of(ScenarioKind.HAND_OFFS, ScenarioKind.RETURNS, ScenarioKind.FAIL_OVERS);
            case "leases" -> List.of(ScenarioKind.LONG_LEASES, ScenarioKind.FAIL_OVERS);
            case "fences" -> List.of(ScenarioKind.TAKE_OVERS, ScenarioKind.SWARM);
            case "comparing" -> List.of(ScenarioKind.RETURNS, ScenarioKind.LIES_AND_DISCARDS);
            case "tombstones" -> List.of(ScenarioKind.RETURNS, ScenarioKind.LIES_AND_DISCARDS, ScenarioKind.SWARM);
            case "gate", "identities" -> List.of(ScenarioKind.HAND_OFFS, ScenarioKind.RETRIES);
            case "store" -> List.of(ScenarioKind.POWER_CUTS, ScenarioKind.LIES_AND_DISCARDS);
            case "recovery" -> List.of(ScenarioKind.POWER_CUTS, ScenarioKind.FLIPS);
            case "network" -> List.of(ScenarioKind.NOISE);
            default -> List.of(ScenarioKind.SWARM, ScenarioKind.RETURNS, ScenarioKind.MOVES);
        };
    }

    /// The same with one more place.
    Mutant and(String type, String method, Edit edit) {
        final List<Cut> more = new ArrayList<>(cuts);
        more.add(new Cut(type, method, edit));
        return new Mutant(name, rule, List.copyOf(more), kinds);
    }

    /// The same where it counts in other kinds than others of its rule do.
    Mutant in(ScenarioKind... others) {
        return new Mutant(name, rule, cuts, List.of(others));
    }
}
