package io.basalt.endtoend.fuzz;

import io.basalt.cli.bench.Bench;
import io.basalt.cli.bench.BenchResult;
import io.basalt.cli.bench.Workload;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// A well-behaved front end on a disk of its own that writes, reads and verifies all along: what a neighbour of the
/// attackers sees.
final class Witness {
    /// Longest the neighbour may see no request answered, and longest it may take to begin and to end.
    static final Duration STALL_BOUND = Duration.ofMinutes(1);

    private static final Duration END_BOUND = Duration.ofMinutes(5);

    private final CompletableFuture<BenchResult> result = new CompletableFuture<>();
    private volatile long lastAnswerNs = System.nanoTime();

    private Witness() {}

    /// Begins to load a disk.
    ///
    /// @param packed packed rings
    static Witness start(Path socket, Duration time, boolean packed, long seed) {
        final Witness witness = new Witness();
        final Workload workload = new Workload(
                Workload.Pattern.RANDRW,
                4096,
                4,
                1,
                2,
                64,
                time.toNanos(),
                0,
                true,
                packed,
                true,
                true,
                false,
                4 << 20,
                seed,
                false);
        Thread.ofPlatform().daemon().name("witness").start(() -> witness.run(socket, workload));
        return witness;
    }

    private void run(Path socket, Workload workload) {
        try {
            result.complete(new Bench(socket, workload, this::second, () -> 0).run());
        } catch (RuntimeException | InterruptedException failure) {
            result.completeExceptionally(failure);
        }
    }

    private void second(int second, double iops) {
        if (iops > 0) {
            lastAnswerNs = System.nanoTime();
        }
    }

    /// Throws if the witness has failed or stands still.
    void check() {
        if (result.isCompletedExceptionally()) {
            join();
        }
        final long silentNs = System.nanoTime() - lastAnswerNs;
        if (!result.isDone() && silentNs > STALL_BOUND.toNanos()) {
            throw new AssertionError(
                    "the witness's requests have not been answered for " + silentNs / 1_000_000 + " ms");
        }
    }

    /// Waits for its end.
    ///
    /// @return requests that were answered
    /// @throws AssertionError if one was not, or not rightly
    long join() {
        try {
            return result.get(END_BOUND.toSeconds(), TimeUnit.SECONDS).requests();
        } catch (ExecutionException failure) {
            throw new AssertionError("the witness failed: " + failure.getMessage(), failure.getCause());
        } catch (TimeoutException stalled) {
            throw new AssertionError("the witness does not end within " + END_BOUND, stalled);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted while the witness worked", e);
        }
    }
}
