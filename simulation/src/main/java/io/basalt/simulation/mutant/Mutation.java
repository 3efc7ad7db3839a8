package io.basalt.simulation.mutant;

import io.basalt.simulation.ScenarioKind;
import java.util.List;
import java.util.Locale;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/// The simulation with one [Mutant]'s mistake in it.
final class Mutation {
    private static final int SHOWN = 110;

    private final BiFunction<String, Long, String> seeds;

    /// A seed that notices a mistake.
    ///
    /// @param runs how many were run, with this one
    /// @param rule that was broken, shortened
    record Kill(ScenarioKind kind, long seed, int runs, String rule) {
        @Override
        public String toString() {
            return label(kind) + " " + seed + " (run " + runs + "): " + rule;
        }
    }

    /// Make the mistake.
    ///
    /// @throws IllegalStateException if there is nothing to change
    Mutation(Mutant mutant) {
        try {
            final MutantLoader loader = new MutantLoader(mutant);
            loader.check();
            seeds = runner(loader.loadClass(MutantRun.class.getName()));
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(mutant.name(), e);
        }
    }

    @SuppressWarnings("unchecked") // the very class, loaded once more
    private static BiFunction<String, Long, String> runner(Class<?> loaded) throws ReflectiveOperationException {
        return (BiFunction<String, Long, String>) loaded.getConstructor().newInstance();
    }

    /// The rule that a seed breaks, null if none.
    @Nullable
    String failure(ScenarioKind kind, long seed) {
        final String failure = seeds.apply(label(kind), seed);
        return failure.isEmpty() ? null : failure;
    }

    /// Run seeds of some kinds until one notices the mistake, and would not fail without it.
    ///
    /// @param from how many are known not to notice it
    /// @param until how many there are at most, with those
    /// @return null if none does
    @Nullable
    Kill search(List<ScenarioKind> kinds, int from, int until) {
        for (int run = from; run < until; run++) {
            final ScenarioKind kind = kinds.get(run % kinds.size());
            final long seed = 1L + run / kinds.size();
            final String failure = failure(kind, seed);
            if (failure != null && new MutantRun().apply(label(kind), seed).isEmpty()) {
                return new Kill(kind, seed, run + 1, shortened(failure));
            }
        }
        return null;
    }

    static String label(ScenarioKind kind) {
        return kind.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    static String shortened(String failure) {
        final String line = failure.lines().findFirst().orElse("");
        return line.length() <= SHOWN ? line : line.substring(0, SHOWN);
    }
}
