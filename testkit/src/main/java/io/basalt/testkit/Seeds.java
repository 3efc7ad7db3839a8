package io.basalt.testkit;

import java.nio.charset.StandardCharsets;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;

/// Where the seeds of randomised tests come from: the system property `basalt.seed` when a run is replayed; else
/// drawn from `basalt.seeds`, so that the same code meets the same cases however often it is tested; else fresh
/// ones.
public final class Seeds {
    /// The system property that holds the seed of a run to replay, decimal or `0x` hexadecimal.
    public static final String PROPERTY = "basalt.seed";

    /// The system property that all seeds of a run are drawn from, any text: the launcher gives one.
    static final String ALL_PROPERTY = "basalt.seeds";

    private static final ConcurrentMap<String, AtomicInteger> DRAWN = new ConcurrentHashMap<>();

    private Seeds() {}

    /// True if this run replays a given seed.
    public static boolean replaying() {
        return System.getProperty(PROPERTY) != null;
    }

    /// The seed to replay, or another one at each call.
    ///
    /// @throws IllegalArgumentException if the property holds no number
    public static long next() {
        final String given = System.getProperty(PROPERTY);
        if (given != null) {
            return parse(given);
        }
        final String all = System.getProperty(ALL_PROPERTY);
        return all == null ? new SplittableRandom().nextLong() : drawn(all);
    }

    /// The next seed of the test class that asks. Classes may run in any order, or several at once.
    private static long drawn(String all) {
        final String asking = StackWalker.getInstance()
                .walk(frames -> frames.map(StackWalker.StackFrame::getClassName)
                        .filter(name -> !name.equals(Seeds.class.getName()) && !name.equals(SeededTest.class.getName()))
                        .findFirst()
                        .orElse(""));
        final int number =
                DRAWN.computeIfAbsent(asking, ignored -> new AtomicInteger()).getAndIncrement();
        return drawn(all, asking, number);
    }

    static long drawn(String all, String asking, int number) {
        long seed = 0;
        for (final byte each : (all + ' ' + asking + ' ' + number).getBytes(StandardCharsets.UTF_8)) {
            seed = new SplittableRandom(seed ^ each).nextLong();
        }
        return seed;
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
