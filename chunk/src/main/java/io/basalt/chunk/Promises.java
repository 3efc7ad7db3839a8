package io.basalt.chunk;

import java.util.HashMap;
import java.util.Map;

/// What this device has promised to other devices: to follow no other primary until an instant, in every
/// placement group in which it follows them. Control plane; one owner reactor.
///
/// When it stops following a device somewhere, it gives that device's session no further promise: the
/// primary has to connect anew and ask again which copies follow it. So a promise given for all placement
/// groups never covers one that was left.
final class Promises {
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
        promise.untilNs = untilNs;
        return true;
    }

    /// A device is not followed any more in some placement group.
    ///
    /// @param session the session that was followed
    void left(int deviceId, long session) {
        final Promise promise = promises.computeIfAbsent(deviceId, id -> new Promise());
        promise.leftSession = Math.max(promise.leftSession, session);
    }

    private static final class Promise {
        private boolean given;
        private long untilNs;
        private long leftSession;
    }
}
