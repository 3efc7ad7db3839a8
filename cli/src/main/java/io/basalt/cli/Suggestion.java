package io.basalt.cli;

import java.util.Collection;
import java.util.Locale;

/// The guess at what somebody meant who wrote a word that is not known.
public final class Suggestion {
    private static final int WORD_LENGTH_MAX = 128;

    private Suggestion() {}

    /// `did you mean 'x'?` with the known word that is nearest, or the fallback if none is near.
    public static String of(String word, Collection<String> known, String fallback) {
        if (word.length() > WORD_LENGTH_MAX) {
            return fallback;
        }
        final String plain = word.toLowerCase(Locale.ROOT);
        String best = "";
        int bestDistance = Math.max(1, word.length() / 3) + 1;
        for (final String candidate : known) {
            final int distance = distance(plain, candidate.toLowerCase(Locale.ROOT));
            if (distance < bestDistance) {
                best = candidate;
                bestDistance = distance;
            }
        }
        return best.isEmpty() ? fallback : "did you mean '" + best + "'?";
    }

    /// Characters to insert, remove, replace, or swap with their neighbour, to make one word the other.
    static int distance(String one, String other) {
        final int[][] cost = new int[one.length() + 1][other.length() + 1];
        for (int row = 0; row <= one.length(); row++) {
            for (int column = 0; column <= other.length(); column++) {
                cost[row][column] = row == 0 || column == 0 ? row + column : cell(cost, one, other, row, column);
            }
        }
        return cost[one.length()][other.length()];
    }

    private static int cell(int[][] cost, String one, String other, int row, int column) {
        final char here = one.charAt(row - 1);
        final char there = other.charAt(column - 1);
        int least = Math.min(cost[row - 1][column], cost[row][column - 1]) + 1;
        least = Math.min(least, cost[row - 1][column - 1] + (here == there ? 0 : 1));
        final boolean swapped =
                row > 1 && column > 1 && here == other.charAt(column - 2) && one.charAt(row - 2) == there;
        return swapped ? Math.min(least, cost[row - 2][column - 2] + 1) : least;
    }
}
