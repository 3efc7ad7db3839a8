package io.basalt.endtoend.cluster;

import io.basalt.cli.bench.Bench;
import io.basalt.cli.bench.BenchResult;
import io.basalt.cli.bench.Workload;
import io.basalt.endtoend.harness.GateProcess;
import io.basalt.endtoend.harness.Watch;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;

/// Reads and writes of a disk that go on while its gate is replaced, every byte of which is checked.
final class UpgradeLoad {
    private static final Duration BOUND = Duration.ofMinutes(5);
    private static final int BLOCK_BYTES = 4096;
    private static final int QUEUE_SIZE = 128;
    private static final long SECOND_NS = 1_000_000_000;
    private static final int END_BOUND_S = 900;
    private static final long WRITES = 100;

    private final GateProcess gate;
    private final String volume;
    private final AtomicBoolean goesOn = new AtomicBoolean(true);
    private final CompletableFuture<BenchResult> result = new CompletableFuture<>();
    private final Bench bench;

    private UpgradeLoad(GateProcess gate, String volume, Path socket, int queues, int depth) {
        this.gate = gate;
        this.volume = volume;
        final Workload workload = new Workload(
                Workload.Pattern.RANDRW,
                BLOCK_BYTES,
                depth,
                1,
                queues,
                QUEUE_SIZE,
                SECOND_NS,
                0,
                true,
                false,
                false,
                true,
                false,
                0,
                1,
                true);
        bench = new Bench(socket, workload, (_, _) -> {}, null)
                .longerWhile(goesOn::get)
                .withInflightRegion();
    }

    /// Begin.
    ///
    /// @param volume whose writes the gate counts
    /// @param socket of the disk
    /// @param depth requests in flight in each queue
    static UpgradeLoad start(GateProcess gate, String volume, Path socket, int queues, int depth) {
        final UpgradeLoad load = new UpgradeLoad(gate, volume, socket, queues, depth);
        // A thread of its own: the common pool has to tell of processes that end.
        Thread.ofPlatform().daemon().name("load").start(load::run);
        return load;
    }

    private void run() {
        try {
            result.complete(bench.run());
        } catch (InterruptedException | RuntimeException | AssertionError failure) {
            result.completeExceptionally(failure);
        }
    }

    /// Wait until the gate has done some writes, which it counts for itself.
    void awaitWrites() throws IOException {
        final long before = gate.rpc().completedWrites(volume);
        Watch.until(
                "writes are done",
                BOUND,
                () -> {
                    if (result.isDone()) {
                        throw new AssertionError("the load has ended: " + result + "\n" + gate.report());
                    }
                    try {
                        return gate.rpc().completedWrites(volume) >= before + WRITES;
                    } catch (IOException failure) {
                        throw new UncheckedIOException(failure);
                    }
                },
                gate::report);
    }

    /// The longest time without an answer since the last such question, in microseconds.
    long takeLongestGapUs() {
        return bench.takeLongestGapNs() / 1_000;
    }

    /// End it.
    ///
    /// @throws AssertionError if a request has failed, or a byte is wrong
    BenchResult end() throws InterruptedException, TimeoutException {
        goesOn.set(false);
        try {
            return result.get(END_BOUND_S, TimeUnit.SECONDS);
        } catch (ExecutionException failure) {
            throw new AssertionError("the load failed\n" + gate.report(), failure.getCause());
        }
    }
}
