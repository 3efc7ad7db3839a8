package io.basalt.endtoend.cluster;

import io.basalt.block.BlockOperation;
import io.basalt.block.BlockRequest;
import io.basalt.block.BlockStatus;
import io.basalt.block.RegionTable;
import io.basalt.block.VolumeChannel;
import io.basalt.reactor.Reactor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.random.RandomGenerator;

/// Random requests, many at a time, each in a slot of the volume of its own whose content is known and
/// compared. Lives on a data reactor.
final class VerifiedLoad {
    private static final int SECTOR = 512;

    private final Reactor reactor;
    private final VolumeChannel channel;
    private final RandomGenerator random;
    private final Slot[] slots;
    private final RegionTable table;
    private CompletableFuture<Integer> finished = new CompletableFuture<>();
    private int left;
    private int running;
    private int done;
    private volatile long longestNs;

    /// @param depth requests under way at a time
    /// @param slotBytes of the volume that each slot has
    VerifiedLoad(Reactor reactor, VolumeChannel channel, RandomGenerator random, int depth, int slotBytes) {
        this.reactor = reactor;
        this.channel = channel;
        this.random = random;
        final MemorySegment memory = Arena.ofAuto().allocate((long) depth * slotBytes, 4096);
        table = new RegionTable(List.of(memory), true);
        channel.useMemory(table);
        slots = new Slot[depth];
        for (int i = 0; i < depth; i++) {
            slots[i] = new Slot((long) i * slotBytes, slotBytes);
        }
    }

    /// Run so many requests; in the reactor. The future counts those that were right, or has the first that was
    /// not.
    CompletableFuture<Integer> run(int count) {
        left = count;
        running = slots.length;
        for (final Slot slot : slots) {
            slot.next();
        }
        return finished;
    }

    /// The longest time that a request took, in nanoseconds.
    long longestNs() {
        return longestNs;
    }

    /// Make ready for another [#run]; what the slots hold stays known.
    void reset() {
        finished = new CompletableFuture<>();
        longestNs = 0;
    }

    void close() {
        channel.releaseMemory(table);
    }

    private final class Slot extends BlockRequest {
        private final long at;
        private final byte[] expected;
        private int offset;
        private int length;
        private long startNs;

        Slot(long at, int bytes) {
            super(2);
            this.at = at;
            expected = new byte[bytes];
        }

        void next() {
            if (left == 0 || finished.isDone()) {
                running--;
                if (running == 0) {
                    finished.complete(done);
                }
                return;
            }
            left--;
            final int sectors = expected.length / SECTOR;
            final int first = random.nextInt(sectors);
            offset = first * SECTOR;
            length = random.nextInt(1, Math.min(sectors - first, random.nextInt(8) == 0 ? sectors : 16) + 1) * SECTOR;
            final BlockOperation operation = switch (random.nextInt(10)) {
                case 0 -> BlockOperation.DISCARD;
                case 1 -> BlockOperation.WRITE_ZEROES;
                case 2 -> BlockOperation.FLUSH;
                case 3, 4, 5 -> BlockOperation.READ;
                default -> BlockOperation.WRITE;
            };
            begin(operation);
        }

        private void begin(BlockOperation operation) {
            final boolean flush = operation == BlockOperation.FLUSH;
            prepare(operation, flush ? 0 : at + offset, flush ? 0 : length, true);
            data().reset(table);
            switch (operation) {
                case READ -> data().add(0, at + offset, length);
                case WRITE -> {
                    data().add(0, at + offset, length);
                    final byte[] bytes = new byte[length];
                    random.nextBytes(bytes);
                    System.arraycopy(bytes, 0, expected, offset, length);
                    MemorySegment.copy(bytes, 0, table.segment(0), ValueLayout.JAVA_BYTE, at + offset, length);
                }
                case DISCARD, WRITE_ZEROES -> Arrays.fill(expected, offset, offset + length, (byte) 0);
                case FLUSH -> {}
            }
            startNs = reactor.clock().nanoTime();
            final BlockStatus status = channel.submit(this);
            if (status != BlockStatus.PENDING) {
                reactor.post(() -> completed(status));
            }
        }

        @Override
        public void completed(BlockStatus status) {
            longestNs = Math.max(longestNs, reactor.clock().nanoTime() - startNs);
            done++;
            if (status != BlockStatus.OK) {
                fail(operation() + " ended with " + status);
            } else if (operation() == BlockOperation.READ && !isAsExpected()) {
                fail("a read of " + length + " bytes at " + (at + offset) + " is not what was written");
            }
            next();
        }

        private boolean isAsExpected() {
            final MemorySegment read = table.segment(0).asSlice(at + offset, length);
            return read.mismatch(MemorySegment.ofArray(expected).asSlice(offset, length)) < 0;
        }

        private void fail(String what) {
            finished.completeExceptionally(new AssertionError(what));
        }
    }
}
