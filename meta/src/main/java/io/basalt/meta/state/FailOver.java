package io.basalt.meta.state;

import io.basalt.placement.ReplicaSet;
import io.basalt.wire.meta.MetaCode;

/// The rule by which copies leave the in-sync set of a placement group when they do not answer.
///
/// 1. They leave when those that are left, are in sync and answer are at least the set's min copies: I/O
///    goes on without them.
/// 2. Otherwise they stay, and I/O waits for one of them: what was acknowledged has been promised on min
///    copies, and a disk may have failed without anybody having noticed yet.
/// 3. Or it waits for another copy that answers and could take their place. It must have everything
///    first, so a copy in sync that answers has to lead ([#leader]): it brings the other one in without
///    the silent ones, and these leave in the step in which that one joins.
/// 4. A device that is recorded as failed does not come back by waiting. It leaves as long as another
///    copy in sync answers; while too few are in sync then, the primary acknowledges no change.
/// 5. The last copy in sync never leaves.
///
/// Commands of version 2 knew no third rule; by theirs silent copies left in the hope for such another one
/// ([#settledInHope]).
final class FailOver {
    /// From this version on commands follow the third rule.
    static final int KEEPS_SILENT_COPIES = 3;

    private FailOver() {}

    /// The in-sync flags that a placement group goes on with.
    ///
    /// @param mask the flags until now: bit i for replica i
    /// @param version of the command that asks
    static int settled(ReplicaSet replicas, int mask, int minCopies, DeviceView devices, int version) {
        final int answering = answeringMask(replicas, mask, devices);
        final boolean isEnough = version < KEEPS_SILENT_COPIES
                ? settledInHope(replicas, mask, minCopies, devices)
                : answering != 0 && Integer.bitCount(answering) >= minCopies;
        if (isEnough) {
            return answering;
        }
        return answering == 0 ? mask : mask & ~failedMask(replicas, mask, devices);
    }

    /// Whether those in sync that answer are enough by the rule of version 2: one of them, and so many
    /// others that min copies could be in sync soon.
    private static boolean settledInHope(ReplicaSet replicas, int mask, int minCopies, DeviceView devices) {
        final int good = answering(replicas, mask, devices);
        return good != 0 && good + answering(replicas, ~mask, devices) >= minCopies;
    }

    /// Which replica is to lead, by its place in the row.
    ///
    /// @param mask the in-sync flags as settled
    /// @return -1 if it is the right one that does
    static int leader(ReplicaSet replicas, int mask, int minCopies, DeviceView devices, int version) {
        final int first = Integer.numberOfTrailingZeros(mask);
        final boolean isLed = first >= replicas.size() || devices.answers(replicas.device(first));
        final int all = (1 << replicas.size()) - 1;
        if (version < KEEPS_SILENT_COPIES || isLed || answering(replicas, all, devices) < minCopies) {
            return -1;
        }
        final int good = answeringMask(replicas, mask, devices);
        return good == 0 ? -1 : Integer.numberOfTrailingZeros(good);
    }

    private static int answeringMask(ReplicaSet replicas, int mask, DeviceView devices) {
        int answering = 0;
        for (int index = 0; index < replicas.size(); index++) {
            final boolean answers = (mask & 1 << index) != 0 && devices.answers(replicas.device(index));
            answering |= answers ? 1 << index : 0;
        }
        return answering;
    }

    private static int failedMask(ReplicaSet replicas, int mask, DeviceView devices) {
        int failed = 0;
        for (int index = 0; index < replicas.size(); index++) {
            final int device = replicas.device(index);
            final boolean isOut = (mask & 1 << index) != 0 && devices.failed(device) && !devices.answers(device);
            failed |= isOut ? 1 << index : 0;
        }
        return failed;
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
        return Integer.bitCount(answeringMask(replicas, mask, devices));
    }
}
