package io.basalt.simulation;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;

/// Leaves out of a failing run what it does not need to fail: faults and operations, first large shares of them, then
/// smaller ones, down to single entries (delta debugging). What counts is that some rule is broken, not which.
final class Shrinker {
    private static final int RUNS_MAX = 400;

    private final Predicate<Set<String>> fails;
    private int runs;

    /// @param fails whether a run without some entries fails
    Shrinker(Predicate<Set<String>> fails) {
        this.fails = fails;
    }

    /// The entries that are needed.
    ///
    /// @param entries of a run that fails
    List<String> shrink(List<String> entries) {
        List<String> needed = List.copyOf(entries);
        int shares = 2;
        while (needed.size() > 1 && shares <= 2 * needed.size() && runs < RUNS_MAX) {
            final List<String> less = withoutOneShare(entries, needed, Math.min(shares, needed.size()));
            if (less.size() < needed.size()) {
                needed = less;
                shares = Math.max(2, shares - 1);
            } else if (shares >= needed.size()) {
                break;
            } else {
                shares *= 2;
            }
        }
        return needed;
    }

    /// Runs that were needed.
    int runs() {
        return runs;
    }

    private List<String> withoutOneShare(List<String> all, List<String> needed, int shares) {
        for (int share = 0; share < shares && runs < RUNS_MAX; share++) {
            final int from = needed.size() * share / shares;
            final int to = needed.size() * (share + 1) / shares;
            final List<String> rest = new ArrayList<>(needed.subList(0, from));
            rest.addAll(needed.subList(to, needed.size()));
            final Set<String> leftOut = new HashSet<>(all);
            rest.forEach(leftOut::remove);
            runs++;
            if (fails.test(leftOut)) {
                return rest;
            }
        }
        return needed;
    }
}
