package io.basalt.store.chunk;

import io.basalt.reactor.Reactor;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The parts of one open store, which know each other through this. One owner reactor.
final class StoreParts {
    final Geometry geometry;
    final StoreOptions options;
    final Reactor reactor;
    final StoreCounters counters;
    final Device device;
    final Memory memory;
    final Checksums checksums;
    final EntryTable entries;
    final SlotPool slots;
    final PageCache cache;

    private @Nullable IntentLog log;
    private @Nullable Flusher flusher;
    private @Nullable Checkpoint checkpoint;
    private @Nullable ShardOperations operations;
    private @Nullable Mover mover;
    private boolean failed;
    private boolean incomplete;

    StoreParts(
            Geometry geometry,
            StoreOptions options,
            Reactor reactor,
            StoreCounters counters,
            Device device,
            Memory memory,
            Checksums checksums,
            EntryTable entries,
            SlotPool slots,
            PageCache cache) {
        this.geometry = geometry;
        this.options = options;
        this.reactor = reactor;
        this.counters = counters;
        this.device = device;
        this.memory = memory;
        this.checksums = checksums;
        this.entries = entries;
        this.slots = slots;
        this.cache = cache;
    }

    void connect(
            IntentLog newLog,
            Flusher newFlusher,
            Checkpoint newCheckpoint,
            ShardOperations newOperations,
            Mover newMover) {
        log = newLog;
        flusher = newFlusher;
        checkpoint = newCheckpoint;
        operations = newOperations;
        mover = newMover;
    }

    IntentLog log() {
        return Objects.requireNonNull(log);
    }

    Flusher flusher() {
        return Objects.requireNonNull(flusher);
    }

    Checkpoint checkpoint() {
        return Objects.requireNonNull(checkpoint);
    }

    ShardOperations operations() {
        return Objects.requireNonNull(operations);
    }

    Mover mover() {
        return Objects.requireNonNull(mover);
    }

    boolean byFlush() {
        return options.durability() == Durability.FLUSH;
    }

    /// The device failed under the log or the metadata: no change can be made durable any more.
    void fail() {
        failed = true;
    }

    /// Shards have been lost, and it is not known which: none that is not known is taken for an empty one.
    boolean isIncomplete() {
        return incomplete;
    }

    void incomplete(boolean is) {
        incomplete = is;
    }

    boolean failed() {
        return failed;
    }
}
