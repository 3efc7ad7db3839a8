package io.basalt.cli.check;

import io.basalt.block.RegionTable;
import io.basalt.block.Volume;
import io.basalt.cli.CommandRun;
import io.basalt.cli.tool.DeviceReactor;
import io.basalt.reactor.Reactor;
import io.basalt.store.chunk.ChunkStore;
import io.basalt.store.chunk.Durability;
import io.basalt.store.chunk.OpenListener;
import io.basalt.store.chunk.RecoveryReport;
import io.basalt.store.chunk.StoreOptions;
import io.basalt.store.chunk.StoreRequest;
import io.basalt.store.chunk.StoreStatus;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/// A device file with a chunk store, whose content a test decides: changes are noted, then made one after the
/// other.
final class StoredCopy {
    private static final int BLOCK_BYTES = 4096;

    private final Path file;
    private final List<Consumer<Asked>> changes = new ArrayList<>();
    private Runnable beforeClose = () -> {};

    private StoredCopy(Path file) {
        this.file = file;
    }

    /// An empty one.
    static StoredCopy formatted(Path file) {
        CommandRun.of("chunk", "format", file.toString(), "--create", "16M", "--log", "256k");
        return new StoredCopy(file);
    }

    /// The same in another file.
    StoredCopy copied(Path other) throws IOException {
        Files.copy(file, other);
        return new StoredCopy(other);
    }

    Path file() {
        return file;
    }

    /// A block full of one byte.
    StoredCopy write(long partId, int shard, int block, int content, long version) {
        changes.add(request -> {
            request.memory.fill((byte) content);
            request.data().reset(request.table);
            request.data().add(0, 0, BLOCK_BYTES);
            request.askWrite(partId, shard, block * BLOCK_BYTES, BLOCK_BYTES, version);
        });
        return this;
    }

    StoredCopy discard(long partId, int shard, int block, int blocks, long version) {
        changes.add(
                request -> request.askDiscard(partId, shard, block * BLOCK_BYTES, blocks * BLOCK_BYTES, version, true));
        return this;
    }

    StoredCopy drop(long partId, int shard) {
        changes.add(request -> request.askDrop(partId, shard));
        return this;
    }

    /// Make the changes that were noted, and close the store.
    void store() {
        DeviceReactor.<Boolean>run(file, true, this::open);
        changes.clear();
    }

    /// Make the changes that were noted, and leave the device as it is before the store is closed: they
    /// stand in its log only, as after a crash.
    void storeAndCrash() throws IOException {
        final Path crashed = file.resolveSibling(file.getFileName() + ".crashed");
        beforeClose = () -> {
            try {
                Files.copy(file, crashed);
            } catch (IOException failure) {
                throw new UncheckedIOException(failure);
            }
        };
        store();
        Files.move(crashed, file, StandardCopyOption.REPLACE_EXISTING);
    }

    private void open(Volume volume, Reactor reactor, CompletableFuture<Boolean> done) {
        ChunkStore.open(volume, reactor, StoreOptions.of(Durability.PLP), new OpenListener() {
            @Override
            public void opened(ChunkStore store, RecoveryReport report) {
                new Asked(store, done).next();
            }

            @Override
            public void refused(String reason) {
                done.completeExceptionally(new AssertionError(reason));
            }
        });
    }

    private final class Asked extends StoreRequest {
        private final MemorySegment memory = Arena.ofAuto().allocate(BLOCK_BYTES, BLOCK_BYTES);
        private final RegionTable table = new RegionTable(List.of(memory));
        private final ChunkStore store;
        private final CompletableFuture<Boolean> done;
        private int at;

        Asked(ChunkStore store, CompletableFuture<Boolean> done) {
            super(1, 1 << 8);
            this.store = store;
            this.done = done;
            store.useMemory(table);
        }

        private void next() {
            if (at == changes.size()) {
                beforeClose.run();
                store.releaseMemory(table);
                store.close(() -> done.complete(true));
                return;
            }
            changes.get(at++).accept(this);
            store.submit(this);
        }

        @Override
        public void completed(StoreStatus result) {
            if (result == StoreStatus.OK) {
                next();
            } else {
                done.completeExceptionally(new AssertionError("change " + at + ": " + result));
            }
        }
    }
}
