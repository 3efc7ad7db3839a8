package io.basalt.chunk;

/// The decisions that the safety of replication hangs on, each in one place.
final class ReplicationRules {
    private ReplicationRules() {}

    /// Whether a change may be acknowledged.
    ///
    /// @param here whether this copy has it durable
    /// @param missing in-sync copies that do not have it durable yet
    static boolean mayAcknowledge(boolean here, int missing) {
        return here && missing == 0;
    }

    /// Whether a message belongs to a configuration that is over.
    static boolean isStaleEpoch(int messageEpoch, int knownEpoch) {
        return messageEpoch < knownEpoch;
    }

    /// Whether a message comes from another session than the one that is followed.
    static boolean isForeignSession(long messageSession, long followedSession) {
        return messageSession != followedSession;
    }

    /// Whether a request comes from an attachment that has been superseded.
    static boolean isFenced(long messageGeneration, long knownGeneration) {
        return messageGeneration < knownGeneration;
    }

    /// Whether two requests for the same shard must run one after the other: they share a block and one of
    /// them is a change.
    static boolean mustWait(boolean overlap, boolean oneIsChange) {
        return overlap && oneIsChange;
    }

    /// Whether a copy's lease still runs at an instant.
    static boolean leaseHolds(long nowNs, long leaseUntilNs) {
        return nowNs - leaseUntilNs < 0;
    }

    /// Whether a copy may follow another primary: what it promised to the earlier one is over.
    static boolean isPromiseOver(long nowNs, long promisedUntilNs) {
        return nowNs - promisedUntilNs >= 0;
    }
}
