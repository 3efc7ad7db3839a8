package io.basalt.chunk.server;

import io.basalt.reactor.Reactor;
import io.basalt.store.chunk.ChunkStore;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.Consumer;

/// Adds up, again and again, how much of each part a store holds: a few shards at a time, so that requests
/// do not wait for it. Lives in the device's reactor.
final class UsageWalk {
    private static final int SHARDS_AT_ONCE = 1024;
    private static final int BLOCK_BYTES = 4096;
    private static final long STEP_NS = 1_000_000;
    private static final long PAUSE_NS = 5_000_000_000L;

    private final Reactor reactor;
    private final ChunkStore store;
    private final Consumer<NavigableMap<Long, Long>> whole;
    private NavigableMap<Long, Long> sums = new TreeMap<>();
    private int next;
    private volatile boolean stopped;

    /// @param whole told part → bytes after each walk, in the reactor
    UsageWalk(Reactor reactor, ChunkStore store, Consumer<NavigableMap<Long, Long>> whole) {
        this.reactor = reactor;
        this.store = store;
        this.whole = whole;
    }

    /// Begin; goes on until [#stop].
    void start() {
        step();
    }

    /// Take no further step. Any thread.
    void stop() {
        stopped = true;
    }

    private void step() {
        if (stopped) {
            return;
        }
        next = store.visitContent(next, SHARDS_AT_ONCE, this::add);
        if (next != 0) {
            reactor.schedule(STEP_NS, this::step);
            return;
        }
        whole.accept(sums);
        sums = new TreeMap<>();
        reactor.schedule(PAUSE_NS, this::step);
    }

    private void add(long partId, int blocks) {
        if (blocks > 0) {
            sums.merge(partId, (long) blocks * BLOCK_BYTES, Long::sum);
        }
    }
}
