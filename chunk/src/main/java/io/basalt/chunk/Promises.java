package io.basalt.chunk;

import io.basalt.net.Connection;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What this device has promised to other devices: to follow no other primary until an instant, in every
/// placement group in which it follows them. Control plane; one owner reactor.
///
/// When it stops following a device somewhere, it gives that device's session no further promise: the
/// primary has to connect anew and ask again which copies follow it. So a promise given for all placement
/// groups never covers one that was left. Unless the device says by itself that it leads no longer there
/// ([io.basalt.wire.data.DataMessage#RELEASE]): then it counts on nobody there, and its session lives on.
///
/// A promise also ends when the primary's own kernel says that its end of the session's connection is closed
/// ([Connection#endedByPeer()]): a primary serves nothing under a session from before it closes its connection
/// ([Peer#leaseUntilNs()]), and one that is dead serves nothing at all. A connection that is lost in another way says
/// nothing about the primary, and the promise runs its time.
final class Promises {
    private static final int FOR_GOOD = -1;

    private final Map<Integer, Promise> promises = new HashMap<>();

    /// Until when a device was promised to be followed.
    ///
    /// @param never what to answer if nothing was promised
    long untilNs(int deviceId, long never) {
        final Promise promise = promises.get(deviceId);
        return promise == null || !promise.given ? never : promise.untilNs;
    }

    /// Promise, unless the session was left.
    ///
    /// @return whether the promise is given
    boolean give(int deviceId, long session, long untilNs) {
        final Promise promise = promises.computeIfAbsent(deviceId, id -> new Promise());
        if (session <= promise.leftSession) {
            return false;
        }
        promise.given = true;
        promise.session = session;
        promise.untilNs = untilNs;
        return true;
    }

    /// A session is carried by a connection.
    void carriedBy(int deviceId, long session, Connection connection) {
        final Promise promise = promises.computeIfAbsent(deviceId, id -> new Promise());
        promise.carrier = connection;
        promise.carried = session;
    }

    /// The peer has closed a connection: what was promised to the session that it carried is over, and no more is
    /// promised to it.
    @SuppressWarnings("ReferenceEquality") // a connection is itself and no other
    void ended(Connection connection, long nowNs, EndListener listener) {
        promises.forEach((deviceId, promise) -> {
            if (promise.carrier == connection) {
                promise.carrier = null;
                if (promise.carried >= promise.leftSession) {
                    promise.leftSession = promise.carried;
                    promise.leftCount = FOR_GOOD;
                }
                if (promise.given && promise.session <= promise.carried) {
                    promise.untilNs = nowNs;
                }
                listener.ended(deviceId, promise.carried);
            }
        });
    }

    /// Hears of primaries that are gone.
    interface EndListener {
        /// A device serves nothing any more under a session and those before.
        void ended(int deviceId, long session);
    }

    /// A device is not followed any more in some placement group.
    ///
    /// @param session the session that was followed
    void left(int deviceId, long session) {
        final Promise promise = promises.computeIfAbsent(deviceId, id -> new Promise());
        if (session > promise.leftSession) {
            promise.leftSession = session;
            promise.leftCount = 1;
        } else if (session == promise.leftSession && promise.leftCount != FOR_GOOD) {
            promise.leftCount++;
        }
    }

    /// A device that is not followed any more in some placement group has said that it knows. If it knows of all, its
    /// session is as good as before.
    void released(int deviceId, long session) {
        final Promise promise = promises.get(deviceId);
        if (promise != null && session == promise.leftSession && promise.leftCount != FOR_GOOD) {
            promise.leftCount--;
            promise.leftSession -= promise.leftCount == 0 ? 1 : 0;
        }
    }

    private static final class Promise {
        private boolean given;
        private long untilNs;
        private long leftSession;

        /// Placement groups in which the session was left and its device has not said that it knows; or [#FOR_GOOD].
        private int leftCount;

        private long session;
        private long carried;
        private @Nullable Connection carrier;
    }
}
