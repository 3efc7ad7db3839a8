package io.basalt.gate.rpc;

import java.util.Collection;

/// The guess at what somebody meant who wrote a word that is not known.
public final class Suggestion {
    private static final int WORD_LENGTH_MAX = 128;

    private Suggestion() {}

    /// `did you mean 'x'?` with the known word that is nearest, or the fallback if none is near.
    public static String of(String word, Collection<String> known, String fallback) {
        if (word.length() > WORD_LENGTH_MAX) {
            return fallback;
        }
        String best = "";
        int bestDistance = Math.max(2, word.length() / 3) + 1;
        for (final String candidate : known) {
            final int distance = distance(word, candidate);
            if (distance < bestDistance) {
                best = candidate;
                bestDistance = distance;
            }
        }
        return best.isEmpty() ? fallback : "did you mean '" + best + "'?";
    }

    /// Characters to insert, remove or replace to make one word the other.
    static int distance(String one, String other) {
        int[] above = new int[other.length() + 1];
        for (int column = 0; column < above.length; column++) {
            above[column] = column;
        }
        for (int row = 1; row <= one.length(); row++) {
            final int[] current = new int[above.length];
            current[0] = row;
            for (int column = 1; column < current.length; column++) {
                final int replaced = above[column - 1] + (one.charAt(row - 1) == other.charAt(column - 1) ? 0 : 1);
                current[column] = Math.min(replaced, Math.min(above[column], current[column - 1]) + 1);
            }
            above = current;
        }
        return above[other.length()];
    }
}
