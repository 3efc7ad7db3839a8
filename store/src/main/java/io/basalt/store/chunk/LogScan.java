package io.basalt.store.chunk;

import static io.basalt.store.chunk.StoreRequest.BLOCK_BYTES;

import io.basalt.block.BlockStatus;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// First step of recovery: reads the whole log and keeps the used part of every valid block.
final class LogScan implements DeviceIo.Owner {
    private final RecoveryParts parts;
    private final Runnable then;
    private final DeviceIo io;
    private final @Nullable MemorySegment[] blocks;
    private int place;
    private int reading;
    private long last;
    private long mark;
    private long tail;
    private int entriesUsed;
    private boolean incomplete;

    LogScan(RecoveryParts parts, Runnable then) {
        this.parts = parts;
        this.then = then;
        io = new DeviceIo(parts.device(), this, 0, 1);
        blocks = new @Nullable MemorySegment[parts.geometry().logBlocks()];
    }

    void start() {
        reading = Math.min(RecoveryParts.SCAN_BLOCKS, blocks.length - place);
        final long offset = parts.geometry().logOffset(place);
        final int length = reading * BLOCK_BYTES;
        parts.device().submit(io.range(false, offset, parts.memory().table(), Memory.LOG_REGION, 0, length));
    }

    @Override
    public void ioDone(DeviceIo done, BlockStatus status) {
        if (status != BlockStatus.OK) {
            parts.refusal().refuse("log: reading it failed with " + status + "; check the device");
            return;
        }
        for (int i = 0; i < reading; i++) {
            keep(place + i, (long) i * BLOCK_BYTES);
        }
        place += reading;
        if (place < blocks.length) {
            start();
        } else {
            finish();
        }
    }

    private void keep(int at, long offset) {
        final MemorySegment scan = parts.memory().log();
        if (LogLayout.violation(scan, offset, parts.geometry(), at) != null) {
            return;
        }
        final byte[] used = new byte[LogLayout.usedBytes(scan, offset)];
        MemorySegment.copy(scan, offset, MemorySegment.ofArray(used), 0, used.length);
        blocks[at] = MemorySegment.ofArray(used);
        if (LogLayout.lsn(scan, offset) > last) {
            last = LogLayout.lsn(scan, offset);
            incomplete = LogLayout.isIncomplete(scan, offset);
        }
        mark = Math.max(mark, LogLayout.mark(scan, offset));
        tail = Math.max(tail, LogLayout.tail(scan, offset));
        entriesUsed = Math.max(entriesUsed, LogLayout.entriesUsed(scan, offset));
    }

    private void finish() {
        if (last == 0) {
            parts.refusal().refuse("log: no valid block; rebuild the device from other copies");
            return;
        }
        mark = Math.max(mark, tail);
        for (long lsn = tail; lsn < mark; lsn++) {
            if (block(lsn) == null) {
                parts.refusal()
                        .refuse("log: block " + lsn + " is lost, and with it acknowledged writes; rebuild the device"
                                + " from other copies");
                return;
            }
        }
        then.run();
    }

    /// The block of an lsn, or null if it is not there.
    @Nullable
    MemorySegment block(long lsn) {
        final MemorySegment block = blocks[(int) (lsn % blocks.length)];
        return block != null && LogLayout.lsn(block, 0) == lsn ? block : null;
    }

    /// Whether it is not known which shards the store should know.
    boolean isIncomplete() {
        return incomplete;
    }

    /// Highest lsn found.
    long last() {
        return last;
    }

    long mark() {
        return mark;
    }

    long tail() {
        return tail;
    }

    int entriesUsed() {
        return entriesUsed;
    }
}
