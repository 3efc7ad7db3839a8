package io.basalt.meta.state;

import io.basalt.placement.ReplicaSet;
import io.basalt.wire.meta.MetaCode;

/// The rule by which copies leave the in-sync set of a placement group when they do not answer.
///
/// 1. They leave when those that are left, and answer, are at least the set's min copies: I/O goes on without them.
/// 2. They also leave when one that is in sync answers, and so many others answer that min copies can be in sync again
///    soon: only a primary that serves can bring those in, and it cannot serve while a copy in sync is silent. It
///    acknowledges no change meanwhile.
/// 3. Otherwise they stay, and I/O waits for one of them: what was acknowledged has been promised on min copies.
/// 4. A device that is recorded as failed does not come back by waiting. It leaves as long as another copy answers;
///    while too few are in sync then, the primary acknowledges no change.
/// 5. The last copy in sync never leaves.
final class FailOver {
    private FailOver() {}

    /// The in-sync flags that a placement group goes on with.
    ///
    /// @param mask the flags until now: bit i for replica i
    static int settled(ReplicaSet replicas, int mask, int minCopies, DeviceView devices) {
        int answering = 0;
        int failed = 0;
        for (int index = 0; index < replicas.size(); index++) {
            final int bit = mask & 1 << index;
            if (bit != 0 && devices.answers(replicas.device(index))) {
                answering |= bit;
            } else if (bit != 0 && devices.failed(replicas.device(index))) {
                failed |= bit;
            }
        }
        final int others = answering(replicas, ~mask, devices);
        if (answering != 0 && Integer.bitCount(answering) + others >= minCopies) {
            return answering;
        }
        return answering == 0 ? mask : mask & ~failed;
    }

    /// Refuses to let a copy go that is needed.
    ///
    /// @param index of the replica that is to leave; it is in sync
    static void requireDispensable(
            int pg, ReplicaSet replicas, int mask, int index, int minCopies, DeviceView devices) {
        final int others = mask & ~(1 << index);
        final int device = replicas.device(index);
        if (others == 0) {
            throw new Refusal(
                    MetaCode.LAST_COPY,
                    "device",
                    device + " has the last good copy of pg " + pg,
                    "bring another copy back first; until then I/O to it waits");
        }
        if (devices.failed(device)) {
            return;
        }
        final int answering = answering(replicas, others, devices);
        if (answering < minCopies) {
            throw new Refusal(
                    MetaCode.TOO_FEW_COPIES,
                    "device",
                    device + " is needed: without it pg " + pg + " has " + answering + " good copies that answer, and"
                            + " the set wants " + minCopies,
                    "bring another copy back; until then I/O to it waits");
        }
    }

    /// How many of these copies answer.
    ///
    /// @param mask bit i for replica i
    static int answering(ReplicaSet replicas, int mask, DeviceView devices) {
        int count = 0;
        for (int index = 0; index < replicas.size(); index++) {
            final boolean counts = (mask >>> index & 1) != 0 && devices.answers(replicas.device(index));
            count += counts ? 1 : 0;
        }
        return count;
    }
}
