package io.basalt.virtio.blk;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/// What a [BlkQueue] has done since it was made. One writer, the queue's reactor; any thread may read.
///
/// Concurrency: readers read in opaque mode. What is counted for every request is stored plainly, once each, and
/// the release store and the full fence that publish the answers follow; the rest is stored in opaque mode.
/// Stores of 64 bits are whole on every JVM that runs this. So a reader sees each cell whole and never going
/// back; cells are not consistent with one another. The array is padded, so that readers do not slow down a
/// neighbour.
public final class BlkQueueCounters {
    /// The kinds of request that are told apart.
    public enum Kind {
        /// VIRTIO_BLK_T_IN.
        READ(0),
        /// VIRTIO_BLK_T_OUT.
        WRITE(1),
        /// VIRTIO_BLK_T_FLUSH.
        FLUSH(2),
        /// VIRTIO_BLK_T_DISCARD and VIRTIO_BLK_T_WRITE_ZEROES; bytes are those of the ranges.
        UNMAP(3),
        /// Everything else, GET_ID and requests that no driver should send.
        OTHER(4);

        private final int index;

        Kind(int index) {
            this.index = index;
        }
    }

    // The kinds as plain numbers, for the data path.
    public static final int READ = Kind.READ.index;
    public static final int WRITE = Kind.WRITE.index;
    public static final int FLUSH = Kind.FLUSH.index;
    public static final int UNMAP = Kind.UNMAP.index;
    public static final int OTHER = Kind.OTHER.index;

    private static final VarHandle CELL = MethodHandles.arrayElementVarHandle(long[].class);
    private static final Kind[] KINDS = Kind.values();
    private static final int PADDING = 16;
    private static final int OPERATIONS = 0;
    private static final int BYTES = 1;
    private static final int LATENCY_SUM = 2;
    private static final int LATENCY_MAX = 3;
    private static final int CELLS_PER_KIND = 4;
    private static final int ERRORS = PADDING + KINDS.length * CELLS_PER_KIND;
    private static final int CALLS = ERRORS + 1;
    private static final int KICKS = ERRORS + 2;

    private final long[] cells = new long[KICKS + 1 + PADDING];

    /// Requests of a kind that have been answered, with any status.
    public long operations(Kind kind) {
        return read(at(kind) + OPERATIONS);
    }

    /// Bytes moved, or covered by ranges, by successful requests of a kind.
    public long bytes(Kind kind) {
        return read(at(kind) + BYTES);
    }

    /// Sum of the times between taking and answering requests of a kind, in nanoseconds of the reactor's clock.
    public long latencySumNs(Kind kind) {
        return read(at(kind) + LATENCY_SUM);
    }

    /// Longest time between taking and answering a request of a kind, in nanoseconds of the reactor's clock.
    public long latencyMaxNs(Kind kind) {
        return read(at(kind) + LATENCY_MAX);
    }

    /// Requests answered with another status than OK.
    public long errors() {
        return read(ERRORS);
    }

    /// Times the driver was called.
    public long calls() {
        return read(CALLS);
    }

    /// Times a kick of the driver was seen.
    public long kicks() {
        return read(KICKS);
    }

    /// A request was answered. The queue's reactor, like everything below.
    ///
    /// @param kind number of its kind
    /// @param bytes moved or covered
    public void answered(int kind, long bytes, long latencyNs) {
        final long[] own = cells;
        final int at = PADDING + kind * CELLS_PER_KIND;
        own[at + OPERATIONS]++;
        own[at + BYTES] += bytes;
        // What is answered in the pass that took it has taken no time of the reactor's clock.
        if (latencyNs != 0) {
            own[at + LATENCY_SUM] += latencyNs;
            if (latencyNs > own[at + LATENCY_MAX]) {
                own[at + LATENCY_MAX] = latencyNs;
            }
        }
    }

    /// One of those was answered with an error.
    public void failed() {
        add(ERRORS, 1);
    }

    void called() {
        add(CALLS, 1);
    }

    void kicked() {
        add(KICKS, 1);
    }

    private static int at(Kind kind) {
        return PADDING + kind.index * CELLS_PER_KIND;
    }

    private long read(int cell) {
        return (long) CELL.getOpaque(cells, cell);
    }

    private void add(int cell, long amount) {
        CELL.setOpaque(cells, cell, cells[cell] + amount);
    }
}
