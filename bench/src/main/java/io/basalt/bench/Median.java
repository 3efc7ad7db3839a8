package io.basalt.bench;

import java.util.Arrays;
import java.util.List;

/// The middle of some figures: what one bad neighbour on the machine does not move.
public final class Median {
    private Median() {}

    /// The median.
    ///
    /// @param figures at least one
    public static double of(List<Double> figures) {
        final double[] sorted =
                figures.stream().mapToDouble(Double::doubleValue).sorted().toArray();
        final int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    /// How far the figures are apart: the largest divided by the smallest.
    public static double spread(List<Double> figures) {
        final double[] sorted =
                figures.stream().mapToDouble(Double::doubleValue).sorted().toArray();
        return Arrays.stream(sorted).max().orElse(0)
                / Arrays.stream(sorted).min().orElse(1);
    }
}
