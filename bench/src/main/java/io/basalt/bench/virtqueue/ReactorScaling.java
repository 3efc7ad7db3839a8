package io.basalt.bench.virtqueue;

import io.basalt.bench.Arguments;
import io.basalt.bench.Facts;
import io.basalt.bench.Median;
import io.basalt.block.Volume;
import io.basalt.linux.process.CpuAffinity;
import io.basalt.linux.process.CpuClock;
import io.basalt.virtio.blk.BlkQueueCounters.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import tools.jackson.databind.node.ObjectNode;

/// What a second queue on a second reactor adds: two threads, each with a reactor, a queue and a channel of its own
/// to the *same* volume, against one; in turns, in one process, with a driver that costs next to nothing.
///
/// ```
/// ReactorScaling [--rounds 5] [--time-ms 700] [--results FILE]
/// ```
///
/// The threads share the volume alone, so what is lost is lost in the volume, the processor or its memory.
/// `control` is a loop of arithmetic on the same processors: what they can scale at all.
public final class ReactorScaling {
    private static final int BATCH = 32;
    private static final int PASSES = 256;
    private static final long WARM_UP_MS = 3000;
    private static final long MS_NS = 1_000_000;
    private static final long MULTIPLIER = 0x9E3779B97F4A7C15L;
    private static final int ARITHMETIC = 100_000;

    /// What a thread does, again and again.
    interface Work extends AutoCloseable {
        void run();

        /// How much of it was done so far.
        long done();

        @Override
        void close();
    }

    /// @param done amount
    /// @param elapsedNs time it took
    /// @param cpuNs processor time of the thread
    private record Share(long done, long elapsedNs, long cpuNs) {}

    private ReactorScaling() {}

    public static void main(String[] words) throws InterruptedException, ExecutionException, IOException {
        final Arguments arguments = new Arguments(words);
        final int rounds = arguments.count("--rounds", 5);
        final long runNs = arguments.count("--time-ms", 700) * MS_NS;
        final ObjectNode root = Facts.now();
        System.out.println("| work | one reactor, per s | two reactors, per s | scaling | CPU per I/O: two / one |");
        System.out.println("|---|---|---|---|---|");
        try (ExecutorService threads = Executors.newFixedThreadPool(2)) {
            for (final String work : List.of("control", "null", "ram")) {
                compare(threads, work, rounds, runNs, root);
            }
        }
        final String results = arguments.word("--results", "");
        if (!results.isEmpty()) {
            Files.writeString(Path.of(results), root.toPrettyString() + "\n");
        }
    }

    private static void compare(ExecutorService threads, String work, int rounds, long runNs, ObjectNode root)
            throws InterruptedException, ExecutionException {
        final List<Double> one = new ArrayList<>();
        final List<Double> two = new ArrayList<>();
        final List<Double> cpu = new ArrayList<>();
        run(threads, work, 2, WARM_UP_MS * MS_NS);
        for (int round = 0; round < rounds; round++) {
            final List<Share> single = run(threads, work, 1, runNs);
            final List<Share> both = run(threads, work, 2, runNs);
            one.add(rate(single));
            two.add(rate(both));
            cpu.add(cpuPerDone(both) / cpuPerDone(single));
        }
        System.out.printf(
                Locale.ROOT,
                "| %s | %.0f | %.0f | %.2f | %.2f |%n",
                work,
                Median.of(one),
                Median.of(two),
                Median.of(two) / Median.of(one),
                Median.of(cpu));
        final ObjectNode cell = root.putObject(work);
        one.forEach(cell.putArray("one_per_s")::add);
        two.forEach(cell.putArray("two_per_s")::add);
        cpu.forEach(cell.putArray("cpu_ratio")::add);
    }

    private static List<Share> run(ExecutorService threads, String work, int count, long runNs)
            throws InterruptedException, ExecutionException {
        final CyclicBarrier start = new CyclicBarrier(count);
        final List<Future<Share>> running = new ArrayList<>();
        final List<Share> shares = new ArrayList<>();
        try (Volume volume = volumeKind(work).open(Path.of(""))) {
            for (int i = 0; i < count; i++) {
                final int cpu = i;
                running.add(threads.submit(() -> {
                    CpuAffinity.pin(cpu);
                    try (Work own = open(work, volume)) {
                        start.await();
                        return runFor(own, runNs);
                    }
                }));
            }
            for (final Future<Share> share : running) {
                shares.add(share.get());
            }
        }
        return shares;
    }

    private static VolumeKind volumeKind(String work) {
        return work.equals("ram") ? VolumeKind.RAM : VolumeKind.NULL;
    }

    private static Work open(String work, Volume volume) {
        return work.equals("control") ? new Arithmetic() : new Requests(RequestPath.on(RingKind.SPLIT, volume));
    }

    private static Share runFor(Work work, long runNs) {
        final CpuClock clock = CpuClock.ofThread();
        final long before = work.done();
        final long cpuBefore = clock.nowNs();
        final long startNs = System.nanoTime();
        long now = startNs;
        while (now - startNs < runNs) {
            work.run();
            now = System.nanoTime();
        }
        return new Share(work.done() - before, now - startNs, clock.nowNs() - cpuBefore);
    }

    private static double rate(List<Share> shares) {
        return shares.stream()
                .mapToDouble(share -> share.done() * 1e9 / share.elapsedNs())
                .sum();
    }

    private static double cpuPerDone(List<Share> shares) {
        return shares.stream().mapToDouble(Share::cpuNs).sum()
                / shares.stream().mapToDouble(Share::done).sum();
    }

    private static final class Requests implements Work {
        private final RequestPath path;

        Requests(RequestPath path) {
            this.path = path;
        }

        @Override
        public void run() {
            for (int pass = 0; pass < PASSES; pass++) {
                path.passUntilAnswered(BATCH);
            }
        }

        @Override
        public long done() {
            return path.queue().counters().operations(Kind.READ);
        }

        @Override
        public void close() {
            path.close();
        }
    }

    /// Arithmetic whose result somebody could read: the compiler may not leave it out.
    static final class Arithmetic implements Work {
        volatile long result;
        private long done;

        @Override
        public void run() {
            long value = done;
            for (int i = 0; i < ARITHMETIC; i++) {
                value = value * MULTIPLIER + i;
            }
            result = value;
            done++;
        }

        @Override
        public long done() {
            return done;
        }

        @Override
        public void close() {}
    }
}
