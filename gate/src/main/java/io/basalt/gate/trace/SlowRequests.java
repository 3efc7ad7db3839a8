package io.basalt.gate.trace;

import io.basalt.block.BlockRequest;
import io.basalt.block.Stage;
import io.basalt.block.StageTimes;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/// The last slow requests of one reactor, until somebody has read them. Fixed size: who reads too late
/// misses the oldest, and knows how many. Adding allocates nothing and never waits.
///
/// ```
///        head % 64
///            ▼
///  [ n-2 │ n-1 │ n-64 │ n-63 │ ... ]     entry n is written where n-64 was, then head becomes n+1
/// ```
///
/// | field | owner (the reactor) | reader |
/// |---|---|---|
/// | cells | opaque write, after a store fence | opaque read, before a load fence |
/// | head | release write | acquire read before, opaque read after |
///
/// A reader takes an entry for whole if head, read after it, says that its place was not being written again.
final class SlowRequests {
    static final int CAPACITY = 64;

    private static final VarHandle CELL =
            MethodHandles.arrayElementVarHandle(long[].class).withInvokeExactBehavior();
    private static final int VOLUME = 0;
    private static final int WRITE = 1;
    private static final int OFFSET = 2;
    private static final int LENGTH = 3;
    private static final int TOOK_NS = 4;
    private static final int SET = 5;
    private static final int DEVICE = 6;
    private static final int REPLICA_1 = 7;
    private static final int REPLICA_2 = 8;
    private static final int COSTS = 9;
    private static final Stage[] STAGES = Stage.values();
    private static final int CELLS = COSTS + STAGES.length;
    private static final int HEAD = CAPACITY * CELLS;

    private final SlowThreshold threshold;
    private final long[] cells = new long[HEAD + 1];

    /// The reader's.
    private long seen;

    private long missed;

    SlowRequests(SlowThreshold threshold) {
        this.threshold = threshold;
    }

    /// From when on a request is to be added.
    long thresholdNs() {
        return threshold.ns();
    }

    // ---- the reactor's

    /// Note a request. Its number of bytes may be that of its last step.
    void add(int volume, boolean write, BlockRequest request, long tookNs) {
        final StageTimes times = request.times();
        final long head = cells[HEAD];
        final int at = (int) (head % CAPACITY) * CELLS;
        VarHandle.storeStoreFence();
        put(at + VOLUME, volume);
        put(at + WRITE, write ? 1 : 0);
        put(at + OFFSET, request.offset());
        put(at + LENGTH, request.length());
        put(at + TOOK_NS, tookNs);
        put(at + SET, times.set());
        put(at + DEVICE, times.device());
        put(at + REPLICA_1, times.replica1());
        put(at + REPLICA_2, times.replica2());
        for (int stage = 0; stage < STAGES.length; stage++) {
            put(at + COSTS + stage, times.costNs(STAGES[stage], tookNs));
        }
        CELL.setRelease(cells, HEAD, head + 1);
    }

    private void put(int cell, long value) {
        CELL.setOpaque(cells, cell, value);
    }

    // ---- one reader's

    /// Those that were added since the last call, as far as they are still there.
    List<Entry> drain() {
        final long end = (long) CELL.getAcquire(cells, HEAD);
        final List<Entry> entries = new ArrayList<>();
        final long first = Math.max(seen, end - CAPACITY);
        missed += first - seen;
        for (long each = first; each < end; each++) {
            final Entry entry = entry((int) (each % CAPACITY) * CELLS);
            VarHandle.loadLoadFence();
            if ((long) CELL.getOpaque(cells, HEAD) - each < CAPACITY) {
                entries.add(entry);
            } else {
                missed++;
            }
        }
        seen = end;
        return entries;
    }

    /// How many were not there any more when they were to be read.
    long missed() {
        return missed;
    }

    private Entry entry(int at) {
        final Map<Stage, Long> costs = new EnumMap<>(Stage.class);
        for (int stage = 0; stage < STAGES.length; stage++) {
            costs.put(STAGES[stage], cell(at + COSTS + stage));
        }
        return new Entry(
                (int) cell(at + VOLUME),
                cell(at + WRITE) != 0,
                cell(at + OFFSET),
                cell(at + LENGTH),
                cell(at + TOOK_NS),
                costs,
                (int) cell(at + SET),
                (int) cell(at + DEVICE),
                (int) cell(at + REPLICA_1),
                (int) cell(at + REPLICA_2));
    }

    private long cell(int cell) {
        return (long) CELL.getOpaque(cells, cell);
    }

    /// A slow request as its reactor has noted it; see [SlowRequest].
    record Entry(
            int volume,
            boolean write,
            long offset,
            long length,
            long tookNs,
            Map<Stage, Long> costs,
            int set,
            int device,
            int replica1,
            int replica2) {}
}
