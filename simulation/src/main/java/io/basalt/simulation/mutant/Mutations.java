package io.basalt.simulation.mutant;

import io.basalt.simulation.ScenarioKind;
import java.util.List;
import java.util.Locale;
import java.util.function.BiFunction;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/// The simulation with the mistakes of [Mutant]s in it, of which each run makes one. One thread.
final class Mutations {
    private static final int SHOWN = 110;

    private final MutantLoader loader;
    private final BiFunction<String, Long, String> seeds;
    private final IntConsumer choice;

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

    /// Make mistakes.
    ///
    /// @throws IllegalStateException if there is nothing to change
    @SuppressWarnings("unchecked") // the very class, loaded once more
    Mutations(List<Mutant> mutants) {
        loader = new MutantLoader(mutants);
        try {
            loader.check();
            seeds = (BiFunction<String, Long, String>) made(MutantRun.class);
            choice = (IntConsumer) made(Chosen.class);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("the changed classes cannot be loaded", e);
        }
    }

    private Object made(Class<?> type) throws ReflectiveOperationException {
        return loader.loadClass(type.getName()).getConstructor().newInstance();
    }

    /// The rule that a seed breaks with a mistake, null if none.
    ///
    /// @param mutant null for no mistake
    @Nullable
    String failure(@Nullable Mutant mutant, ScenarioKind kind, long seed) {
        choice.accept(mutant == null ? Chosen.NONE : loader.number(mutant));
        final String failure = seeds.apply(label(kind), seed);
        return failure.isEmpty() ? null : failure;
    }

    /// Run seeds of some kinds until one notices the mistake, and would not fail without it.
    ///
    /// @param from how many are known not to notice it
    /// @param until how many there are at most, with those
    /// @return null if none does
    @Nullable
    Kill search(Mutant mutant, int from, int until) {
        final List<ScenarioKind> kinds = mutant.kinds();
        for (int run = from; run < until; run++) {
            final ScenarioKind kind = kinds.get(run % kinds.size());
            final long seed = 1L + run / kinds.size();
            final String failure = failure(mutant, kind, seed);
            if (failure != null && failure(null, kind, seed) == null) {
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
