package io.basalt.cli.check;

import java.util.ArrayList;
import java.util.List;

/// Differences as they are found; those of adjacent blocks become one. Keeps a bounded number, and counts all.
final class Differences {
    private static final int KEPT_MAX = 1000;

    private final List<Difference> kept = new ArrayList<>();
    private long count;

    void add(Difference difference) {
        for (int i = kept.size() - 1; i >= 0 && kept.get(i).isInShardOf(difference); i--) {
            if (kept.get(i).continues(difference)) {
                kept.set(i, kept.get(i).longer());
                return;
            }
        }
        count++;
        if (kept.size() < KEPT_MAX) {
            kept.add(difference);
        }
    }

    /// The first ones.
    List<Difference> kept() {
        return List.copyOf(kept);
    }

    /// All of them.
    long count() {
        return count;
    }
}
