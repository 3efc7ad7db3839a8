package io.basalt.meta.service;

import io.basalt.wire.meta.ClientIo;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// How much each device does for gates at present: over the last two to five seconds of what it has said.
final class IoRates {
    private static final long WINDOW_NS = 2_500_000_000L;

    private final Map<Integer, Track> tracks = new HashMap<>();

    private static final class Track {
        private ClientIo older;
        private ClientIo newer;
        private ClientIo latest;
        private long heardNs;

        Track(ClientIo first, long nowNs) {
            older = first;
            newer = first;
            latest = first;
            heardNs = nowNs;
        }
    }

    void clear() {
        tracks.clear();
    }

    /// A device has said what it has done so far.
    void heard(int deviceId, ClientIo count, long nowNs) {
        final Track track = tracks.computeIfAbsent(deviceId, ignored -> new Track(count, nowNs));
        track.heardNs = nowNs;
        if (count.atNs() < track.latest.atNs() || count.reads() < track.latest.reads()) {
            // Another process: it counts from the start.
            tracks.put(deviceId, new Track(count, nowNs));
            return;
        }
        track.latest = count;
        if (count.atNs() - track.newer.atNs() >= WINDOW_NS) {
            track.older = track.newer;
            track.newer = count;
        }
    }

    /// What a device does at present.
    ///
    /// @param silenceNs a device that has said nothing for so long does nothing
    IoRate of(int deviceId, long nowNs, long silenceNs) {
        final @Nullable Track track = tracks.get(deviceId);
        return track == null || nowNs - track.heardNs > silenceNs
                ? IoRate.NONE
                : IoRate.between(track.older, track.latest);
    }
}
