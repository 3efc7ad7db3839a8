package io.basalt.chunk;

import java.util.BitSet;

/// Whether this device may lack shards and does not know which, for each placement group.
///
/// A store that has lost shards and does not know which says that it is incomplete
/// ([io.basalt.store.chunk.ChunkStore#isIncomplete]), and keeps that over restarts. Then a shard that it does not know
/// is not taken for one that was never written. It is cured group by group, by the comparisons of copies:
///
/// ```
///  incomplete store:   no group is complete
///      │ a group was compared, and one of the two copies was complete: what this one lacks it has got
///      ▼
///  ... more groups are complete ...
///      │ all that are here are
///      ▼
///  complete store:     every group is complete
///      │ a copy that is brought up to date gets what its primary has, and that one is not complete
///      ▼
///  incomplete store:   every group is complete but that one
/// ```
///
/// * A primary that takes over has, at the end, what any copy in sync has: it is complete if one of them is.
/// * A copy that is compared has, at the end, what its primary has: it is complete if the primary is ([#complete]).
/// * A copy in sync that is complete stays so, whatever its primary is. Only one that was out of sync takes over what
/// its
///   primary lacks ([#incomplete]), since what was written meanwhile may be lost by the primary.
///
/// So what is lost is found again as soon as one copy in sync is complete; while none is, all say so. What is known of
/// single groups ends with the process. Control plane; one owner reactor.
final class Completeness {
    private final ChunkDevice device;
    private final BitSet complete = new BitSet();

    Completeness(ChunkDevice device) {
        this.device = device;
    }

    /// Whether every shard of a placement group that this copy should have, it knows.
    boolean isComplete(int pg) {
        return !device.store().isIncomplete() || complete.get(pg);
    }

    /// A copy that is complete has been compared with this one.
    void complete(int pg) {
        complete.set(pg);
        look();
    }

    /// This copy was brought up to date by one that is not complete.
    ///
    /// @return whether that is durable; if not, say it again
    boolean incomplete(int pg) {
        if (!device.store().isIncomplete()) {
            complete.set(0, device.pgCount());
        }
        complete.clear(pg);
        return device.store().declareIncomplete();
    }

    /// See whether every group that is here is complete by now; groups go, too.
    void look() {
        if (device.store().isIncomplete() && device.areAllHere(complete)) {
            device.store().declareComplete();
        }
    }
}
