package io.basalt.gate.rehearsal;

import io.basalt.gate.cluster.PracticeCluster;
import io.basalt.gate.handover.Handover;
import io.basalt.gate.handover.HandoverChannel;
import io.basalt.gate.handover.HandoverMessage.DiskImage;
import io.basalt.gate.handover.HandoverMessage.DiskState;
import io.basalt.gate.handover.HandoverMessage.Prepare;
import io.basalt.gate.handover.HandoverMessage.SameFront;
import io.basalt.gate.handover.HandoverResult;
import io.basalt.gate.handover.HandoverTimes;
import io.basalt.gate.handover.Takeover;
import io.basalt.gate.volume.VolumeFactory;
import io.basalt.linux.LinuxException;
import io.basalt.linux.socket.UnixSocket;
import io.basalt.store.NullVolume;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Hand-overs of a practice disk from this process to itself, through the same sockets, sessions and rings
/// as those of guests, with requests in between.
///
/// The first hand-over of a process costs many times what a later one costs: classes are loaded, call
/// sites linked, code is interpreted. Both gates rehearse on reactors of their own, the old one while it
/// serves.
public final class Rehearsal implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(Rehearsal.class.getName());
    private static final AtomicBoolean DONE = new AtomicBoolean();

    /// Each takes a millisecond or two, once it runs fast.
    private static final int HANDOVERS = 80;
    private static final int ASKED_BETWEEN = 4;
    private static final long TIME_MAX_NS = 4_000_000_000L;
    /// Of both, the part of the ring layout that fewer guests use.
    private static final int PACKED_SHARE = 4;
    private static final long MS_NS = 1_000_000;
    private static final long US_NS = 1_000;
    private static final int STEP_LIMIT_S = 10;

    private final PracticeThreads threads;
    private final @Nullable PracticeCluster cluster;
    private final PracticeGuest guest;
    private PracticeGate gate;
    private int generation = 1;
    private long firstPauseNs;
    private long lastPauseNs;

    private Rehearsal(PracticeThreads threads, @Nullable PracticeCluster cluster, boolean packed) {
        this.threads = threads;
        this.cluster = cluster;
        guest = new PracticeGuest(packed, PracticeCluster.VOLUME_BYTES / PracticeCluster.BLOCK_BYTES);
        gate = gate();
    }

    /// Rehearse, if this process has not done so; returns when that is over. Any thread but a reactor's.
    ///
    /// @param clustered whether disks are volumes of a cluster
    public static void once(boolean clustered) {
        if (DONE.compareAndSet(false, true)) {
            try {
                run(clustered, HANDOVERS, TIME_MAX_NS);
            } catch (IllegalStateException | LinuxException failure) {
                LOG.log(Level.WARNING, "no rehearsal, so disks may stand still for longer: {0}", failure.getMessage());
            }
        }
    }

    /// Rehearse.
    ///
    /// @param handovers with split rings, and fewer with packed ones
    /// @param timeNs after which there are no more; at least one of each kind in any case
    /// @return how many there were
    static int run(boolean clustered, int handovers, long timeNs) {
        try (PracticeThreads threads = PracticeThreads.start(clustered)) {
            return run(threads, true, handovers / PACKED_SHARE, timeNs / PACKED_SHARE)
                    + run(threads, false, handovers, timeNs);
        }
    }

    private static int run(PracticeThreads threads, boolean packed, int handovers, long timeNs) {
        final long startNs = System.nanoTime();
        try (Rehearsal rehearsal = new Rehearsal(threads, threads.cluster(), packed)) {
            rehearsal.begin();
            final int count = rehearsal.run(handovers, startNs + timeNs);
            LOG.log(
                    Level.INFO,
                    "rehearsed {0} hand-overs in {1} ms; the disk stood still for {2} us in the first, {3} in the last",
                    count,
                    (System.nanoTime() - startNs) / MS_NS,
                    rehearsal.firstPauseNs / US_NS,
                    rehearsal.lastPauseNs / US_NS);
            return count;
        }
    }

    private PracticeGate gate() {
        final PracticeCluster known = cluster;
        final VolumeFactory factory = known == null
                ? (spec, _) -> new NullVolume(spec.name(), PracticeCluster.VOLUME_BYTES, PracticeCluster.BLOCK_BYTES)
                : (spec, _) -> known.open(spec.name(), threads.control());
        return new PracticeGate(threads.control(), threads.data(), factory, known, generation++);
    }

    /// Have the first gate take a disk over that no gate before has had.
    private void begin() {
        final DiskImage image = new DiskImage(PracticeGate.DISK, -1, guest.connection(), guest.image());
        final DiskState state = new DiskState(PracticeGate.DISK, true, new SameFront(guest.bases()));
        final Prepare everything = new Prepare("{}", -1, -1, List.of(), List.of(image));
        await(answer -> gate.prepare(everything, answer));
        await(answer -> gate.take(List.of(state), null, answer));
        await(answer -> {
            gate.begin();
            answer.accept(null);
        });
    }

    /// @return how many there was time for
    private int run(int count, long endNs) {
        int done = 0;
        do {
            for (int i = 0; i < ASKED_BETWEEN; i++) {
                guest.ask();
            }
            handOver();
            done++;
        } while (done < count && System.nanoTime() - endNs < 0);
        return done;
    }

    private void handOver() {
        final PracticeGate old = gate;
        final PracticeGate next = gate();
        final CompletableFuture<String> taken = new CompletableFuture<>();
        final CompletableFuture<HandoverResult> given = new CompletableFuture<>();
        threads.control().post(() -> {
            final UnixSocket.Pair pair = UnixSocket.pair();
            final Handover handover = new Handover(threads.control(), old, HandoverTimes.DEFAULT, given::complete);
            handover.connected(new HandoverChannel(threads.control(), pair.left(), handover.listener()));
            handover.started(Runnable::run);
            final Takeover takeover = new Takeover(next, taken::complete);
            takeover.greet(new HandoverChannel(threads.control(), pair.right(), takeover.listener()), "", 0);
        });
        final HandoverResult result = join(given);
        final String refusal = join(taken);
        if (!result.done() || !refusal.isEmpty()) {
            throw new IllegalStateException(result.reason() + refusal);
        }
        gate = next;
        lastPauseNs = result.pauses().getLast().ns();
        firstPauseNs = firstPauseNs == 0 ? lastPauseNs : firstPauseNs;
        await(answer -> old.close(() -> answer.accept(null)));
    }

    /// Run something on the control reactor and wait until it answers null, or why it cannot be.
    private void await(Consumer<Consumer<@Nullable String>> work) {
        final CompletableFuture<String> answer = new CompletableFuture<>();
        threads.control().post(() -> {
            try {
                work.accept(refusal -> answer.complete(refusal == null ? "" : refusal));
            } catch (RuntimeException failure) {
                answer.completeExceptionally(failure);
            }
        });
        final String refusal = join(answer);
        if (!refusal.isEmpty()) {
            throw new IllegalStateException(refusal);
        }
    }

    private static <T> T join(CompletableFuture<T> future) {
        try {
            return future.get(STEP_LIMIT_S, TimeUnit.SECONDS);
        } catch (ExecutionException failure) {
            throw new IllegalStateException(failure.getCause());
        } catch (TimeoutException late) {
            throw new IllegalStateException("a step did not end within " + STEP_LIMIT_S + " s", late);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", interrupted);
        }
    }

    @Override
    public void close() {
        await(answer -> gate.close(() -> answer.accept(null)));
        guest.close();
    }
}
