package io.basalt.store.chunk;

import io.basalt.block.RegionTable;
import io.basalt.block.Volume;
import io.basalt.reactor.Reactor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/// A store on any volume, driven to completion one request at a time.
final class StoreBench {
    private static final long REAL_MAX_NS = 60_000_000_000L;
    private static final long PASSES_MAX = 5_000_000;

    private final Reactor reactor;
    private final Runnable pass;
    private final MemorySegment memory = Arena.ofAuto().allocate(2 << 20, 4096);
    private final RegionTable table = new RegionTable(List.of(memory));

    /// @param pass lets the device and the reactor do some work
    StoreBench(Reactor reactor, Runnable pass) {
        this.reactor = reactor;
        this.pass = pass;
    }

    /// A request that remembers its answer.
    static final class Request extends StoreRequest {
        @org.jspecify.annotations.Nullable
        StoreStatus answer;

        Request() {
            super(16, 256);
        }

        @Override
        public void completed(StoreStatus result) {
            answer = result;
        }
    }

    RegionTable table() {
        return table;
    }

    MemorySegment memory() {
        return memory;
    }

    void format(Volume volume, FormatOptions options) {
        final List<String> told = new ArrayList<>();
        ChunkStore.format(volume, reactor, options, new FormatListener() {
            @Override
            public void formatted() {
                told.add("");
            }

            @Override
            public void refused(String reason) {
                told.add(reason);
            }
        });
        until(() -> !told.isEmpty());
        if (!told.getFirst().isEmpty()) {
            throw new AssertionError(told.getFirst());
        }
    }

    /// Opens a store; a refusal is an assertion error with the reason as its message.
    ChunkStore open(Volume volume, StoreOptions options) {
        final List<ChunkStore> stores = new ArrayList<>();
        final List<String> reasons = new ArrayList<>();
        ChunkStore.open(volume, reactor, options, new OpenListener() {
            @Override
            public void opened(ChunkStore store, RecoveryReport report) {
                stores.add(store);
            }

            @Override
            public void refused(String reason) {
                reasons.add(reason);
            }
        });
        until(() -> !stores.isEmpty() || !reasons.isEmpty());
        if (!reasons.isEmpty()) {
            throw new AssertionError(reasons.getFirst());
        }
        return stores.getFirst();
    }

    void close(ChunkStore store) {
        final boolean[] closed = new boolean[1];
        store.close(() -> closed[0] = true);
        until(() -> closed[0]);
    }

    ChunkCheck.Report check(Volume volume) {
        final List<ChunkCheck.Report> reports = new ArrayList<>();
        ChunkCheck.run(volume, reactor, reports::add);
        until(() -> !reports.isEmpty());
        return reports.getFirst();
    }

    StoreStatus run(ChunkStore store, Request request) {
        request.answer = null;
        store.submit(request);
        until(() -> request.answer != null);
        return Objects.requireNonNull(request.answer);
    }

    StoreStatus write(ChunkStore store, Request request, int shard, int offset, int length, long version, int fill) {
        memory.asSlice(0, length).fill((byte) fill);
        request.data().reset(table);
        request.data().add(0, 0, length);
        request.askWrite(1, shard, offset, length, version);
        return run(store, request);
    }

    StoreStatus read(ChunkStore store, Request request, int shard, int offset, int length) {
        memory.asSlice(1 << 20, length).fill((byte) 0xEE);
        request.data().reset(table);
        request.data().add(0, 1 << 20, length);
        request.askRead(1, shard, offset, length);
        return run(store, request);
    }

    /// Whether the last read gave nothing but one byte.
    boolean readAll(int length, int fill) {
        for (long i = 0; i < length; i++) {
            if (memory.get(java.lang.foreign.ValueLayout.JAVA_BYTE, (1 << 20) + i) != (byte) fill) {
                return false;
            }
        }
        return true;
    }

    /// Goes on until a condition holds. Passes are a bound where time is simulated; a real disk on a busy machine may
    /// take longer than all of them.
    void until(java.util.function.BooleanSupplier condition) {
        final long startNs = System.nanoTime();
        for (long i = 0; !condition.getAsBoolean(); i++) {
            if (i > PASSES_MAX && System.nanoTime() - startNs > REAL_MAX_NS) {
                throw new AssertionError("still waiting after " + i + " passes");
            }
            pass.run();
        }
    }
}
