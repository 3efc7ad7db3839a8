package io.basalt.cli.bench;

import io.basalt.linux.event.EventFd;
import io.basalt.linux.process.CpuClock;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// A thread that keeps its queues loaded until it is told to go on to the next phase.
///
/// Concurrency: the phase is set by the thread that runs the bench; everything else belongs to this one until
/// it ends.
final class LoadThread {
    /// What the thread does.
    enum Phase {
        /// Load without counting.
        RAMP,
        /// Load and count.
        COUNT,
        /// Let what is in flight finish; read back what was written if that is asked for; end.
        FINISH,
        /// End at once: nobody answers any more, or nobody wants to know.
        GIVE_UP
    }

    /// Longest that the disk may stay without an answer at the end.
    private static final long DRAIN_LIMIT_NS = 60_000_000_000L;
    /// Longest sleep: the phase may change while nothing is answered.
    private static final int SLEEP_MS = 10;

    private final List<LoadQueue> queues;
    private final @Nullable EventFd call;
    private final Thread thread;
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    private volatile Phase phase = Phase.RAMP;
    private volatile long doneSoFar;
    private final AtomicLong longestGapNs = new AtomicLong();
    private long answeredNs;
    private long done;
    private long cpuNs;
    private long calls;

    /// @param call what the queues' disk signals, to sleep until then; null to poll
    LoadThread(int number, List<LoadQueue> queues, @Nullable EventFd call) {
        this.queues = queues;
        this.call = call;
        this.thread = Thread.ofPlatform().name("bench-" + number).daemon().unstarted(this::run);
    }

    void start() {
        thread.start();
    }

    void phase(Phase next) {
        phase = next;
    }

    /// Requests answered so far. Any thread.
    long doneSoFar() {
        return doneSoFar;
    }

    /// The longest time between two answers since the last such question, in nanoseconds. Any thread.
    long takeLongestGapNs() {
        return longestGapNs.getAndSet(0);
    }

    /// Why the thread ended early, or null. Any thread.
    @Nullable
    Throwable failure() {
        return failure.get();
    }

    /// Whether the thread has not ended yet. Any thread.
    boolean isAlive() {
        return thread.isAlive();
    }

    void join() throws InterruptedException {
        thread.join();
    }

    /// Processor time while counting, in nanoseconds. After [#join()].
    long cpuNs() {
        return cpuNs;
    }

    /// Calls of the disk, those that came while the thread was awake included. After [#join()].
    long calls() {
        return calls;
    }

    private void run() {
        try {
            load();
            drain();
            readBack();
        } catch (RuntimeException | Error stopped) {
            failure.set(stopped);
        }
    }

    private void load() {
        final CpuClock cpu = CpuClock.ofThread();
        while (phase == Phase.RAMP) {
            pass(true);
        }
        queues.forEach(queue -> queue.count(true));
        final long beforeNs = cpu.nowNs();
        while (phase == Phase.COUNT) {
            pass(true);
        }
        cpuNs = cpu.nowNs() - beforeNs;
        queues.forEach(queue -> queue.count(false));
    }

    private void pass(boolean fill) {
        int answered = 0;
        for (int i = 0; i < queues.size(); i++) {
            answered += queues.get(i).pass(fill);
        }
        if (answered == 0) {
            rest();
        } else {
            done += answered;
            doneSoFar = done;
            noteGap(System.nanoTime());
        }
    }

    private void noteGap(long nowNs) {
        if (answeredNs != 0 && nowNs - answeredNs > longestGapNs.get()) {
            longestGapNs.set(nowNs - answeredNs);
        }
        answeredNs = nowNs;
    }

    /// Nothing is answered: poll on, or sleep until the disk calls for any of the queues.
    private void rest() {
        if (call == null) {
            Thread.onSpinWait();
            return;
        }
        boolean empty = true;
        for (int i = 0; i < queues.size(); i++) {
            empty &= queues.get(i).enableCalls();
        }
        if (empty) {
            call.await(SLEEP_MS);
        }
        calls += call.drain();
        for (int i = 0; i < queues.size(); i++) {
            queues.get(i).disableCalls();
        }
    }

    private void drain() {
        for (final LoadQueue queue : queues) {
            final Patience patience = new Patience(queue);
            while (queue.inFlight() > 0 && phase == Phase.FINISH) {
                if (queue.pass(false) == 0) {
                    rest();
                }
                patience.check();
            }
        }
    }

    private void readBack() {
        for (final LoadQueue queue : queues) {
            final Patience patience = new Patience(queue);
            while (phase == Phase.FINISH && queue.readBack()) {
                Thread.onSpinWait();
                patience.check();
            }
        }
    }

    /// A queue's answers, waited for as long as they go on coming.
    private static final class Patience {
        private final LoadQueue queue;
        private long done;
        private long endNs;

        Patience(LoadQueue queue) {
            this.queue = queue;
            renew();
        }

        private void renew() {
            done = queue.done();
            endNs = System.nanoTime() + DRAIN_LIMIT_NS;
        }

        void check() {
            if (queue.done() != done) {
                renew();
            } else if (System.nanoTime() - endNs >= 0) {
                throw new IllegalStateException("queue " + queue.index() + ": " + queue.inFlight()
                        + " requests were not answered within " + DRAIN_LIMIT_NS / 1_000_000_000L + " s");
            }
        }
    }
}
