package io.basalt.simulation.mutant;

import io.basalt.simulation.ScenarioKind;
import java.util.ArrayList;
import java.util.List;

/// One deliberate mistake.
///
/// @param name what the mistaken code does, in plain words
/// @param rule what of the design it breaks, as a word: the table in the documentation is ordered by it
/// @param cuts where the code is changed
record Mutant(String name, String rule, List<Cut> cuts) {
    /// A change of one method.
    ///
    /// @param type name of the class, below `io.basalt`, with dots, and `$` before inner ones
    /// @param method name of the method; all overloads in which the edit finds what it looks for
    record Cut(String type, String method, Edit edit) {
        String className() {
            return "io.basalt." + type;
        }
    }

    /// The kinds of scenario in which the mistake counts most.
    List<ScenarioKind> kinds() {
        return switch (rule) {
            case "acknowledging" -> List.of(ScenarioKind.DISK_FAILURE, ScenarioKind.SWARM, ScenarioKind.FAIL_OVERS);
            case "configurations" -> List.of(ScenarioKind.FAIL_OVERS, ScenarioKind.RETRIES, ScenarioKind.SWARM);
            case "leases" -> List.of(ScenarioKind.FAIL_OVERS, ScenarioKind.CLOCKS, ScenarioKind.SWARM);
            case "tombstones", "comparing", "fences" -> List.of(ScenarioKind.SWARM, ScenarioKind.LIES_AND_DISCARDS);
            case "gate", "identities" -> List.of(ScenarioKind.RETRIES, ScenarioKind.SWARM);
            default -> List.of(ScenarioKind.SWARM, ScenarioKind.LIES_AND_DISCARDS, ScenarioKind.DISK_FAILURE);
        };
    }

    /// A mistake in one place.
    static Mutant of(String rule, String name, String type, String method, Edit edit) {
        return new Mutant(name, rule, List.of(new Cut(type, method, edit)));
    }

    /// The same with one more place.
    Mutant and(String type, String method, Edit edit) {
        final List<Cut> more = new ArrayList<>(cuts);
        more.add(new Cut(type, method, edit));
        return new Mutant(name, rule, List.copyOf(more));
    }
}
