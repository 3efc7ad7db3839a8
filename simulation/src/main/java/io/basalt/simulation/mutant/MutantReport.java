package io.basalt.simulation.mutant;

import java.util.Locale;

/// Looks for the first seed that notices each deliberate mistake, and prints the list that the tests use
/// ([Pins]) and the table of `docs/SIMULATION.md`.
public final class MutantReport {
    private MutantReport() {}

    /// Search.
    ///
    /// @param wanted only mutants with this in their name or rule; empty for all
    /// @param runsMax runs that a mistake may go unnoticed
    /// @return mistakes that nothing has noticed
    public static int print(String wanted, int runsMax) {
        int unnoticed = 0;
        for (final Mutant mutant : Mutants.all()) {
            if (!(mutant.rule() + " " + mutant.name()).contains(wanted)) {
                continue;
            }
            final long began = System.nanoTime();
            String line;
            try {
                final Mutation.Kill kill = new Mutation(mutant).search(mutant.kinds(), runsMax);
                unnoticed += kill == null ? 1 : 0;
                line = kill == null ? "UNNOTICED" : kill.toString();
            } catch (IllegalStateException | LinkageError e) {
                unnoticed++;
                line = "NOT MADE " + e;
            }
            System.out.printf(
                    Locale.ROOT,
                    "%s\t%s\t%s\t%.0f s%n",
                    mutant.rule(),
                    mutant.name(),
                    line,
                    (System.nanoTime() - began) / 1e9);
        }
        return unnoticed;
    }
}
