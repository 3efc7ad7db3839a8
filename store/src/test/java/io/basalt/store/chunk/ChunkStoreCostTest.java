package io.basalt.store.chunk;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.store.RamVolume;
import io.basalt.store.TestReactor;
import io.basalt.store.chunk.StoreCounters.Counter;
import io.basalt.store.file.FileOptions;
import io.basalt.store.file.FileVolume;
import io.basalt.testkit.AllocationProbe;
import io.basalt.testkit.Seeds;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What a write costs: bytes on the device and bytes on the heap; and the store on a real file over io_uring.
class ChunkStoreCostTest {
    private static final int QUEUE_DEPTH = 32;
    private static final int SHARDS = 64;

    private final RandomGenerator random = Seeds.random(11);
    private long version = 1;

    /// A request of one block that goes back to a list when it is answered.
    private static final class Write extends StoreRequest {
        private final ArrayDeque<Write> idle;
        private final long place;

        Write(ArrayDeque<Write> idle, long place) {
            super(1, 1);
            this.idle = idle;
            this.place = place;
        }

        @Override
        public void completed(StoreStatus result) {
            assert result == StoreStatus.OK : result;
            idle.add(this);
        }
    }

    private static ArrayDeque<Write> writes(StoreBench bench) {
        final ArrayDeque<Write> idle = new ArrayDeque<>(2 * QUEUE_DEPTH);
        for (int i = 0; i < QUEUE_DEPTH; i++) {
            final Write write = new Write(idle, i * 4096L);
            write.data().reset(bench.table());
            write.data().add(0, write.place, 4096);
            idle.add(write);
        }
        return idle;
    }

    /// Submits as many random overwrites as the queue depth allows.
    private void fill(ChunkStore store, ArrayDeque<Write> idle) {
        for (@Nullable Write write = idle.poll(); write != null; write = idle.poll()) {
            write.askWrite(1, random.nextInt(SHARDS), random.nextInt(256) * 4096, 4096, ++version);
            store.submit(write);
        }
    }

    private void prefill(StoreBench bench, ChunkStore store) {
        final StoreBench.Request request = new StoreBench.Request();
        for (int shard = 0; shard < SHARDS; shard++) {
            assertThat(bench.write(store, request, shard, 0, 1 << 20, ++version, shard))
                    .isEqualTo(StoreStatus.OK);
        }
    }

    @Test
    void writesNoMoreThanAQuarterOnTopOfWhatIsWrittenAtRandomAtDepth32() throws IOException {
        try (TestReactor reactor = new TestReactor(0, 256);
                FileVolume volume = FileVolume.open(FileOptions.of("device", file(96)))) {
            final StoreBench bench =
                    new StoreBench(reactor.reactor(), () -> reactor.reactor().runOnce());
            bench.format(volume, FormatOptions.of(1, 2));
            final ChunkStore store = bench.open(volume, StoreOptions.of(Durability.PLP));
            store.useMemory(bench.table());
            prefill(bench, store);
            final StoreCounters counters = store.counters();
            final long user = counters.value(Counter.USER_BYTES_WRITTEN);
            final long device = counters.deviceBytesWritten();
            final ArrayDeque<Write> idle = writes(bench);
            final long wanted = version + 40_000;
            while (version < wanted) {
                fill(store, idle);
                reactor.reactor().runOnce();
            }
            bench.until(() -> idle.size() == QUEUE_DEPTH);
            final double ratio = (double) (counters.deviceBytesWritten() - device)
                    / (counters.value(Counter.USER_BYTES_WRITTEN) - user);
            System.out.printf(
                    "device bytes per user byte %.3f (checkpoints %d, records per log block %.1f)%n",
                    ratio,
                    counters.value(Counter.CHECKPOINTS),
                    (double) counters.value(Counter.RECORDS) * 4096 / counters.value(Counter.LOG_BYTES_WRITTEN));
            assertThat(counters.value(Counter.CHECKPOINTS)).isPositive();
            assertThat(ratio).isLessThan(1.25);
            store.releaseMemory(bench.table());
            bench.close(store);
            assertThat(bench.check(volume).findings()).isEmpty();
        }
    }

    @Test
    void allocatesNothingPerWriteAndRead() {
        final SimReactor reactor = new SimReactor();
        final RamVolume volume = new RamVolume("ram", 96L << 20, 4096, 0);
        final StoreBench bench = new StoreBench(reactor.reactor(), () -> {
            reactor.advance(1_000_000);
            reactor.reactor().runOnce();
        });
        bench.format(volume, FormatOptions.of(1, 2));
        final ChunkStore store = bench.open(volume, StoreOptions.of(Durability.PLP));
        prefill(bench, store);
        final ArrayDeque<Write> idle = writes(bench);
        final long[] state = {1};
        final long bytes = AllocationProbe.bytesAllocated(100_000, () -> {
            final Write write = idle.poll();
            if (write != null) {
                state[0] = Checksums.mix(state[0]);
                final int shard = (int) (state[0] >>> 8) & SHARDS - 1;
                final int offset = ((int) (state[0] >>> 20) & 255) * 4096;
                if ((state[0] & 31) == 8) {
                    write.askDiscard(1, shard, offset, 4096, ++version, true);
                } else if ((state[0] & 3) == 0) {
                    write.askRead(1, shard, offset, 4096);
                } else if ((state[0] & 3) == 1) {
                    write.askWrite(1, shard, offset, 512, ++version);
                } else {
                    write.askWrite(1, shard, offset, 4096, ++version);
                }
                if (write.data().byteCount() != write.length()) {
                    write.data().reset(bench.table());
                    write.data().add(0, write.place, write.length());
                }
                store.submit(write);
            }
            reactor.advance(1000);
            reactor.reactor().runOnce();
        });
        assertThat(bytes).isZero();
    }

    @Test
    void keepsWhatWasWrittenOnAFileWithEachDurability() throws IOException {
        for (final Durability durability : Durability.values()) {
            try (TestReactor reactor = new TestReactor(0, 256);
                    FileVolume volume = FileVolume.open(FileOptions.of("device", file(8)))) {
                final StoreBench bench = new StoreBench(
                        reactor.reactor(), () -> reactor.reactor().runOnce());
                bench.format(volume, new FormatOptions(3, 4, 65536, 16, 64, 2, 0));
                ChunkStore store = bench.open(volume, StoreOptions.of(durability));
                final StoreBench.Request request = new StoreBench.Request();
                for (int i = 0; i < 300; i++) {
                    final int shard = i % 20;
                    assertThat(bench.write(store, request, shard, i % 3 * 512, 20480, ++version, i))
                            .isEqualTo(StoreStatus.OK);
                }
                bench.close(store);
                assertThat(bench.check(volume).findings()).isEmpty();
                store = bench.open(volume, StoreOptions.of(durability));
                for (int i = 280; i < 300; i++) {
                    assertThat(bench.read(store, request, i % 20, i % 3 * 512, 20480))
                            .isEqualTo(StoreStatus.OK);
                    assertThat(bench.readAll(20480, i)).isTrue();
                }
                bench.close(store);
            }
        }
    }

    @TempDir
    private Path directory = Path.of("");

    private Path file(int megabytes) throws IOException {
        final Path path = directory.resolve("device-" + random.nextInt(1 << 30));
        try (FileChannel file = FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            file.write(java.nio.ByteBuffer.allocate(1), ((long) megabytes << 20) - 1);
        }
        return path;
    }
}
