package io.basalt.cli.why;

import io.basalt.block.LatencyDistribution;
import io.basalt.block.Stage;

/// What one stage has taken and cost of some requests.
///
/// @param times as they were measured
/// @param costNs what of the requests' time it has cost
record StageCost(Stage stage, LatencyDistribution times, long costNs) {
    StageCost since(StageCost earlier) {
        final long rest = costNs - earlier.costNs;
        return rest < 0 ? this : new StageCost(stage, times.since(earlier.times), rest);
    }
}
