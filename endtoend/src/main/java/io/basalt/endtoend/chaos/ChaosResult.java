package io.basalt.endtoend.chaos;

import io.basalt.endtoend.chaos.load.GuestLoad;
import io.basalt.endtoend.chaos.load.HistoryCheck;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What a run came to.
///
/// @param faults results in the order of the plan; fewer if the run ended early
/// @param quietNs the longest that a request took before anything was done to the cluster, in nanoseconds
/// @param elapsedNs time under load, in nanoseconds
/// @param load null if it did not get to its end
/// @param history null if it was not checked
/// @param wireFaults pieces that proxies damaged or lost
/// @param stallLimitNs what no stall may exceed; 0 for no limit
/// @param complaints what went wrong, in words
record ChaosResult(
        FaultPlan plan,
        List<FaultResult> faults,
        long quietNs,
        long elapsedNs,
        GuestLoad.@Nullable Outcome load,
        HistoryCheck.@Nullable Result history,
        long wireFaults,
        long stallLimitNs,
        List<String> complaints) {
    ChaosResult {
        faults = List.copyOf(faults);
        complaints = List.copyOf(complaints);
    }

    /// Whether nothing went wrong.
    boolean isGood() {
        return complaints.isEmpty();
    }
}
