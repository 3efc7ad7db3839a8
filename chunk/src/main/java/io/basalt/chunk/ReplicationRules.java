package io.basalt.chunk;

/// The decisions that the safety of replication hangs on, each in one place. There is one right answer to each; the
/// simulator gives wrong ones on purpose, to show that its oracles notice.
public class ReplicationRules {
    /// The right ones.
    public static final ReplicationRules STANDARD = new ReplicationRules();

    /// Only [#STANDARD] and tests' deliberate mistakes.
    protected ReplicationRules() {}

    /// Whether a change may be acknowledged.
    ///
    /// @param here whether this copy has it durable
    /// @param missing in-sync copies that do not have it durable yet
    public boolean mayAcknowledge(boolean here, int missing) {
        return here && missing == 0;
    }

    /// Whether a message belongs to a configuration that is over.
    public boolean isStaleEpoch(int messageEpoch, int knownEpoch) {
        return messageEpoch < knownEpoch;
    }

    /// Whether a message comes from another session than the one that is followed.
    public boolean isForeignSession(long messageSession, long followedSession) {
        return messageSession != followedSession;
    }

    /// Whether a request comes from an attachment that has been superseded.
    public boolean isFenced(long messageGeneration, long knownGeneration) {
        return messageGeneration < knownGeneration;
    }

    /// Whether two requests for the same shard must run one after the other: they share a block and one of
    /// them is a change.
    public boolean mustWait(boolean overlap, boolean oneIsChange) {
        return overlap && oneIsChange;
    }

    /// Whether a copy's lease still runs at an instant.
    public boolean leaseHolds(long nowNs, long leaseUntilNs) {
        return nowNs - leaseUntilNs < 0;
    }

    /// Whether a copy may follow another primary: what it promised to the earlier one is over.
    public boolean isPromiseOver(long nowNs, long promisedUntilNs) {
        return nowNs - promisedUntilNs >= 0;
    }

    /// Whether a change that was executed under the same identity before is not executed again.
    public boolean remembersIdentities() {
        return true;
    }

    /// Whether a primary that has just taken over must compare the copies before it serves.
    public boolean mustReconcile() {
        return true;
    }
}
