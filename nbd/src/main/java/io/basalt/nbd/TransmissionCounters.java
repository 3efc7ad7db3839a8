package io.basalt.nbd;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/// What one connection has been asked and has answered. One writer, the connection's reactor; any
/// thread may read.
///
/// Concurrency: cells are stored and read in opaque mode, so each is seen whole and never going back;
/// they are not consistent with one another.
public final class TransmissionCounters {
    /// The kinds of request that are told apart.
    public enum Kind {
        /// `NBD_CMD_READ`.
        READ(0),
        /// `NBD_CMD_WRITE`.
        WRITE(1),
        /// `NBD_CMD_FLUSH`.
        FLUSH(2),
        /// `NBD_CMD_TRIM` and `NBD_CMD_WRITE_ZEROES`; bytes are those of the ranges.
        UNMAP(3),
        /// Everything else.
        OTHER(4);

        private final int index;

        Kind(int index) {
            this.index = index;
        }
    }

    private static final VarHandle CELL = MethodHandles.arrayElementVarHandle(long[].class);
    private static final int KINDS = Kind.values().length;
    private static final int OPERATIONS = 0;
    private static final int BYTES = 1;
    private static final int LATENCY_SUM = 2;
    private static final int LATENCY_MAX = 3;
    private static final int CELLS_PER_KIND = 4;
    private static final int ERRORS = KINDS * CELLS_PER_KIND;

    private final long[] cells = new long[ERRORS + 1];

    /// Requests of a kind that have been answered, with any result.
    public long operations(Kind kind) {
        return read(at(kind.index) + OPERATIONS);
    }

    /// Bytes moved, or covered by ranges, by successful requests of a kind.
    public long bytes(Kind kind) {
        return read(at(kind.index) + BYTES);
    }

    /// Sum of the times between taking and answering requests of a kind, in nanoseconds.
    public long latencySumNs(Kind kind) {
        return read(at(kind.index) + LATENCY_SUM);
    }

    /// Longest time between taking and answering a request of a kind, in nanoseconds.
    public long latencyMaxNs(Kind kind) {
        return read(at(kind.index) + LATENCY_MAX);
    }

    /// Requests answered with an error.
    public long errors() {
        return read(ERRORS);
    }

    /// A request has been answered.
    ///
    /// @param command `NBD_CMD_*`
    void answered(int command, long bytes, long latencyNs, boolean failed) {
        final int at = at(kind(command));
        add(at + OPERATIONS, 1);
        add(at + LATENCY_SUM, latencyNs);
        if (latencyNs > cells[at + LATENCY_MAX]) {
            CELL.setOpaque(cells, at + LATENCY_MAX, latencyNs);
        }
        if (failed) {
            add(ERRORS, 1);
        } else {
            add(at + BYTES, bytes);
        }
    }

    private static int kind(int command) {
        return switch (command) {
            case NbdSpec.CMD_READ -> Kind.READ.index;
            case NbdSpec.CMD_WRITE -> Kind.WRITE.index;
            case NbdSpec.CMD_FLUSH -> Kind.FLUSH.index;
            case NbdSpec.CMD_TRIM, NbdSpec.CMD_WRITE_ZEROES -> Kind.UNMAP.index;
            default -> Kind.OTHER.index;
        };
    }

    private static int at(int kind) {
        return kind * CELLS_PER_KIND;
    }

    private long read(int cell) {
        return (long) CELL.getOpaque(cells, cell);
    }

    private void add(int cell, long amount) {
        CELL.setOpaque(cells, cell, cells[cell] + amount);
    }
}
