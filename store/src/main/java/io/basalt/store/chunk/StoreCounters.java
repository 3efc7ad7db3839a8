package io.basalt.store.chunk;

import java.util.concurrent.atomic.AtomicLongArray;

/// What a [ChunkStore] counts about itself. Written by the owner reactor, readable from any thread.
@SuppressWarnings("EnumOrdinal") // places in an array of this process, nowhere stored
public final class StoreCounters {
    /// What is counted.
    public enum Counter {
        /// Bytes that callers had written, zeroed and discarded ranges not counted.
        USER_BYTES_WRITTEN,
        /// Bytes of blocks written to slots.
        DATA_BYTES_WRITTEN,
        /// Bytes of log blocks written.
        LOG_BYTES_WRITTEN,
        /// Bytes of metadata pages written.
        PAGE_BYTES_WRITTEN,
        /// Bytes of blocks moved from one slot to another, counted in the data bytes, too.
        MOVED_BYTES,
        /// Log records written.
        RECORDS,
        /// Log blocks written for no record, only to say what is complete.
        MARKS,
        /// Checkpoints finished.
        CHECKPOINTS,
        /// Metadata pages read on demand.
        PAGES_LOADED,
        /// Flushes of the device.
        DEVICE_FLUSHES,
        /// Blocks that did not match their checksum.
        CORRUPT_BLOCKS,
        /// Writes of part of a block, which read it first.
        MERGED_WRITES,
        /// Second slots taken.
        SECOND_SLOTS,
        /// Writes that waited for a spare block.
        SPARE_WAITS,
        /// Requests that waited for their turn behind an overlapping one.
        ORDER_WAITS,
        /// Device operations that failed.
        DEVICE_ERRORS
    }

    private static final Counter[] COUNTERS = Counter.values();

    private final AtomicLongArray values = new AtomicLongArray(COUNTERS.length);

    StoreCounters() {}

    /// One counter's value. Any thread.
    public long value(Counter counter) {
        return values.get(counter.ordinal());
    }

    /// All bytes written to the device.
    public long deviceBytesWritten() {
        return value(Counter.DATA_BYTES_WRITTEN) + value(Counter.LOG_BYTES_WRITTEN) + value(Counter.PAGE_BYTES_WRITTEN);
    }

    void add(Counter counter, long amount) {
        final int index = counter.ordinal();
        values.setRelease(index, values.getPlain(index) + amount);
    }

    void count(Counter counter) {
        add(counter, 1);
    }
}
