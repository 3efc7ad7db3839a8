package io.basalt.cli.why;

import io.basalt.block.LatencyDistribution;
import io.basalt.block.Stage;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/// The reads, or the writes, of a volume in some time.
///
/// @param requests all that were answered
/// @param total times of those that were not answered at once
/// @param costs by stage; those that were never measured are not there
/// @param slow requests slower than the gate's threshold
record Side(long requests, LatencyDistribution total, Map<Stage, StageCost> costs, long slow) {
    Side {
        costs = Map.copyOf(costs);
    }

    /// What a gate tells, with the time in the ring that every request has spent in the mean.
    static Side of(JsonNode told, LatencyDistribution ring) {
        final LatencyDistribution total = Told.distribution(told.path("total"));
        final Map<Stage, StageCost> costs = new EnumMap<>(Stage.class);
        if (ring.count() > 0) {
            costs.put(Stage.RING, new StageCost(Stage.RING, ring, ring.meanNs() * total.count()));
        }
        for (final JsonNode each : told.path("stages")) {
            final Stage stage = Told.stage(each.path("stage").asString(""));
            if (stage != null) {
                costs.put(
                        stage,
                        new StageCost(
                                stage,
                                Told.distribution(each),
                                each.path("cost_ns").longValue(0)));
            }
        }
        return new Side(
                told.path("requests").longValue(0),
                total,
                costs,
                told.path("slow").longValue(0));
    }

    /// What came after an earlier moment.
    ///
    /// @param ring times in the ring since then
    Side since(Side earlier, LatencyDistribution ring) {
        final LatencyDistribution since = total.since(earlier.total);
        final Map<Stage, StageCost> rest = new EnumMap<>(Stage.class);
        costs.forEach((stage, cost) -> {
            final StageCost before = earlier.costs.get(stage);
            rest.put(stage, before == null ? cost : cost.since(before));
        });
        rest.remove(Stage.RING);
        if (ring.count() > 0) {
            rest.put(Stage.RING, new StageCost(Stage.RING, ring, ring.meanNs() * since.count()));
        }
        rest.values().removeIf(cost -> cost.times().count() == 0);
        return new Side(Told.since(requests, earlier.requests), since, rest, Told.since(slow, earlier.slow));
    }

    /// What all stages have cost together, in nanoseconds.
    long costNs() {
        return costs.values().stream().mapToLong(StageCost::costNs).sum();
    }

    /// What a stage has cost, in nanoseconds.
    long costNs(Stage stage) {
        final StageCost cost = costs.get(stage);
        return cost == null ? 0 : cost.costNs();
    }

    /// The stages that took any time, most costly first.
    List<StageCost> ranked() {
        return costs.values().stream()
                .filter(cost -> cost.times().sumNs() > 0)
                .sorted((one, other) -> Long.compare(other.costNs(), one.costNs()))
                .toList();
    }
}
