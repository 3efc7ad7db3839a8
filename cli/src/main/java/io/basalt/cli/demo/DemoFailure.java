package io.basalt.cli.demo;

import io.basalt.cli.bench.Bench;
import io.basalt.cli.bench.BenchResult;
import io.basalt.cli.cluster.StatusReport;
import io.basalt.cli.output.Texts;
import io.basalt.cli.rest.RestClient;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import tools.jackson.databind.JsonNode;

/// The part of a demo in which a chunk server is killed under load and comes back: what the load noticed, what the
/// cluster was short of, and when it was whole again.
final class DemoFailure {
    /// At least; the load goes on until everything is whole again.
    private static final long LOAD_NS = 8_000_000_000L;

    private static final long BEFORE_NS = 2_000_000_000L;
    private static final long ABSENT_NS = 3_000_000_000L;
    private static final long WHOLE_LIMIT_NS = 25_000_000_000L;
    private static final long STEP_NS = 50_000_000;
    private static final double SECOND_NS = 1e9;

    private final DemoScreen screen;
    private final RestClient client;
    private final DemoChunkServer victim;
    private final AtomicBoolean over = new AtomicBoolean();
    private final AtomicInteger busySeconds = new AtomicInteger();
    private volatile double rate;
    private long degraded;

    DemoFailure(DemoScreen screen, RestClient client, DemoChunkServer victim) {
        this.screen = screen;
        this.client = client;
        this.victim = victim;
    }

    /// Show it.
    ///
    /// @param socket of the disk
    /// @param region bytes of the disk to load, from its start
    /// @param name of the chunk server, for people
    void run(Path socket, long region, String name) throws IOException, InterruptedException {
        screen.heading("Killing a chunk server under the same load");
        final CompletableFuture<BenchResult> load = load(socket, region);
        try {
            killAndReturn(name, load);
        } finally {
            over.set(true);
        }
    }

    private void killAndReturn(String name, CompletableFuture<BenchResult> load)
            throws IOException, InterruptedException {
        Thread.sleep(Duration.ofNanos(BEFORE_NS));
        victim.kill();
        screen.fact("killed", name + ", by kill -9; it had a copy of everything");
        watch(ABSENT_NS);
        screen.fact("degraded", degraded());
        victim.startAgain();
        victim.awaitReady();
        final long backNs = System.nanoTime();
        screen.fact("returned", "started again " + seconds(ABSENT_NS) + " later; it fetches what it has missed");
        final boolean whole = awaitWhole(backNs);
        final long wholeNs = System.nanoTime();
        awaitAnswers();
        over.set(true);
        screen.fact(
                "repaired",
                whole
                        ? "all copies are the same again, " + seconds(wholeNs - backNs) + " after it was back"
                        : "not within " + seconds(WHOLE_LIMIT_NS) + "; it goes on, see: basalt health");
        noticed(finished(load));
        final String health = StatusReport.health(client.get("/v1/status"));
        if (whole) {
            screen.fact("all clear", screen.style().good(health));
        }
    }

    private CompletableFuture<BenchResult> load(Path socket, long region) {
        final Bench bench = new Bench(socket, DemoScreen.workload(LOAD_NS, region), (_, iops) -> second(iops), () -> 0)
                .longerWhile(() -> !over.get());
        final CompletableFuture<BenchResult> result = new CompletableFuture<>();
        Thread.ofPlatform().name("demo-load").daemon().start(() -> {
            try {
                result.complete(bench.run());
            } catch (InterruptedException | RuntimeException failure) {
                result.completeExceptionally(failure);
            }
        });
        return result;
    }

    /// In the thread of the load.
    private void second(double iops) {
        rate = iops;
        if (iops > 0) {
            busySeconds.incrementAndGet();
        }
    }

    /// Have the load go on until it is certain that requests are answered, those that waited too.
    private void awaitAnswers() {
        final long beganNs = System.nanoTime();
        final int before = busySeconds.get();
        while (busySeconds.get() < before + 2 && System.nanoTime() - beganNs < WHOLE_LIMIT_NS) {
            LockSupport.parkNanos(STEP_NS);
        }
    }

    private static BenchResult finished(CompletableFuture<BenchResult> load) {
        try {
            return load.join();
        } catch (CompletionException failure) {
            throw new IllegalStateException("the load did not survive: " + failure.getMessage(), failure);
        }
    }

    /// See how the placement groups are, for some time.
    private void watch(long ns) {
        final long beganNs = System.nanoTime();
        while (System.nanoTime() - beganNs < ns) {
            final JsonNode pgs = client.get("/v1/status").path("pgs");
            degraded = Math.max(degraded, Texts.bytes(pgs, "degraded"));
            LockSupport.parkNanos(STEP_NS);
        }
    }

    private boolean awaitWhole(long backNs) {
        while (System.nanoTime() - backNs < WHOLE_LIMIT_NS) {
            if (ClusterDemo.ready(client)) {
                return true;
            }
            LockSupport.parkNanos(STEP_NS);
        }
        return false;
    }

    private String degraded() {
        if (degraded == 0 || rate == 0) {
            return "requests that need its copies wait for it";
        }
        return Texts.count(degraded, "placement group") + " with two copies instead of three; work goes on with those, "
                + String.format(Locale.ROOT, "%,.0f requests a second", rate);
    }

    private void noticed(BenchResult result) {
        screen.fact(
                "stall",
                "the longest request took " + seconds(result.all().getMaxValue()) + ", the median "
                        + String.format(Locale.ROOT, "%,.0f us", result.all().getValueAtPercentile(50) / 1e3)
                        + String.format(Locale.ROOT, ", of %,d", result.requests()));
        screen.fact("verified", "No request failed. All blocks that were read held what was written last.");
    }

    private static String seconds(long ns) {
        return String.format(Locale.ROOT, "%.1f s", ns / SECOND_NS);
    }
}
