package io.basalt.simulation;

import io.basalt.simulation.mutant.MutantReport;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/// Runs seeds and prints what they find: `SimulationMain --seeds 1..20000 [--kind retries] [--twice]`, or
/// `--seed 17` with the last events. Ends with 1 if a rule was broken. See `docs/SIMULATION.md`.
public final class SimulationMain {
    /// The production classes say what they do; thousands of simulated clusters would say too much. Kept, because
    /// loggers are forgotten with their levels.
    private static final Logger LOGGER = Logger.getLogger("io.basalt");

    private static final int PROGRESS_SEEDS = 500;

    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    /// A simulated client that does so many is what speed is told for.
    private static final int OPERATIONS_PER_SECOND = 100;

    private long first = 1;
    private long last = 200;
    private boolean isTwice;
    private boolean isShrinking;
    private boolean isVerbose;
    private ScenarioKind kind = ScenarioKind.SWARM;
    private int runs = 1000;

    private @Nullable String mutants;

    private SimulationMain() {}

    /// Let the production classes log no more.
    static void silence() {
        LOGGER.setLevel(Level.OFF);
    }

    /// The program.
    ///
    /// @param arguments see above
    public static void main(String[] arguments) {
        silence();
        final SimulationMain program = new SimulationMain();
        program.read(arguments);
        System.exit(program.run() == 0 ? 0 : 1);
    }

    private void read(String[] arguments) {
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
                case "--kind" -> kind = ScenarioKind.of(arguments[++index]);
                case "--twice" -> isTwice = true;
                case "--shrink" -> isShrinking = true;
                case "--mutants" -> mutants = arguments[++index];
                case "--runs" -> runs = Integer.parseInt(arguments[++index]);
                default ->
                    throw new IllegalArgumentException("unknown argument '" + arguments[index]
                            + "'; give --seeds A..B, --seed N, --kind K, --twice, --shrink, --mutants RULE, --runs N");
            }
        }
    }

    private int run() {
        if (mutants != null) {
            return MutantReport.print(mutants, runs);
        }
        final long began = System.nanoTime();
        final long cpuBegan = THREADS.getCurrentThreadCpuTime();
        final Coverage coverage = new Coverage();
        long operations = 0;
        long simulatedNs = 0;
        int failures = 0;
        for (long seed = first; seed <= last; seed++) {
            final Simulation.Result result = once(seed);
            operations += result.operations();
            coverage.add(result.coverage());
            simulatedNs += result.simulatedNs();
            String failure = result.failure();
            if (failure == null && isTwice && once(seed).traceHash() != result.traceHash()) {
                failure = "two runs differ";
            }
            if (failure != null) {
                failures++;
                System.out.println(report(result, kind, failure));
                if (isShrinking) {
                    shrink(result);
                }
            }
            if (isVerbose) {
                result.lastEvents().forEach(System.out::println);
            }
            final long count = seed - first + 1;
            if (count % PROGRESS_SEEDS == 0 || seed == last) {
                final double tookSeconds = (System.nanoTime() - began) / 1e9;
                final double cpuSeconds = (THREADS.getCurrentThreadCpuTime() - cpuBegan) / 1e9;
                System.out.printf(
                        Locale.ROOT,
                        "%d seeds up to %d, %d failures, %d operations; %.0f simulated s (%.0f operations each) in"
                                + " %.0f s, %.0f of the processor: %.0f times real time, %.0f times for the processor,"
                                + " %.0f times that at %d operations a second%n",
                        count,
                        seed,
                        failures,
                        operations,
                        simulatedNs / 1e9,
                        operations / (simulatedNs / 1e9),
                        tookSeconds,
                        cpuSeconds,
                        simulatedNs / 1e9 / tookSeconds,
                        simulatedNs / 1e9 / cpuSeconds,
                        (double) operations / OPERATIONS_PER_SECOND / cpuSeconds,
                        OPERATIONS_PER_SECOND);
            }
        }
        System.out.println("seen: " + coverage);
        return failures;
    }

    /// Print the fewest faults and operations with which the seed still fails.
    private void shrink(Simulation.Result failed) {
        final Shrinker shrinker = new Shrinker(leftOut ->
                Simulation.run(failed.seed(), kind.emphasis(), leftOut).failure() != null);
        final List<String> needed = shrinker.shrink(failed.plan());
        System.out.println("needed of " + failed.plan().size() + " faults and operations, after " + shrinker.runs()
                + " runs: " + String.join(" ", needed));
        final Set<String> leftOut = new HashSet<>(failed.plan());
        needed.forEach(leftOut::remove);
        Simulation.run(failed.seed(), kind.emphasis(), leftOut).lastEvents().forEach(System.out::println);
    }

    private Simulation.Result once(long seed) {
        return Simulation.run(seed, kind);
    }

    /// What a failure is reported as: seed, commit, rule, and how to see it again.
    static String report(Simulation.Result result, ScenarioKind kind, String failure) {
        return "seed " + result.seed() + ", kind " + kind.label() + ", commit " + Commit.name() + ": " + failure
                + System.lineSeparator()
                + "replay: mvn -o -pl simulation test -Dbasalt.test.excludedGroups= -Dtest=SeedsTest#manySeedsKeepEveryRule"
                + " -Dsurefire.failIfNoSpecifiedTests=false -Dbasalt.simulation.kind=" + kind.label()
                + " -Dbasalt.simulation.seeds=" + result.seed() + ".." + result.seed();
    }
}
