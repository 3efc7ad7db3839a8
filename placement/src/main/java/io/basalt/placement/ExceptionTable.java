package io.basalt.placement;

import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The exceptions of a cluster map, by placement group. Immutable, compared by content.
///
/// A device named here that is not in the map any more, or is not *in*, is passed over and drawn anew; the
/// others of its entry stay. An entry therefore never keeps a copy from being repaired.
public final class ExceptionTable {
    /// The table without entries.
    public static final ExceptionTable EMPTY = new ExceptionTable(List.of());

    private final List<ExceptionEntry> entries;
    private final int[] pgs;

    private ExceptionTable(List<ExceptionEntry> sorted) {
        this.entries = sorted;
        this.pgs = sorted.stream().mapToInt(ExceptionEntry::pg).toArray();
    }

    /// The table of these entries.
    ///
    /// @throws InvalidClusterMapException if a placement group comes twice
    public static ExceptionTable of(Collection<ExceptionEntry> entries) {
        final List<ExceptionEntry> sorted = entries.stream()
                .sorted(Comparator.comparingInt(ExceptionEntry::pg))
                .toList();
        for (int index = 1; index < sorted.size(); index++) {
            if (sorted.get(index).pg() == sorted.get(index - 1).pg()) {
                throw new InvalidClusterMapException(
                        "exception for pg " + sorted.get(index).pg() + " is given twice; keep one of them");
            }
        }
        return sorted.isEmpty() ? EMPTY : new ExceptionTable(sorted);
    }

    /// The entries, by ascending placement group.
    public List<ExceptionEntry> entries() {
        return entries;
    }

    /// How many entries there are.
    public int size() {
        return pgs.length;
    }

    /// The entry of a placement group, or null if it follows the draw.
    public @Nullable ExceptionEntry entry(int pg) {
        final int index = Arrays.binarySearch(pgs, pg);
        return index < 0 ? null : entries.get(index);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ExceptionTable that && entries.equals(that.entries);
    }

    @Override
    public int hashCode() {
        return entries.hashCode();
    }

    @Override
    public String toString() {
        return entries.toString();
    }
}
