package io.basalt.endtoend.chaos;

import io.basalt.endtoend.chaos.load.DiskFiller;
import io.basalt.endtoend.chaos.load.GuestLoad;
import io.basalt.endtoend.chaos.load.Stalls;
import io.basalt.endtoend.chaos.load.Stalls.Window;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;

/// How each kind of fault is done and taken back.
final class FaultSteps {
    /// What a chunk server says of a device that it cannot open.
    private static final String WITHOUT_DEVICE = "goes on without a device";

    private static final long DELAY_NS = 20_000_000;
    private static final String FILLER = "filler";
    private static final long FILLER_BYTES = 4L << 30;
    private static final long FILLER_WAIT_NS = 5_000_000_000L;
    private static final long SHARD_BYTES = 1 << 20;
    private static final long SCRUB_LIMIT_NS = 300_000_000_000L;
    private static final long SCRUB_STEP_NS = 200_000_000;
    /// The one that is under way may have passed what is repaired meanwhile.
    private static final int SCRUB_WALKS = 1;

    private final ChaosCluster cluster;
    private final GuestLoad load;
    private final Stalls stalls;
    private final Duration calmLimit;

    /// @param calmLimit how long the cluster may need after each fault
    FaultSteps(ChaosCluster cluster, GuestLoad load, Stalls stalls, Duration calmLimit) {
        this.cluster = cluster;
        this.load = load;
        this.stalls = stalls;
        this.calmLimit = calmLimit;
    }

    /// Do it, take it back, and wait until the cluster is whole.
    ///
    /// @throws IOException if it does not become whole, or a process has ended by itself
    FaultResult run(int number, Fault fault) throws IOException, InterruptedException {
        load.forgetChanges();
        final Window during = stalls.begin(true);
        final String done = begin(fault);
        Thread.sleep(Duration.ofNanos(fault.holdNs()));
        final long changedBytes = load.changedBytes();
        final long movedBefore = fault.kind() == FaultKind.ABSENCE ? movedBytes(fault.target()) : 0;
        final String ended = end(fault);
        final Window after = stalls.begin(false);
        final long calmNs = cluster.awaitCalm(calmLimit);
        // What the fault holds up belongs to it, not to the next one.
        load.awaitAnswers(calmLimit.toNanos());
        final String note = switch (fault.kind()) {
            case BIT_FLIPS -> done + ended + "; " + readAndScrub(fault.target());
            // What is filled anew is compared with the other copies in the end.
            case LOG_FLIPS -> done + ended;
            case ABSENCE -> moved(changedBytes, load.changedBytes(), movedBytes(fault.target()) - movedBefore);
            default -> done;
        };
        return new FaultResult(number, fault, during, after, calmNs, note);
    }

    /// @return what is to be said of it, often nothing
    private String begin(Fault fault) throws IOException {
        switch (fault.kind()) {
            case KILL, META_KILL, ABSENCE -> cluster.daemon(fault.target()).kill();
            case STOP -> cluster.daemon(fault.target()).signal("STOP");
            case POWER_CUT -> {
                cluster.killAll();
                load.cut();
            }
            case WIRE -> cluster.proxy(fault.target()).inject(fault.from(), fault.wire(), DELAY_NS);
            case DISK_FULL -> {
                return fill();
            }
            case BIT_FLIPS, LOG_FLIPS -> {
                return flip(fault);
            }
        }
        return "";
    }

    /// @return what is to be said of it, often nothing
    private String end(Fault fault) throws IOException {
        switch (fault.kind()) {
            case KILL, META_KILL, ABSENCE -> startAgain(fault.target());
            case BIT_FLIPS, LOG_FLIPS -> {
                return startDamaged(fault.target());
            }
            case STOP -> cluster.daemon(fault.target()).signal("CONT");
            case POWER_CUT -> {
                cluster.startAll();
                load.begin();
            }
            case WIRE -> cluster.proxy(fault.target()).heal();
            case DISK_FULL -> cluster.removeVolume(FILLER);
        }
        return "";
    }

    private void startAgain(String name) throws IOException {
        final DaemonProcess daemon = cluster.daemon(name);
        daemon.start();
        daemon.awaitReady();
    }

    /// A chunk server whose device has lost part of its log goes on without that device, and says what to do. Does it.
    private String startDamaged(String name) throws IOException {
        startAgain(name);
        if (!cluster.daemon(name).output().contains(WITHOUT_DEVICE)) {
            return "";
        }
        cluster.daemon(name).kill();
        cluster.emptyDevice(name);
        startAgain(name);
        return "; refused for a lost block of its log, formatted with --again and filled from the others";
    }

    /// Bytes that the chunk servers but one have given to others because those had missed them.
    private long movedBytes(String without) throws IOException {
        long sum = 0;
        for (final String name : cluster.chunkServers()) {
            if (!name.equals(without)) {
                sum += cluster.metrics(name).sum("basalt_chunk_events_total", "event=\"reconciled_bytes\"");
            }
        }
        return sum;
    }

    /// @param changedBytes in blocks that changed while it was away
    /// @param untilWholeBytes the same and in those that changed until it was whole
    private static String moved(long changedBytes, long untilWholeBytes, long movedBytes) {
        return String.format(
                Locale.ROOT,
                "%,d bytes in blocks that changed meanwhile (%,d until it was whole), %,d moved: %.2f times as much",
                changedBytes,
                untilWholeBytes,
                movedBytes,
                changedBytes == 0 ? 0 : (double) movedBytes / changedBytes);
    }

    /// Read everything through the gate, then wait, without a load, which scrubbing gives way to, until the damaged
    /// device has read all of itself and has nothing left to repair.
    private String readAndScrub(String damaged) throws IOException, InterruptedException {
        load.drain(calmLimit.toNanos());
        load.readBack(calmLimit.toNanos());
        final MetricsClient figures = cluster.metrics(damaged);
        final long endNs = System.nanoTime() + SCRUB_LIMIT_NS;
        final long walks = figures.sum("basalt_chunk_scrub_walks_total", "");
        while (figures.sum("basalt_chunk_scrub_walks_total", "") < walks + SCRUB_WALKS
                || figures.sum("basalt_chunk_repairs_waiting", "") > 0) {
            if (System.nanoTime() > endNs) {
                throw new IOException("the device of " + damaged + " is not scrubbed and repaired within "
                        + SCRUB_LIMIT_NS / 1_000_000_000L + " s");
            }
            Thread.sleep(Duration.ofNanos(SCRUB_STEP_NS));
        }
        load.resume();
        return String.format(
                Locale.ROOT,
                "%,d blocks found corrupt, %,d repaired, %,d not repairable",
                figures.sum("basalt_chunk_corrupt_found_total", ""),
                figures.sum("basalt_chunk_corrupt_repaired_total", ""),
                figures.sum("basalt_chunk_corrupt_unrepairable_total", ""));
    }

    private String fill() throws IOException {
        final Path socket = cluster.serveVolume(FILLER, FILLER_BYTES);
        try (DiskFiller filler = new DiskFiller(socket)) {
            return filler.fill(SHARD_BYTES, FILLER_WAIT_NS);
        }
    }

    private String flip(Fault fault) throws IOException {
        cluster.daemon(fault.target()).kill();
        final String dump = cluster.dump(fault.target());
        return BitFlips.flip(
                cluster.device(fault.target()),
                dump,
                fault.kind() == FaultKind.LOG_FLIPS,
                fault.amount(),
                fault.pauseNs());
    }
}
