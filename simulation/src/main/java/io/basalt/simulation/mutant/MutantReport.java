package io.basalt.simulation.mutant;

import java.util.ArrayList;
import java.util.List;

/// Looks for the first seed that notices each deliberate mistake, and prints the list that the tests use
/// ([Pins]) and the table of `docs/SIMULATION.md`.
public final class MutantReport {
    /// All mutants are run so many times first, then those that are left more often: most are noticed soon.
    private static final int FIRST_RUNS = 30;

    private static final int MORE_RUNS = 4;
    private static final char TAB = '\t';

    private MutantReport() {}

    /// Search.
    ///
    /// @param wanted only mutants with this in their name or rule; empty for all
    /// @param runsMax runs that a mistake may go unnoticed
    /// @return mistakes that nothing has noticed
    public static int print(String wanted, int runsMax) {
        List<Mutant> open = new ArrayList<>();
        for (final Mutant mutant : Mutants.all()) {
            if ((mutant.rule() + " " + mutant.name()).contains(wanted)) {
                open.add(mutant);
            }
        }
        final Mutations mutations = new Mutations(open);
        int from = 0;
        for (int to = FIRST_RUNS; !open.isEmpty() && from < runsMax; to *= MORE_RUNS) {
            final int until = Math.min(to, runsMax);
            System.out.println("runs " + (from + 1) + " to " + until + " of " + open.size() + " mutants");
            final List<Mutant> left = new ArrayList<>();
            for (final Mutant mutant : open) {
                if (!isNoticed(mutations, mutant, from, until)) {
                    left.add(mutant);
                }
            }
            open = left;
            from = until;
        }
        open.forEach(mutant -> System.out.println(mutant.rule() + TAB + mutant.name() + TAB + "UNNOTICED"));
        return open.size();
    }

    private static boolean isNoticed(Mutations mutations, Mutant mutant, int from, int until) {
        final Mutations.Kill kill = mutations.search(mutant, from, until);
        if (kill != null) {
            System.out.println(mutant.rule() + TAB + mutant.name() + TAB + Mutations.label(kill.kind()) + TAB
                    + kill.seed() + TAB + "run " + kill.runs() + TAB + kill.rule());
        }
        return kill != null;
    }
}
