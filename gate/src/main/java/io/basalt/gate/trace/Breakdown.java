package io.basalt.gate.trace;

import io.basalt.block.LatencyDistribution;
import io.basalt.block.Stage;
import java.util.EnumMap;
import java.util.Map;

/// Where the time of a volume's requests has gone since it was opened. Immutable.
///
/// @param ring times in the ring, of reads and writes together, as far as they are known: see [Stage#RING]
public record Breakdown(LatencyDistribution ring, Direction read, Direction write) {
    /// Nothing.
    public static final Breakdown NONE = new Breakdown(LatencyDistribution.NONE, Direction.NONE, Direction.NONE);

    /// Reads, or writes.
    ///
    /// @param total times from taking requests to answering them
    /// @param costs by stage, all of them but for [Stage#RING]; what they cost adds up to the total
    /// @param slow requests that took longer than what the gate calls slow
    public record Direction(LatencyDistribution total, Map<Stage, Cost> costs, long slow) {
        static final Direction NONE = new Direction(LatencyDistribution.NONE, Map.of(), 0);

        public Direction {
            costs = Map.copyOf(costs);
        }

        Direction plus(Direction other) {
            final Map<Stage, Cost> sums = new EnumMap<>(Stage.class);
            for (final Stage stage : Stage.values()) {
                sums.put(stage, cost(stage).plus(other.cost(stage)));
            }
            return new Direction(total.plus(other.total), sums, slow + other.slow);
        }

        /// What a stage has taken and cost.
        public Cost cost(Stage stage) {
            return costs.getOrDefault(stage, Cost.NONE);
        }
    }

    /// One stage.
    ///
    /// @param times as they were measured
    /// @param costNs what the stage has cost of the requests' time: see [io.basalt.block.StageTimes]
    public record Cost(LatencyDistribution times, long costNs) {
        static final Cost NONE = new Cost(LatencyDistribution.NONE, 0);

        Cost plus(Cost other) {
            return new Cost(times.plus(other.times), costNs + other.costNs);
        }
    }

    /// Both together.
    public Breakdown plus(Breakdown other) {
        return new Breakdown(ring.plus(other.ring), read.plus(other.read), write.plus(other.write));
    }
}
