package io.basalt.simulation;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/// What a run does, entry by entry: faults of the nemesis, and operations of guests. Each entry has a key and a stream
/// of random numbers of its own, so a run can be had again without some of them, and everything else is drawn as
/// before: see [Shrinker].
final class Plan {
    private final Set<String> leftOut;
    private final List<String> entries = new ArrayList<>();

    /// @param leftOut keys of what is not done
    Plan(Set<String> leftOut) {
        this.leftOut = Set.copyOf(leftOut);
    }

    /// Whether an entry that comes up is to be done.
    boolean has(String key) {
        if (leftOut.contains(key)) {
            return false;
        }
        entries.add(key);
        return true;
    }

    /// The keys of all that came up and was to be done, in order.
    List<String> entries() {
        return List.copyOf(entries);
    }
}
