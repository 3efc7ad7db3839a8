package io.basalt.chunk;

import io.basalt.wire.data.AnswerCode;
import io.basalt.wire.data.DataMessage;
import io.basalt.wire.data.ReplicaRequest;
import io.basalt.wire.data.ShardRange;
import org.jspecify.annotations.Nullable;

/// Another copy of a placement group, as its primary sees it. One owner reactor.
final class Copy implements ReplicaCall.Owner {
    /// How many times as long a copy without space waits for its next comparison, at most.
    private static final int SPACE_PATIENCE_MAX = 16;

    private final PgReplica replica;
    private final Peer peer;
    private final int slot;

    private CopyState state = CopyState.LOST;
    private boolean inSync;
    private boolean wasInSync;
    private boolean joining;
    private boolean joined;

    /// The metaserver was asked to record it as in sync, and may have: its answer may be lost.
    private boolean wished;

    private boolean isUnverified;
    private boolean knowsCommon;
    private boolean isComplete;
    private boolean hasDigests;
    private boolean verifying;
    private boolean failed;
    private long neededFrom;
    private long highest;
    private long nextPrepareNs;
    private long nextWishNs;
    private long nextRemovalNs;

    /// How many times as long as others it waits for its next comparison.
    private int patience = 1;

    /// @param slot number of this copy within the placement group, 0 to 6, for as long as this object lives
    Copy(PgReplica replica, Peer peer, int slot) {
        this.replica = replica;
        this.peer = peer;
        this.slot = slot;
        nextPrepareNs = replica.device().nowNs();
        nextWishNs = nextPrepareNs;
        nextRemovalNs = nextPrepareNs;
    }

    int slot() {
        return slot;
    }

    Peer peer() {
        return peer;
    }

    /// Whether it still stands for its device: another configuration may have replaced it.
    @SuppressWarnings("ReferenceEquality") // one that was replaced is another one, though its slot is the same
    boolean isCurrent() {
        return replica.copy(slot) == this;
    }

    boolean isInSync() {
        return inSync;
    }

    /// Whether it takes our changes: it has promised to, on the present connection.
    boolean isFollowing() {
        return state == CopyState.FOLLOWING;
    }

    /// Whether it has what is known to be common to all copies: this primary has seen it in sync, and its device
    /// has not begun a new life.
    boolean hasCommon() {
        return wasInSync && !isUnverified;
    }

    /// Whether it says that it has what is common to all copies, when it began to follow.
    boolean knowsCommon() {
        return knowsCommon;
    }

    /// Whether it lacks no shard that it should know, as it said when it began to follow or has been told since.
    boolean isComplete() {
        return isComplete;
    }

    /// Whether it lists its shards with digests.
    boolean hasDigests() {
        return hasDigests;
    }

    /// It was told.
    void complete(boolean nowComplete) {
        isComplete = nowComplete;
    }

    /// Whether a change of a version has to be there before it is acknowledged.
    boolean isNeededFor(long version) {
        return mayBeInSync() || (joining && version >= neededFrom);
    }

    /// Whether it is recorded as in sync, or may be for all that is known here: then it may lead before this primary
    /// hears of that. So no change is acknowledged without it and no read answered without its lease, until another
    /// configuration says what it is.
    boolean mayBeInSync() {
        return inSync || wished;
    }

    /// Whether its device gave an error in this configuration.
    boolean hasFailed() {
        return failed;
    }

    /// Whether it is being compared with this device's copy.
    boolean isCompared() {
        return joining || verifying;
    }

    /// Whether it is known to have everything: it is in sync, and its device has not begun a new life since.
    boolean isVerified() {
        return inSync && !isUnverified;
    }

    /// The first change that it gets while it is being brought up to date.
    long neededFrom() {
        return neededFrom;
    }

    /// Whether it has everything and only waits to be recorded as in sync.
    boolean hasJoined() {
        return joined;
    }

    /// Whether it is to be compared: it is not in sync, or has begun a new life, in which its device may
    /// have lost what it had promised to keep.
    boolean isToBeCompared() {
        return isFollowing()
                && !isCompared()
                && !isVerified()
                && replica.device().nowNs() - nextWishNs >= 0;
    }

    /// Highest version that it has seen, as it said when it began to follow.
    long highest() {
        return highest;
    }

    /// A new configuration holds: the copy has to be asked to follow in it.
    void configured(boolean nowInSync) {
        inSync = nowInSync;
        wished = false;
        wasInSync |= nowInSync;
        if (nowInSync) {
            joining = false;
            joined = false;
        }
        failed = false;
        nextPrepareNs = replica.device().nowNs();
        nextRemovalNs = nextPrepareNs;
        lost();
    }

    /// Compare it: one that is not in sync gets every change from a version on.
    void compare(long from) {
        assert isToBeCompared();
        verifying = inSync;
        joining = !inSync;
        joined = false;
        neededFrom = from;
    }

    /// It has everything that was written before the comparison, too.
    void broughtUpToDate() {
        joined = joining;
        verifying = false;
        isUnverified = false;
        patience = 1;
    }

    /// Its device has no space for what it lacks. To find that out again costs both devices a comparison of the whole
    /// placement group, so it is done less and less often.
    void hasNoSpace() {
        patience = Math.min(SPACE_PATIENCE_MAX, 2 * patience);
    }

    /// All in-sync copies have been brought together.
    void reconciled() {
        isUnverified &= !inSync;
    }

    /// The comparison could not be finished: it is begun anew later.
    void comparisonFailed() {
        verifying = false;
        nextWishNs = replica.device().nowNs()
                + patience * replica.device().settings().wishNs();
        stopJoining();
    }

    /// It is not compared any more: the primary begins anew.
    void comparisonEnds() {
        verifying = false;
        stopJoining();
    }

    /// It does not follow any more, or cannot be reached.
    void lost() {
        if (state != CopyState.LOST) {
            become(CopyState.LOST);
        }
        comparisonEnds();
    }

    /// Its device gave an error. A copy that is in sync is to be so no longer; another one may try to join
    /// again later.
    void failed() {
        failed = inSync;
        verifying = false;
        if (joining) {
            nextWishNs = replica.device().nowNs() + replica.device().settings().wishNs();
        }
        stopJoining();
    }

    private void stopJoining() {
        if (joining) {
            joining = false;
            joined = false;
            replica.recheck();
        }
    }

    /// Ask it to follow, if it is time.
    void tick(long nowNs) {
        if (state == CopyState.LOST && peer.isReady() && nowNs - nextPrepareNs >= 0) {
            askToFollow(nowNs);
        }
        final boolean isGivenUp = inSync ? failed || peer.isSuspect(nowNs) : wished && !joined;
        if (isGivenUp && nowNs - nextRemovalNs >= 0) {
            nextRemovalNs = nowNs + replica.device().settings().wishNs();
            replica.wishRemoved(peer.deviceId());
        }
        if (joined && !inSync && nowNs - nextWishNs >= 0) {
            nextWishNs = nowNs + replica.device().settings().wishNs();
            wished = true;
            replica.device().membership().addToInSync(replica.pg(), replica.ownEpoch(), peer.deviceId());
        }
    }

    private void askToFollow(long nowNs) {
        final ReplicaCall call = replica.device().takeCall();
        if (call == null) {
            return;
        }
        nextPrepareNs = nowNs + replica.device().settings().tickNs();
        call.prepare(
                this,
                DataMessage.PREPARE,
                replica.pg(),
                replica.ownEpoch(),
                nowNs + replica.device().settings().callNs());
        ShardRange.target(call.body(), 0, 0, 0, replica.device().deviceId(), replica.pg(), replica.ownEpoch());
        ReplicaRequest.order(call.body(), peer.session(), 0);
        if (peer.send(call)) {
            become(CopyState.PREPARING);
        } else {
            replica.device().giveCall(call);
        }
    }

    /// This device leads no longer: the copy need not wait until what it has promised is over. If it is not
    /// reached, or does not know the message, it waits.
    void release() {
        final ReplicaCall call = peer.takesCompared() ? replica.device().takeCall() : null;
        if (call == null) {
            return;
        }
        final int upTo = replica.ownEpoch();
        call.prepare(
                this,
                DataMessage.RELEASE,
                replica.pg(),
                upTo,
                replica.device().nowNs() + replica.device().settings().callNs());
        ShardRange.target(call.body(), 0, 0, 0, replica.device().deviceId(), replica.pg(), upTo);
        ReplicaRequest.order(call.body(), peer.session(), 0);
        if (!peer.send(call)) {
            replica.device().giveCall(call);
        }
    }

    @Override
    public void answered(ReplicaCall call, @Nullable AnswerCode code) {
        if (call.type() == DataMessage.RELEASE) {
            replica.device().giveCall(call);
            return;
        }
        final boolean isCurrent = state == CopyState.PREPARING && epochOf(call) == replica.ownEpoch();
        if (code == AnswerCode.STALE_EPOCH) {
            replica.superseded(call.answeredEpoch());
        }
        if (isCurrent && code == AnswerCode.OK) {
            highest = call.answeredValue();
            isUnverified |= (call.answeredCount() & Following.NEW_LIFE) != 0;
            knowsCommon = (call.answeredCount() & Following.HAS_COMMON) != 0;
            // Whoever does not know the flag does not know whether shards are missing either.
            isComplete = peer.takesCompared() && (call.answeredCount() & Following.INCOMPLETE) == 0;
            hasDigests = (call.answeredCount() & Following.DIGESTS) != 0;
            become(CopyState.FOLLOWING);
            replica.copyFollows(this);
        } else if (state == CopyState.PREPARING) {
            become(CopyState.LOST);
        }
        replica.device().giveCall(call);
    }

    private static int epochOf(ReplicaCall call) {
        return ShardRange.epoch(call.body());
    }

    private void become(CopyState next) {
        assert state.canBecome(next) : "illegal transition of a copy: " + state + " to " + next;
        state = next;
    }

    /// For people.
    @Override
    public String toString() {
        return "copy on device " + peer.deviceId() + " " + state + (inSync ? ", in sync" : "")
                + (isCompared() ? ", compared" : "") + (isUnverified ? ", unverified" : "") + (joined ? ", joined" : "")
                + (wished ? ", wished" : "")
                + (failed ? ", failed" : "");
    }
}
