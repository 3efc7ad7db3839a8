package io.basalt.endtoend.chaos;

import io.basalt.endtoend.chaos.load.GuestLoad;
import io.basalt.endtoend.chaos.load.HistoryCheck;
import io.basalt.endtoend.chaos.load.LoadShape;
import io.basalt.endtoend.chaos.load.Stalls;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// One run: a cluster is started and loaded, what the plan says is done to it, everything is read back, all copies
/// are compared, and what the guest did and saw is checked.
final class ChaosRun {
    private static final String VOLUME = "chaos";
    private static final Duration CALM_LIMIT = Duration.ofMinutes(2);
    private static final long ANSWER_LIMIT_NS = 120_000_000_000L;
    private static final long QUIET_NS = 2_000_000_000L;
    private static final long MS_NS = 1_000_000L;

    private final Path folder;
    private final ClusterShape cluster;
    private final LoadShape shape;
    private final FaultPlan plan;
    private final long timeNs;
    private final long stallLimitNs;
    private final Consumer<String> told;
    private final Stalls stalls = new Stalls();
    private final List<FaultResult> results = new ArrayList<>();
    private final List<String> complaints = new ArrayList<>();
    private long loadedNs;
    private long wireFaults;

    /// @param folder for everything that is written; made
    /// @param timeNs how long to load at least, in nanoseconds
    /// @param stallLimitNs what no stall may exceed; 0 for no limit
    /// @param told hears how it goes on, a line at a time
    ChaosRun(
            Path folder,
            ClusterShape cluster,
            LoadShape shape,
            FaultPlan plan,
            long timeNs,
            long stallLimitNs,
            Consumer<String> told) {
        this.folder = folder;
        this.cluster = cluster;
        this.shape = shape;
        this.plan = plan;
        this.timeNs = timeNs;
        this.stallLimitNs = stallLimitNs;
        this.told = told;
    }

    /// Run it. What goes wrong with the cluster is part of the result.
    ///
    /// @throws InterruptedException if the thread is interrupted; the processes are then stopped
    ChaosResult run() throws IOException, InterruptedException {
        final Path history = folder.resolve("history.txt");
        GuestLoad.Outcome outcome = null;
        try (ChaosCluster running = ChaosCluster.start(folder, cluster)) {
            outcome = load(running, history);
            wireFaults = running.wireFaults();
            if (outcome != null) {
                compareCopies(running);
            }
        } catch (IOException | RuntimeException failure) {
            complain(failure);
        }
        HistoryCheck.Result checked = null;
        if (Files.exists(history)) {
            told.accept("checking what the guest did and saw");
            checked = HistoryCheck.run(history);
            checked.findings().forEach(each -> complaints.add("not linearizable: " + each));
            if (checked.undecided() > 0) {
                complaints.add(checked.undecided() + " blocks have too many orders to search");
            }
        }
        judge(outcome);
        return new ChaosResult(
                plan,
                results,
                stalls.undisturbed().longestNs(),
                loadedNs,
                outcome,
                checked,
                wireFaults,
                stallLimitNs,
                complaints);
    }

    private void complain(Exception failure) {
        complaints.add(String.valueOf(failure.getMessage() == null ? failure : failure.getMessage()));
    }

    private void judge(GuestLoad.@Nullable Outcome outcome) {
        if (outcome != null) {
            complaints.addAll(outcome.wrongs());
        }
        final boolean refusing = results.stream().anyMatch(each -> each.fault().kind() == FaultKind.DISK_FULL);
        if (outcome != null && outcome.errors() > 0 && !refusing) {
            complaints.add(outcome.errors() + " requests were refused");
        }
        for (final FaultResult each : results) {
            if (stallLimitNs > 0 && Math.max(each.stallNs(), each.returnStallNs()) > stallLimitNs) {
                complaints.add("fault " + each.number() + " (" + each.fault().label() + " "
                        + each.fault().where()
                        + ") stalled requests for " + each.stallNs() / MS_NS + " ms, and for "
                        + each.returnStallNs() / MS_NS + " ms when it was over; the limit is "
                        + stallLimitNs / MS_NS + " ms");
            }
        }
    }

    private GuestLoad.@Nullable Outcome load(ChaosCluster running, Path history)
            throws IOException, InterruptedException {
        running.awaitCalm(CALM_LIMIT);
        final Path socket = running.serveVolume(VOLUME, shape.regionBytes());
        told.accept("the cluster is up; loading its volume through " + socket);
        try (GuestLoad load = new GuestLoad(shape, socket, history, stalls)) {
            load.begin();
            final long beganNs = System.nanoTime();
            final FaultSteps steps = new FaultSteps(running, load, stalls, CALM_LIMIT);
            try {
                Thread.sleep(Duration.ofNanos(QUIET_NS));
                for (final Fault fault : plan.faults()) {
                    Thread.sleep(Duration.ofNanos(fault.pauseNs()));
                    final FaultResult result = steps.run(results.size() + 1, fault);
                    results.add(result);
                    told.accept(line(result));
                }
                final long leftNs = timeNs - (System.nanoTime() - beganNs);
                Thread.sleep(Duration.ofNanos(Math.max(QUIET_NS, leftNs)));
                load.drain(ANSWER_LIMIT_NS);
            } finally {
                loadedNs = System.nanoTime() - beganNs;
            }
            told.accept("reading everything back");
            load.readBack(ANSWER_LIMIT_NS);
            return load.finish();
        }
    }

    private String line(FaultResult result) {
        return result.number() + "/" + plan.faults().size() + "  "
                + result.fault().label() + "  "
                + result.fault().where() + ": stall " + result.stallNs() / MS_NS + " ms, at its end "
                + result.returnStallNs() / MS_NS + " ms, whole " + result.calmNs() / MS_NS + " ms later"
                + (result.note().isEmpty() ? "" : "; " + result.note());
    }

    /// With all processes stopped, as an operator would.
    private void compareCopies(ChaosCluster running) throws IOException {
        told.accept("stopping everything and comparing all copies");
        final List<String> unclean = running.terminateAll();
        if (!unclean.isEmpty()) {
            complaints.add("did not end cleanly: " + String.join(", ", unclean));
        }
        running.compareCopies();
    }
}
