package io.basalt.chunk;

import org.jspecify.annotations.Nullable;

/// Which copy of a placement group its primary brings up to date next, and whether it can go on without
/// doing so.
///
/// A primary that serves compares copies one at a time, beside clients' requests. One that cannot serve,
/// because a copy in sync does not follow it, does so, too: the metaserver lets that copy go only when
/// enough others are in sync, since until then nobody else may have what was acknowledged. What this
/// primary has is right whatever comes: it is in sync itself. A silent copy that comes back first is
/// brought together with it before it serves, as in any take-over.
///
/// One owner reactor.
final class Recruits {
    private final PgReplica replica;
    private long goingOnNs;

    Recruits(PgReplica replica) {
        this.replica = replica;
        goesOn();
    }

    /// The copy to compare now, or null. While the primary does not serve, only one that is not in sync:
    /// the others are compared when it takes over.
    @Nullable
    Copy next() {
        for (int slot = 0; slot < PgReplica.SLOTS; slot++) {
            final Copy copy = replica.copy(slot);
            if (copy != null && copy.isToBeCompared() && (replica.state() == PgState.SERVING || !copy.isInSync())) {
                return copy;
            }
        }
        return null;
    }

    /// Whether every copy in sync follows, so that this primary may take over.
    boolean allFollow() {
        for (int slot = 0; slot < PgReplica.SLOTS; slot++) {
            final Copy copy = replica.copy(slot);
            if (copy != null && copy.isInSync() && !copy.isFollowing()) {
                return false;
            }
        }
        return true;
    }

    /// Whether a copy in sync may be gone for longer than a moment.
    boolean isOneSilent(long nowNs) {
        for (int slot = 0; slot < PgReplica.SLOTS; slot++) {
            final Copy copy = replica.copy(slot);
            if (copy != null
                    && copy.isInSync()
                    && !copy.isFollowing()
                    && copy.peer().isSuspect(nowNs)) {
                return true;
            }
        }
        return false;
    }

    /// Whatever was compared is compared anew later.
    void endComparisons() {
        for (int slot = 0; slot < PgReplica.SLOTS; slot++) {
            final Copy copy = replica.copy(slot);
            if (copy != null) {
                copy.comparisonEnds();
            }
        }
    }

    /// Nothing is stuck at present.
    void goesOn() {
        goingOnNs = replica.device().nowNs();
    }

    /// Whether this primary, which serves, has waited for so long for a copy in sync that it should bring
    /// another one in instead: too few are left for the silent one to be let go, and changes under way,
    /// which wait for that one, keep the other one from being compared.
    boolean isStuck(long nowNs) {
        int there = 1;
        boolean isOneToCome = false;
        for (int slot = 0; slot < PgReplica.SLOTS; slot++) {
            final Copy copy = replica.copy(slot);
            if (copy != null && copy.isInSync()) {
                there += copy.isFollowing() ? 1 : 0;
            } else if (copy != null) {
                isOneToCome |= copy.isFollowing() && !copy.hasJoined();
            }
        }
        if (!isOneToCome || there >= replica.device().minCopies() || !isOneSilent(nowNs)) {
            goingOnNs = nowNs;
            return false;
        }
        return nowNs - goingOnNs >= replica.device().settings().leaseNs();
    }
}
