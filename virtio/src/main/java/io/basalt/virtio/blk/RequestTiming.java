package io.basalt.virtio.blk;

import io.basalt.block.RequestObserver;

/// What a queue tells of the times that its requests take. One owner reactor.
///
/// How long a request stays in its ring nobody says. But what a look at the ring finds, and the look before did not,
/// has been there since that one at most:
///
/// ```
///  look ────────── look ────────── look
///  (not there)     found, but      taken: at most two looks' time
///                  left there
/// ```
///
/// Of what ends a sleep nothing is known.
final class RequestTiming {
    private static final long UNKNOWN = Long.MIN_VALUE;

    private RequestObserver observer = RequestObserver.NONE;
    private long lookNs = UNKNOWN;
    private int left;
    private long leftSinceNs;

    void observer(RequestObserver newObserver) {
        observer = newObserver;
    }

    /// Nothing is known of what the next look finds.
    void forget() {
        lookNs = UNKNOWN;
        left = 0;
    }

    /// The ring was looked at.
    ///
    /// @param offered requests that were there, at most
    /// @param taken how many of them are not there any more
    void looked(int offered, int taken, long nowNs) {
        if (taken > 0) {
            final int older = Math.min(left, taken);
            if (older > 0) {
                observer.taken(older, nowNs - leftSinceNs);
            }
            if (taken > older && lookNs != UNKNOWN) {
                observer.taken(taken - older, nowNs - lookNs);
            }
            left -= older;
        }
        if (left == 0) {
            leftSinceNs = lookNs == UNKNOWN ? nowNs : lookNs;
        }
        left = offered - taken;
        lookNs = nowNs;
    }

    /// A request was answered. One that was taken in the same pass has taken no time of the reactor's clock.
    void answered(BlkRequest request, long tookNs) {
        if (tookNs == 0) {
            return;
        }
        if (request.kind() == BlkQueueCounters.READ) {
            observer.read(request, tookNs);
        } else if (request.kind() == BlkQueueCounters.WRITE) {
            observer.wrote(request, tookNs);
        }
    }
}
