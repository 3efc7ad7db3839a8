package io.basalt.endtoend.chaos;

import io.basalt.endtoend.chaos.load.Stalls.Window;

/// What a fault did to the guest.
///
/// @param number in the plan, from 1
/// @param during from the fault until it was taken back
/// @param after from then on until the next fault
/// @param calmNs how long it took after that until every copy was served again, in nanoseconds
/// @param note what else is to be said; often empty
record FaultResult(int number, Fault fault, Window during, Window after, long calmNs, String note) {
    /// The longest time that a request took because of the fault, in nanoseconds: those that were under way when it
    /// came, or began while it lasted.
    long stallNs() {
        return Math.max(during.longestNs(), during.silenceNs());
    }

    /// The longest time that a request took that began when the fault was taken back, in nanoseconds.
    long returnStallNs() {
        return Math.max(after.longestNs(), after.silenceNs());
    }
}
