package io.basalt.gate.trace;

import io.basalt.block.LatencyDistribution;
import io.basalt.block.LatencyHistogram;
import io.basalt.block.Stage;
import io.basalt.block.StageTimes;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.EnumMap;
import java.util.Map;

/// The times of one volume's reads, or of its writes, on one reactor. One writer, that reactor; any thread may read, in
/// opaque mode.
///
/// A request of which nobody has said anything is counted in one histogram, and nowhere else: its whole time is that of
/// the volume's device.
@SuppressWarnings("EnumOrdinal") // places in an array of this process, nowhere stored
final class DirectionTrace {
    private static final VarHandle CELL =
            MethodHandles.arrayElementVarHandle(long[].class).withInvokeExactBehavior();
    private static final Stage[] STAGES = Stage.values();
    private static final int SLOW = STAGES.length;
    private static final int PADDING = 16;

    private final LatencyHistogram direct = new LatencyHistogram();
    private final LatencyHistogram staged = new LatencyHistogram();
    private final LatencyHistogram[] stages = new LatencyHistogram[STAGES.length];

    /// What each stage has cost in nanoseconds, then the number of slow requests.
    private final long[] cells = new long[PADDING + SLOW + 1 + PADDING];

    DirectionTrace() {
        for (int stage = 0; stage < stages.length; stage++) {
            stages[stage] = new LatencyHistogram();
        }
    }

    /// A request was answered.
    void answered(StageTimes times, long tookNs) {
        if (times.isEmpty()) {
            direct.record(tookNs);
        } else {
            explained(times, tookNs);
        }
    }

    private void explained(StageTimes times, long tookNs) {
        staged.record(tookNs);
        measured(Stage.QOS, times.ns(Stage.QOS), times, tookNs);
        if (!times.isRemote()) {
            final long ownNs = times.costNs(Stage.DEVICE, tookNs);
            measured(Stage.DEVICE, ownNs, times, tookNs);
            return;
        }
        measured(Stage.GATE, times.costNs(Stage.GATE, tookNs), times, tookNs);
        measured(Stage.NETWORK, times.ns(Stage.NETWORK), times, tookNs);
        if (times.device() != 0) {
            measured(Stage.QUEUE, times.ns(Stage.QUEUE), times, tookNs);
            measured(Stage.DEVICE, times.ns(Stage.DEVICE), times, tookNs);
        }
        if (times.replica1() != 0) {
            measured(Stage.REPLICA_1, times.ns(Stage.REPLICA_1), times, tookNs);
        }
        if (times.replica2() != 0) {
            measured(Stage.REPLICA_2, times.ns(Stage.REPLICA_2), times, tookNs);
        }
    }

    private void measured(Stage stage, long ns, StageTimes times, long tookNs) {
        stages[stage.ordinal()].record(ns);
        add(stage.ordinal(), times.costNs(stage, tookNs));
    }

    /// It was slow.
    void slow() {
        add(SLOW, 1);
    }

    private void add(int cell, long amount) {
        CELL.setOpaque(cells, PADDING + cell, cells[PADDING + cell] + amount);
    }

    private long cell(int cell) {
        return (long) CELL.getOpaque(cells, PADDING + cell);
    }

    /// What was counted. Any thread.
    Breakdown.Direction read() {
        final LatencyDistribution own = direct.read();
        final Map<Stage, Breakdown.Cost> costs = new EnumMap<>(Stage.class);
        for (final Stage stage : STAGES) {
            final LatencyDistribution times = stages[stage.ordinal()].read();
            final Breakdown.Cost cost = new Breakdown.Cost(times, cell(stage.ordinal()));
            costs.put(stage, stage == Stage.DEVICE ? cost.plus(new Breakdown.Cost(own, own.sumNs())) : cost);
        }
        return new Breakdown.Direction(staged.read().plus(own), costs, cell(SLOW));
    }
}
