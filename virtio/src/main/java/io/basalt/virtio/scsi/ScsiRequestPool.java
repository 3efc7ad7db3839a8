package io.basalt.virtio.scsi;

import org.jspecify.annotations.Nullable;

/// The requests of one queue: idle ones, and completed ones in the order of their completion. One owner thread.
final class ScsiRequestPool {
    private ScsiRequest[] all = {};
    private @Nullable ScsiRequest idle;
    private @Nullable ScsiRequest completedFirst;
    private @Nullable ScsiRequest completedLast;

    /// Have this many idle requests; none is in use.
    void reset(int count, int dataCapacity, ScsiRequest.Owner owner) {
        assert completedFirst == null;
        if (all.length < count) {
            final byte[] header = new byte[ScsiHostSpec.REQUEST_LENGTH];
            final byte[] staging = new byte[ScsiHostSpec.RESPONSE_LENGTH];
            all = new ScsiRequest[count];
            for (int i = 0; i < count; i++) {
                all[i] = new ScsiRequest(owner, dataCapacity, header, staging);
            }
        }
        // From the full list: what an access to lost memory interrupted was never given back.
        idle = null;
        for (final ScsiRequest request : all) {
            giveBack(request);
        }
    }

    boolean isEmpty() {
        return idle == null;
    }

    /// An idle request, taken; null if there is none.
    @Nullable
    ScsiRequest take() {
        final ScsiRequest taken = idle;
        if (taken != null) {
            idle = taken.next;
            taken.next = null;
            taken.inUse = true;
        }
        return taken;
    }

    void giveBack(ScsiRequest request) {
        request.inUse = false;
        request.next = idle;
        idle = request;
    }

    void addCompleted(ScsiRequest request) {
        assert request.next == null;
        final ScsiRequest last = completedLast;
        if (last == null) {
            completedFirst = request;
        } else {
            last.next = request;
        }
        completedLast = request;
    }

    boolean hasCompleted() {
        return completedFirst != null;
    }

    /// The first of the completed ones, taken off the list; null if there are none.
    @Nullable
    ScsiRequest takeCompleted() {
        final ScsiRequest first = completedFirst;
        if (first != null) {
            completedFirst = first.next;
            first.next = null;
            if (completedFirst == null) {
                completedLast = null;
            }
        }
        return first;
    }

    /// Whether a command of a target is under way that may change its volume and came no later than another.
    /// What waits for the control reactor changes nothing, and may itself wait for what this is asked for.
    boolean holdsUpTo(int target, long sequence) {
        for (final ScsiRequest each : all) {
            if (isOf(each, target) && each.sequence <= sequence && !each.onErrand) {
                return true;
            }
        }
        return false;
    }

    /// Whether a command of a target is under way.
    ///
    /// @param any whether any is meant, not only the one of this tag
    boolean holds(int target, boolean any, long tag) {
        for (final ScsiRequest each : all) {
            if (isOf(each, target) && (any || each.tag() == tag)) {
                return true;
            }
        }
        return false;
    }

    private static boolean isOf(ScsiRequest request, int target) {
        final Lane lane = request.lane;
        return request.inUse && lane != null && lane.target == target;
    }
}
