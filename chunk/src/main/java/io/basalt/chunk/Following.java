package io.basalt.chunk;

import io.basalt.net.Incoming;
import io.basalt.wire.data.AnswerBody;
import io.basalt.wire.data.AnswerCode;
import io.basalt.wire.data.ReplicaRequest;
import io.basalt.wire.data.Sessions;
import io.basalt.wire.data.ShardRange;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// Whom one placement group's replica follows, and what it owes to whom it followed before.
///
/// ```
///                PREPARE                       PREPARE of another device
///   nobody ──────────────────▶ device, epoch, session ─────────────▶ nobody, until the promise to the first is over
///      ▲                          │        ▲   │                     and nothing of it is under way here
///      └── a map says otherwise, ─┘        └───┘ the same device's later session or epoch
///          or RELEASE
/// ```
///
/// A copy follows one primary at a time. It leaves an earlier primary only when what it has promised that
/// one is over and nothing of it is under way here any more, so that a primary that has been left can
/// neither serve a read nor change a copy. A primary that knows that it is one no longer says so, and its promise is
/// over
/// ([#released]). One owner reactor.
final class Following {
    /// Flag of an answer to PREPARE: the copy has not followed this primary in its present life.
    static final int NEW_LIFE = 1;

    /// Flag of an answer to PREPARE: the copy has been told what is common in its present life, so it was compared
    /// with the others in it, and has all of that.
    static final int HAS_COMMON = 2;

    /// Flag of an answer to PREPARE: the copy may lack shards, and does not know which: see [Completeness].
    static final int INCOMPLETE = 4;

    /// Flag of an answer to PREPARE: the copy lists its shards with digests, if it is asked for them.
    static final int DIGESTS = 8;

    private final PgReplica replica;
    private final ChunkDevice device;
    private int followedDevice;
    private int followedEpoch;
    private long followedSession;
    private long promisedUntilNs;
    private int owedDevice;
    private long owedSession;
    private int applyingCount;

    Following(PgReplica replica) {
        this.replica = replica;
        device = replica.device();
        promisedUntilNs = device.graceUntilNs();
    }

    /// Whether what was promised to the primary that was followed last is over.
    boolean isPromiseOver(long nowNs) {
        return ReplicationRules.isPromiseOver(nowNs, promisedUntilNs);
    }

    /// A primary asks to be followed: answer it.
    void asked(Incoming in) {
        final MemorySegment body = in.body();
        final int primary = ShardRange.shardIndex(body);
        final int asked = ShardRange.epoch(body);
        final long session = ReplicaRequest.session(body);
        final boolean isKnown = primary == followedDevice && Sessions.life(session) == Sessions.life(followedSession);
        final AnswerCode code = follow(primary, asked, session);
        if (code == AnswerCode.OK) {
            device.promises().carriedBy(primary, session, in.connection());
        }
        AnswerBody.set(in.answerBody(), replica.epoch(), answerFlags(isKnown), replica.highest());
        in.answer(code.code(), AnswerBody.BYTES);
    }

    private int answerFlags(boolean isKnown) {
        return DIGESTS
                | (isKnown ? 0 : NEW_LIFE)
                | (replica.commonBelow() > 0 ? HAS_COMMON : 0)
                | (device.completeness().isComplete(replica.pg()) ? 0 : INCOMPLETE);
    }

    private AnswerCode follow(int primary, int asked, long session) {
        if (ReplicationRules.isStaleEpoch(asked, replica.epoch())) {
            return AnswerCode.STALE_EPOCH;
        }
        if (replica.state() == PgState.LEFT_OUT && device.store().hasFailed()) {
            // It may have everything, so it would join, and the next change would throw it out again: for ever.
            return AnswerCode.IO_ERROR;
        }
        if (!replica.mayFollow(primary, asked)) {
            return AnswerCode.NO_LEASE;
        }
        final boolean isSame = primary == followedDevice;
        if (isSame && asked == followedEpoch && session < followedSession) {
            return AnswerCode.NO_SESSION;
        }
        final boolean isSameLife = isSame && Sessions.life(session) == Sessions.life(followedSession);
        replica.superseded(asked);
        replica.giveWay();
        if (!isSame) {
            leave();
            if (!isPromiseOver(device.nowNs())) {
                return AnswerCode.NO_LEASE;
            }
        }
        if (!isSameLife && applyingCount > 0) {
            followedSession = 0;
            return AnswerCode.NO_LEASE;
        }
        followedDevice = primary;
        followedEpoch = asked;
        followedSession = session;
        return AnswerCode.OK;
    }

    /// Follow nobody: what was promised stays promised, and no more is.
    void leave() {
        if (followedDevice != 0) {
            owedDevice = followedDevice;
            owedSession = followedSession;
            promisedUntilNs = device.promises().untilNs(followedDevice, promisedUntilNs);
            device.promises().left(followedDevice, followedSession);
        }
        followedDevice = 0;
        followedEpoch = 0;
        followedSession = 0;
    }

    /// A primary serves nothing any more under a session and those before: nothing is owed to it.
    void ended(int primary, long session) {
        if (primary == owedDevice && owedSession <= session) {
            promisedUntilNs = Math.min(promisedUntilNs, device.nowNs());
        }
    }

    /// A primary says that it serves nothing here any more, in an epoch and those before.
    void released(int primary, long session, int upTo) {
        if (primary == owedDevice && owedSession <= session) {
            owedDevice = 0;
            promisedUntilNs = Math.min(promisedUntilNs, device.nowNs());
            device.promises().released(primary, owedSession);
        }
        if (primary == followedDevice && followedSession <= session && followedEpoch <= upTo) {
            followedDevice = 0;
            followedEpoch = 0;
            followedSession = 0;
        }
    }

    /// Whether a primary's message is to be refused, and how; null if it is to be obeyed.
    @Nullable
    AnswerCode refusal(int messageEpoch, long session) {
        if (ReplicationRules.isStaleEpoch(messageEpoch, replica.epoch())) {
            return AnswerCode.STALE_EPOCH;
        }
        if (messageEpoch > followedEpoch && replica.state() != PgState.ABSENT && followedDevice != 0) {
            return AnswerCode.NO_SESSION;
        }
        return ReplicationRules.isForeignSession(session, followedSession) || followedDevice == 0
                ? AnswerCode.NO_SESSION
                : null;
    }

    /// A change begins on this device, in whatever role.
    void applyingBegins() {
        applyingCount++;
    }

    /// A change has ended on this device.
    void applyingEnds() {
        applyingCount--;
    }

    @Override
    public String toString() {
        return "follows device " + followedDevice + ", applying " + applyingCount;
    }
}
