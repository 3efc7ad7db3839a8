package io.basalt.chunk;

/// Wishes that an earlier life of this device may have left under way in the metaserver, for a copy
/// that had joined.
///
/// A life that serves counts on a copy that it has wished for ([Copy#mayBeInSync()]); the next life
/// knows nothing of the wish. If that were granted late, and this primary passed over before it hears
/// so, it would go on without a copy that leads. A wish holds for one epoch: so whoever begins as the
/// primary of a group that lacks copies first has the metaserver raise the epoch, and serves in the
/// next one, by which every earlier wish was granted or never will be.
///
/// ```
///   the first configuration of this life: led from here, with copies that are not in sync?
///        │ no                     │ yes
///        ▼                        ▼                  a newer configuration,
///     nothing to do      taken back, again and again ──────────────────────▶ nothing to do
///                                                    or the metaserver cannot
/// ```
/// One owner reactor.
final class EarlierWishes {
    private final PgReplica replica;

    /// The epoch in which there may be some; 0 for none.
    private int epoch;

    private long nextWishNs;

    EarlierWishes(PgReplica replica) {
        this.replica = replica;
    }

    /// A configuration holds.
    ///
    /// @param isFirst whether it is the first of this life
    void configured(PgConfiguration now, boolean isFirst) {
        final boolean isLed = now.primary() == replica.device().deviceId();
        epoch = isFirst && isLed && now.inSyncCount() < now.count() ? now.epoch() : 0;
        nextWishNs = replica.device().nowNs();
    }

    /// Whether one may be granted yet. Has them taken back, if it is time.
    boolean mayBeGranted(PgConfiguration now, long nowNs) {
        if (epoch != 0 && nowNs - nextWishNs >= 0) {
            nextWishNs = nowNs + replica.device().settings().wishNs();
            final int asked = epoch;
            replica.device().membership().takeBack(replica.pg(), asked, now.outOfSync(), () -> cannot(asked));
        }
        return epoch != 0;
    }

    private void cannot(int asked) {
        if (epoch == asked) {
            epoch = 0;
        }
    }
}
