package io.basalt.simulation;

import java.util.Locale;

/// Runs seeds and prints what they find: `SimulationMain --seeds 1..20000 [--twice]`, or `--seed 17` with the
/// last events.
/// Ends with 1 if a rule was broken.
public final class SimulationMain {
    private SimulationMain() {}

    /// The program.
    ///
    /// @param arguments see above
    public static void main(String[] arguments) {
        long first = 1;
        long last = 200;
        boolean twice = false;
        boolean isVerbose = false;
        for (int index = 0; index < arguments.length; index++) {
            switch (arguments[index]) {
                case "--seeds" -> {
                    final String[] range = arguments[++index].split("\\.\\.", -1);
                    first = Long.parseLong(range[0]);
                    last = Long.parseLong(range[range.length - 1]);
                }
                case "--seed" -> {
                    first = Long.parseLong(arguments[++index]);
                    last = first;
                    isVerbose = true;
                }
                case "--twice" -> twice = true;
                default ->
                    throw new IllegalArgumentException(
                            "unknown argument '" + arguments[index] + "'; give --seeds A..B, --seed N, --twice");
            }
        }
        System.exit(run(first, last, twice, isVerbose) == 0 ? 0 : 1);
    }

    private static int run(long first, long last, boolean twice, boolean isVerbose) {
        final long began = System.nanoTime();
        long operations = 0;
        long simulatedNs = 0;
        int failures = 0;
        for (long seed = first; seed <= last; seed++) {
            final Simulation.Result result = Simulation.run(seed);
            operations += result.operations();
            simulatedNs += result.simulatedNs();
            String failure = result.failure();
            if (failure == null && twice && Simulation.run(seed).traceHash() != result.traceHash()) {
                failure = "two runs differ";
            }
            if (failure != null) {
                failures++;
                System.out.println(report(result, failure));
            }
            if (isVerbose) {
                result.lastEvents().forEach(System.out::println);
            }
        }
        final double seconds = (System.nanoTime() - began) / 1e9;
        System.out.printf(
                Locale.ROOT,
                "%d seeds, %d failures, %d operations, %.0f simulated s in %.1f s%n",
                last - first + 1,
                failures,
                operations,
                simulatedNs / 1e9,
                seconds);
        return failures;
    }

    /// What a failure is reported as: seed, commit, rule, and how to see it again.
    static String report(Simulation.Result result, String failure) {
        return "seed " + result.seed() + ", commit " + System.getProperty("basalt.commit", "unknown") + ": " + failure
                + System.lineSeparator() + "replay: java " + SimulationMain.class.getName() + " --seed "
                + result.seed();
    }
}
