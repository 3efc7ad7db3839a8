package io.basalt.chunk;

import java.util.concurrent.atomic.AtomicLongArray;

/// What a [ChunkDevice] counts about itself. Written by the owner reactor, readable from any thread.
public final class ChunkCounters {
    /// What is counted.
    public enum Counter {
        /// Reads answered with data.
        READS,
        /// Bytes of data in those answers.
        READ_BYTES,
        /// Changes acknowledged.
        CHANGES,
        /// Bytes of data in those changes; zeroed and discarded ranges are not counted.
        WRITTEN_BYTES,
        /// Changes applied on behalf of a primary.
        REPLICATED,
        /// Requests refused because the sender's epoch was old, or this is not the primary.
        MISDIRECTED,
        /// Requests refused because a newer attachment exists.
        FENCED,
        /// Requests refused because the lease was not there.
        NO_LEASE,
        /// Changes refused because fewer copies are in sync than a change must be on.
        TOO_FEW_COPIES,
        /// Requests refused because there was too much to do.
        BUSY,
        /// Requests refused because they could not have been served in time.
        OVERLOADED,
        /// Times that a device, this one or another, was found to be much slower than others.
        SLOW_FOUND,
        /// Requests that broke a rule of the protocol.
        BAD_REQUESTS,
        /// Requests that waited for an overlapping one.
        ORDER_WAITS,
        /// Changes that came again and joined the first, or got its old answer.
        REPEATED,
        /// Changes that a copy refused and that were taken back.
        UNDONE,
        /// Blocks of this device that were found corrupt, or could not be read: once for each time.
        CORRUPT_FOUND,
        /// Blocks that were found corrupt here and written again from another copy.
        REPAIRED,
        /// Blocks that were found corrupt here, and that no copy could give: they stay unreadable. Once for each time.
        UNREPAIRABLE,
        /// Blocks that were written again for another copy which could not read them.
        REPAIRED_FOR_OTHERS,
        /// Bytes that the scrub has read and found good.
        SCRUBBED_BYTES,
        /// Ranges that were written again because copies differed after a takeover.
        RECONCILED,
        /// Bytes of those ranges.
        RECONCILED_BYTES,
        /// Shards that were compared block by block, after a takeover or for a copy that came back.
        SHARDS_COMPARED,
        /// Shards of which no block was looked at then, because the copies have the same digest.
        SHARDS_EQUAL,
        /// Times that a placement group began to serve.
        TAKEOVERS,
        /// Tombstones that were let go because every copy has what they stood for.
        TOMBSTONES_FORGOTTEN,
        /// Shards that were freed because their volume was deleted, or their placement group is elsewhere.
        SHARDS_FREED
    }

    private static final Counter[] COUNTERS = Counter.values();

    private final AtomicLongArray values = new AtomicLongArray(COUNTERS.length);

    ChunkCounters() {}

    /// One counter's value. Any thread.
    @SuppressWarnings("EnumOrdinal") // an index into an array of this process, kept nowhere
    public long value(Counter counter) {
        return values.get(counter.ordinal());
    }

    void count(Counter counter) {
        add(counter, 1);
    }

    @SuppressWarnings("EnumOrdinal") // see above
    void add(Counter counter, long amount) {
        final int index = counter.ordinal();
        values.setRelease(index, values.getPlain(index) + amount);
    }
}
