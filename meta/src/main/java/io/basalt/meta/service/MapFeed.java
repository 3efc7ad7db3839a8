package io.basalt.meta.service;

import io.basalt.placement.ClusterMap;
import io.basalt.wire.meta.MapCodec;
import io.basalt.wire.meta.MapPiece;
import io.basalt.wire.meta.MetaMessage;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/// The newest maps, encoded for those who have an older one, or none.
///
/// A bounded number of older versions is kept, so that a node that comes back after a moment gets what has changed
/// and not everything. What was encoded last is kept too: after a change all subscribers want the same.
final class MapFeed {
    private static final int HISTORY = 64;

    private final Map<Integer, Deque<ClusterMap>> history = new TreeMap<>();
    private @Nullable Update last;

    /// An encoded map or difference.
    ///
    /// @param fromVersion 0 if it is a whole map
    @SuppressWarnings("ArrayRecordComponent") // bytes on their way; never compared
    record Update(int setId, long fromVersion, long toVersion, byte[] bytes, int checksum) {
        /// How many pieces it takes.
        int pieces() {
            return (bytes.length + MetaMessage.PAYLOAD_BYTES_MAX - 1) / MetaMessage.PAYLOAD_BYTES_MAX;
        }

        /// Where a piece begins.
        int offset(int piece) {
            return piece * MetaMessage.PAYLOAD_BYTES_MAX;
        }

        /// How long a piece is.
        int length(int piece) {
            return Math.min(MetaMessage.PAYLOAD_BYTES_MAX, bytes.length - offset(piece));
        }

        /// What is said about a piece.
        byte[] description(int piece) {
            return new MapPiece(setId, fromVersion, toVersion, bytes.length, offset(piece), checksum).toContent();
        }
    }

    /// A set has a newer map.
    void changed(int setId, ClusterMap map) {
        final Deque<ClusterMap> versions = history.computeIfAbsent(setId, ignored -> new ArrayDeque<>());
        versions.addLast(map);
        if (versions.size() > HISTORY) {
            versions.removeFirst();
        }
    }

    /// Forget everything, because the state was replaced.
    void clear() {
        history.clear();
        last = null;
    }

    /// What leads from a version to the newest; null if it is the newest.
    ///
    /// @param heldVersion 0 for none; one that is not known is taken for none
    @Nullable
    Update update(int setId, ClusterMap newest, long heldVersion) {
        if (heldVersion == newest.version()) {
            return null;
        }
        final ClusterMap held = find(setId, heldVersion);
        final long fromVersion = held == null ? 0 : held.version();
        final Update known = last;
        if (known != null
                && known.setId == setId
                && known.fromVersion == fromVersion
                && known.toVersion == newest.version()) {
            return known;
        }
        final byte[] bytes = held == null ? MapCodec.encode(newest) : MapCodec.encodeDelta(held, newest);
        final CRC32C checksum = new CRC32C();
        checksum.update(bytes);
        final Update made = new Update(setId, fromVersion, newest.version(), bytes, (int) checksum.getValue());
        last = made;
        return made;
    }

    private @Nullable ClusterMap find(int setId, long version) {
        for (final ClusterMap map : history.getOrDefault(setId, new ArrayDeque<>())) {
            if (map.version() == version) {
                return map;
            }
        }
        return null;
    }
}
