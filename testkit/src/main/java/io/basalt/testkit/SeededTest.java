package io.basalt.testkit;

import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/// A harness that runs a property for many random cases, and on failure says which seed to give to see that
/// very case again.
///
/// ```
/// @Test
/// void firesEveryTimerOnce() {
///     SeededTest.run(500, random -> { ... });
/// }
/// ```
///
/// Every case has a seed of its own. With `-Dbasalt.seed=...` only the case of that seed runs; with
/// `-Dbasalt.effort=N` N times as many cases as the test asks for.
public final class SeededTest {
    /// What must hold for every stream of random numbers.
    @FunctionalInterface
    public interface Property {
        /// Draws a case from the generator and checks it.
        ///
        /// @throws Exception if the case cannot be run, which counts as failure
        void check(RandomGenerator random) throws Exception;
    }

    private SeededTest() {}

    /// Checks the property for `cases` cases, or for the one case of the seed that is replayed.
    ///
    /// @throws AssertionError at the first case that fails, with the seed, the line that replays it, and the cause
    public static void run(int cases, Property property) {
        if (cases <= 0) {
            throw new IllegalArgumentException("cases must be positive, is " + cases);
        }
        final long first = Seeds.next();
        final int count = Seeds.replaying() ? 1 : Math.multiplyExact(cases, Integer.getInteger("basalt.effort", 1));
        // Drawn, not counted up: seeds a fixed step apart can give the same stream of numbers, shifted.
        final SplittableRandom caseSeeds = new SplittableRandom(first);
        for (int index = 0; index < count; index++) {
            final long seed = Seeds.replaying() ? first : caseSeeds.nextLong();
            try {
                property.check(Seeds.random(seed));
            } catch (Exception | AssertionError e) {
                throw new AssertionError(report(seed, index, count, e), e);
            }
        }
    }

    private static String report(long seed, int index, int count, Throwable failure) {
        return "case " + (index + 1) + " of " + count + " failed with seed " + Seeds.text(seed) + ": "
                + failure.getMessage() + System.lineSeparator() + "replay: mvn test -Dtest=" + caller() + " -D"
                + Seeds.PROPERTY + "=" + Seeds.text(seed);
    }

    /// The test method that called the harness, in the form that the build's test filter takes.
    private static String caller() {
        return StackWalker.getInstance()
                .walk(frames -> frames.filter(frame -> !frame.getClassName().equals(SeededTest.class.getName()))
                        .findFirst()
                        .map(frame -> simpleName(frame.getClassName()) + "#" + methodName(frame.getMethodName()))
                        .orElse("unknown"));
    }

    private static String simpleName(String className) {
        return className.substring(className.lastIndexOf('.') + 1);
    }

    /// The method that a lambda expression stands in, for the name that the compiler gives it.
    private static String methodName(String name) {
        return name.startsWith("lambda$") ? name.substring(7, name.lastIndexOf('$')) : name;
    }
}
