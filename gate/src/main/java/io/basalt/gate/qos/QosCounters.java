package io.basalt.gate.qos;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/// What one channel has held back. One writer, the channel's reactor; any thread may read, in opaque mode: each number
/// is whole and, save that of those that wait, never goes back.
final class QosCounters {
    private static final VarHandle CELL =
            MethodHandles.arrayElementVarHandle(long[].class).withInvokeExactBehavior();
    private static final int PADDING = 16;
    private static final int HELD = PADDING;
    private static final int RELEASED = PADDING + 1;
    private static final int WAIT_SUM = PADDING + 2;
    private static final int WAIT_MAX = PADDING + 3;

    private final long[] cells = new long[2 * PADDING + 4];

    /// A request is held back.
    void held() {
        add(HELD, 1);
    }

    /// It goes on its way.
    void released(long waitedNs) {
        add(RELEASED, 1);
        add(WAIT_SUM, waitedNs);
        if (waitedNs > cells[WAIT_MAX]) {
            CELL.setOpaque(cells, WAIT_MAX, waitedNs);
        }
    }

    private void add(int cell, long amount) {
        CELL.setOpaque(cells, cell, cells[cell] + amount);
    }

    /// What it has counted.
    QosStatistics read() {
        final long released = (long) CELL.getOpaque(cells, RELEASED);
        final long held = (long) CELL.getOpaque(cells, HELD);
        return new QosStatistics(held, Math.max(0, held - released), (long) CELL.getOpaque(cells, WAIT_SUM), (long)
                CELL.getOpaque(cells, WAIT_MAX));
    }
}
