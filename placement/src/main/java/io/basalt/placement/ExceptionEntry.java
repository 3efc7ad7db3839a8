package io.basalt.placement;

/// One placement group whose copies belong elsewhere than the draw says.
///
/// @param pg the placement group
/// @param replicas where its copies belong, in order
/// @param reason why, and thereby who takes it back
public record ExceptionEntry(int pg, ReplicaSet replicas, Reason reason) {
    /// Why an entry is in the table.
    public enum Reason {
        /// To even the load out; the [Balancer] adds, changes and drops these.
        BALANCE,
        /// An operator's will; only an operator drops it.
        OPERATOR,
        /// For the time of a repair, migration or maintenance; whoever runs that drops it.
        TEMPORARY
    }

    public ExceptionEntry {
        if (pg < 0) {
            throw new InvalidClusterMapException("exception for pg " + pg + ": placement groups start at 0");
        }
        if (replicas.size() == 0) {
            throw new InvalidClusterMapException(
                    "exception for pg " + pg + " names no device; remove the exception to follow the draw");
        }
    }
}
