package io.basalt.simulation.mutant;

import io.basalt.simulation.ScenarioKind;
import io.basalt.simulation.Simulation;
import java.util.Locale;
import java.util.function.BiFunction;

/// Runs seeds of the classes that were loaded with it, for somebody outside who knows only types of the platform:
/// given a kind's label and a seed, says which rule was broken, or nothing.
public final class MutantRun implements BiFunction<String, Long, String> {
    /// For the loader.
    public MutantRun() {}

    @Override
    public String apply(String kind, Long seed) {
        final String failure = Simulation.run(
                        seed, ScenarioKind.valueOf(kind.toUpperCase(Locale.ROOT).replace('-', '_')))
                .failure();
        return failure == null ? "" : failure;
    }
}
