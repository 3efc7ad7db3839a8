package io.basalt.endtoend.chaos.load;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// Load on a disk from a thread of its own: reads, writes and discards of single blocks at random, some of them of a
/// few hot blocks and at the same time, each written block stamped, each answer written down.
///
/// Concurrency: everything belongs to the load's thread; others have it do things by [#ask].
public final class GuestLoad implements AutoCloseable {
    private static final int HOT_BLOCKS = 32;
    private static final int HOT_PERCENT = 20;
    private static final int PERCENT = 100;
    private static final long ASK_LIMIT_NS = 120_000_000_000L;
    private static final long IDLE_MS = 20;
    private static final long STEP_NS = 1_000_000;
    private static final int WRONGS_KEPT = 10;

    private final LoadShape shape;
    private final Path socket;
    private final Stalls stalls;
    private final HistoryWriter history;
    private final SplittableRandom random;
    private final Thread thread;
    private final BlockingQueue<Asked> mailbox = new LinkedBlockingQueue<>();
    private final BitSet touched = new BitSet();
    private final BitSet changed = new BitSet();
    private final List<String> wrongs = new ArrayList<>();

    private final RequestKind[] kinds;
    private final int[] blocks;
    private final long[] stamps;
    private final long[] beganEvents;
    private final long[] beganNs;
    private final int[] idle;
    private final long[] seen;
    private int idleCount;

    private @Nullable GuestDisk disk;
    private boolean loading;
    private boolean ended;
    private boolean outage;
    private int readBack = -1;
    private long events;
    private long lastStamp;
    private long lastAnswerNs;
    private long errors;
    private long lost;
    private volatile @Nullable Throwable failure;

    private record Asked(BooleanSupplier step, CompletableFuture<Boolean> done) {}

    /// What a load came to.
    ///
    /// @param requests that were answered or given up
    /// @param errors requests that the disk refused
    /// @param lost requests whose answer nobody heard
    /// @param touched blocks that were written or discarded
    /// @param wrongs sectors that hold what no write leaves, in words; the first few
    public record Outcome(long requests, long errors, long lost, int touched, List<String> wrongs) {}

    /// @param socket of the disk
    /// @param history file that is made
    public GuestLoad(LoadShape shape, Path socket, Path history, Stalls stalls) throws IOException {
        this.shape = shape;
        this.socket = socket;
        this.stalls = stalls;
        this.history = new HistoryWriter(history, shape.blockBytes());
        random = new SplittableRandom(shape.seed());
        kinds = new RequestKind[shape.depth()];
        blocks = new int[shape.depth()];
        stamps = new long[shape.depth()];
        beganEvents = new long[shape.depth()];
        beganNs = new long[shape.depth()];
        idle = new int[shape.depth()];
        seen = new long[shape.sectors()];
        Arrays.fill(kinds, RequestKind.READ);
        allIdle();
        thread = Thread.ofPlatform().name("chaos-load").daemon().start(this::run);
    }

    // ---- from other threads

    /// Connect to the disk and keep it loaded.
    public void begin() {
        ask(() -> {
            final GuestDisk connected = GuestDisk.connect(socket, shape.depth(), shape.blockBytes());
            if (connected.capacityBytes() < shape.regionBytes()) {
                connected.close();
                throw new IllegalStateException("the disk is smaller than the region that is to be loaded");
            }
            disk = connected;
            loading = true;
            lastAnswerNs = lastAnswerNs == 0 ? System.nanoTime() : lastAnswerNs;
            return true;
        });
    }

    /// The process that serves the disk has died: take the answers that it left, and give up the rest. What was
    /// under way may have been done or not, but cannot be done later than a next [#begin].
    public void cut() {
        ask(() -> {
            final GuestDisk dead = disk;
            if (dead == null) {
                return true;
            }
            takeAnswers(dead);
            underWay().stream().forEach(slot -> giveUp(slot, ++events));
            allIdle();
            dead.close();
            disk = null;
            // A guest's requests would wait for the disk to come back.
            outage = true;
            return true;
        });
    }

    /// Wait until all requests that are under way now are answered.
    ///
    /// @throws IllegalStateException if they are not within a time
    public void awaitAnswers(long limitNs) {
        final long endNs = System.nanoTime() + limitNs;
        final CompletableFuture<Long> mark = new CompletableFuture<>();
        ask(() -> mark.complete(events));
        while (!ask(() -> oldestUnderWay() > mark.join())) {
            if (System.nanoTime() - endNs > 0) {
                throw hangs(limitNs);
            }
            pause();
        }
    }

    private long oldestUnderWay() {
        long oldest = Long.MAX_VALUE;
        final BitSet underWay = underWay();
        for (int slot = underWay.nextSetBit(0); slot >= 0; slot = underWay.nextSetBit(slot + 1)) {
            oldest = Math.min(oldest, beganEvents[slot]);
        }
        return oldest;
    }

    private BitSet underWay() {
        final BitSet slots = new BitSet();
        slots.set(0, shape.depth());
        for (int i = 0; i < idleCount; i++) {
            slots.clear(idle[i]);
        }
        return slots;
    }

    private static IllegalStateException hangs(long limitNs) {
        return new IllegalStateException("the guest's requests are not answered within "
                + TimeUnit.NANOSECONDS.toSeconds(limitNs) + " s; the disk hangs");
    }

    /// Begin no more requests; returns when all are answered.
    ///
    /// @throws IllegalStateException if they are not within a time
    public void drain(long limitNs) {
        final long endNs = System.nanoTime() + limitNs;
        ask(() -> {
            loading = false;
            return true;
        });
        while (!ask(() -> idleCount == shape.depth() && readBack < 0)) {
            if (System.nanoTime() - endNs > 0) {
                throw hangs(limitNs);
            }
            pause();
        }
    }

    /// Begin requests again after a [#drain].
    public void resume() {
        ask(() -> {
            loading = true;
            return true;
        });
    }

    /// Read every block that was written or discarded. After a [#drain].
    public void readBack(long limitNs) {
        ask(() -> {
            readBack = touched.nextSetBit(0);
            return true;
        });
        drain(limitNs);
    }

    /// Count changed blocks anew.
    public void forgetChanges() {
        ask(() -> {
            changed.clear();
            return true;
        });
    }

    /// Bytes of the blocks that were changed since [#forgetChanges], each counted once.
    public long changedBytes() {
        final CompletableFuture<Long> bytes = new CompletableFuture<>();
        ask(() -> bytes.complete((long) changed.cardinality() * shape.blockBytes()));
        return bytes.join();
    }

    /// End the load and its thread.
    public Outcome finish() {
        final CompletableFuture<Outcome> outcome = new CompletableFuture<>();
        ask(() -> {
            outcome.complete(new Outcome(history.lines(), errors, lost, touched.cardinality(), List.copyOf(wrongs)));
            if (disk != null) {
                disk.stop();
            }
            ended = true;
            return true;
        });
        return outcome.join();
    }

    private static void pause() {
        LockSupport.parkNanos(STEP_NS);
        if (Thread.currentThread().isInterrupted()) {
            throw new IllegalStateException("interrupted");
        }
    }

    /// Have the load's thread do something, and wait until it has.
    private boolean ask(BooleanSupplier step) {
        final Asked asked = new Asked(step, new CompletableFuture<>());
        mailbox.add(asked);
        final long endNs = System.nanoTime() + ASK_LIMIT_NS;
        while (System.nanoTime() - endNs < 0) {
            final Throwable stopped = failure;
            if (stopped != null) {
                throw new IllegalStateException("the load has ended: " + stopped.getMessage(), stopped);
            }
            if (asked.done.isDone()) {
                return asked.done.join();
            }
            pause();
        }
        throw new IllegalStateException("the load's thread does nothing");
    }

    @Override
    public void close() throws IOException {
        thread.interrupt();
        try {
            thread.join();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
        // Of a load that did not get to its end: whether these were done, and when, nobody knows.
        underWay().stream().forEach(slot -> giveUp(slot, 0));
        if (disk != null) {
            disk.close();
        }
        history.close();
    }

    // ---- in the load's thread

    private void run() {
        try {
            while (!ended && !Thread.currentThread().isInterrupted()) {
                final GuestDisk connected = disk;
                final Asked asked = connected == null ? mailbox.poll(IDLE_MS, TimeUnit.MILLISECONDS) : mailbox.poll();
                if (asked != null) {
                    done(asked);
                } else if (connected != null) {
                    pass(connected);
                }
            }
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException | Error stopped) {
            failure = stopped;
        }
    }

    private static void done(Asked asked) {
        try {
            asked.done.complete(asked.step.getAsBoolean());
        } catch (RuntimeException refused) {
            asked.done.completeExceptionally(refused);
        }
    }

    private void pass(GuestDisk at) {
        int begun = 0;
        while (idleCount > 0 && (readBack >= 0 || loading)) {
            if (readBack >= 0) {
                begin(at, RequestKind.READ, readBack);
                readBack = touched.nextSetBit(readBack + 1);
            } else {
                begin(at, nextKind(), nextBlock());
            }
            begun++;
        }
        if (begun > 0) {
            at.publish();
        }
        if (takeAnswers(at) == 0) {
            at.rest();
        }
    }

    private RequestKind nextKind() {
        if (random.nextInt(PERCENT) < shape.readPercent()) {
            return RequestKind.READ;
        }
        final boolean discard = shape.blockBytes() == 4096 && random.nextInt(PERCENT) < shape.discardPercent();
        return discard ? RequestKind.DISCARD : RequestKind.WRITE;
    }

    private int nextBlock() {
        final boolean hot = random.nextInt(PERCENT) < HOT_PERCENT;
        if (!hot) {
            return random.nextInt(shape.blocks());
        }
        // Spread, so that they are in different placement groups.
        return random.nextInt(HOT_BLOCKS) * (shape.blocks() / HOT_BLOCKS);
    }

    private void begin(GuestDisk at, RequestKind kind, int block) {
        final int slot = idle[--idleCount];
        kinds[slot] = kind;
        blocks[slot] = block;
        stamps[slot] = 0;
        final long sector = (long) block * shape.sectors();
        if (kind == RequestKind.WRITE) {
            stamps[slot] = ++lastStamp;
            for (int i = 0; i < shape.sectors(); i++) {
                Stamps.fill(at.memory(), at.buffer(slot) + (long) i * Stamps.SECTOR_BYTES, lastStamp, sector + i);
            }
        }
        if (kind != RequestKind.READ) {
            touched.set(block);
            changed.set(block);
        }
        if (idleCount == shape.depth() - 1 && !outage) {
            // Until now nothing was under way.
            lastAnswerNs = System.nanoTime();
        }
        beganEvents[slot] = ++events;
        beganNs[slot] = System.nanoTime();
        at.add(slot, kind, sector);
    }

    private int takeAnswers(GuestDisk at) {
        int answered = 0;
        for (int slot = at.poll(); slot >= 0; slot = at.poll()) {
            final long nowNs = System.nanoTime();
            stalls.silent(lastAnswerNs, nowNs);
            stalls.answered(beganNs[slot], nowNs);
            lastAnswerNs = nowNs;
            outage = false;
            answered(at, slot, nowNs);
            idle[idleCount++] = slot;
            answered++;
        }
        return answered;
    }

    private void answered(GuestDisk at, int slot, long nowNs) {
        final RequestKind kind = kinds[slot];
        final int status = at.status(slot);
        Arrays.fill(seen, stamps[slot]);
        if (status != 0) {
            errors++;
            history.over(kind, blocks[slot], beganEvents[slot], 0, beganNs[slot], nowNs, "error", seen);
            return;
        }
        if (kind == RequestKind.READ) {
            final long sector = (long) blocks[slot] * shape.sectors();
            for (int i = 0; i < seen.length; i++) {
                seen[i] = Stamps.read(at.memory(), at.buffer(slot) + (long) i * Stamps.SECTOR_BYTES, sector + i);
                if (seen[i] == Stamps.GARBAGE && wrongs.size() < WRONGS_KEPT) {
                    wrongs.add("sector " + (sector + i) + " holds what no write leaves there");
                }
            }
        }
        history.over(kind, blocks[slot], beganEvents[slot], ++events, beganNs[slot], nowNs, "ok", seen);
    }

    /// @param endedEvent when it can be done no more; 0 if it may be at any time
    private void giveUp(int slot, long endedEvent) {
        lost++;
        Arrays.fill(seen, stamps[slot]);
        final long nowNs = System.nanoTime();
        history.over(kinds[slot], blocks[slot], beganEvents[slot], endedEvent, beganNs[slot], nowNs, "lost", seen);
    }

    private void allIdle() {
        idleCount = shape.depth();
        for (int slot = 0; slot < idleCount; slot++) {
            idle[slot] = slot;
        }
    }
}
