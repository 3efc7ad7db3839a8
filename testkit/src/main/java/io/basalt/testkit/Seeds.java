package io.basalt.testkit;

import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/// Where the seeds of randomised tests come from: the system property `basalt.seed` when a run is replayed,
/// otherwise a fresh one per test.
public final class Seeds {
    /// The system property that holds the seed of a run to replay, decimal or `0x` hexadecimal.
    public static final String PROPERTY = "basalt.seed";

    private Seeds() {}

    /// True if this run replays a given seed.
    public static boolean replaying() {
        return System.getProperty(PROPERTY) != null;
    }

    /// The seed to replay, or a fresh one.
    ///
    /// @throws IllegalArgumentException if the property holds no number
    public static long next() {
        final String given = System.getProperty(PROPERTY);
        return given == null ? new SplittableRandom().nextLong() : parse(given);
    }

    /// The generator that a seed stands for.
    public static RandomGenerator random(long seed) {
        return new SplittableRandom(seed);
    }

    /// A seed as it is printed and as [#PROPERTY] takes it.
    public static String text(long seed) {
        return "0x" + Long.toHexString(seed);
    }

    static long parse(String text) {
        try {
            return text.startsWith("0x") ? Long.parseUnsignedLong(text.substring(2), 16) : Long.parseLong(text);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(
                    "system property " + PROPERTY + " must be a decimal or 0x number, is '" + text + "'", e);
        }
    }
}
