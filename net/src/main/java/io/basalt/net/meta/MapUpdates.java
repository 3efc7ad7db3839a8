package io.basalt.net.meta;

import io.basalt.placement.ClusterMap;
import io.basalt.wire.meta.FieldReader;
import io.basalt.wire.meta.Limits;
import io.basalt.wire.meta.MapCodec;
import io.basalt.wire.meta.MapPiece;
import io.basalt.wire.meta.MetaFormatException;
import io.basalt.wire.meta.Subscription.HeldMap;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/// Puts the pieces of map updates together, and knows the newest map of every set. One reactor.
final class MapUpdates {
    private final SortedMap<Integer, ClusterMap> maps = new TreeMap<>();
    private final SortedMap<Integer, Assembly> assemblies = new TreeMap<>();

    /// Whether an update did not fit: then whole maps are asked for, whatever is held.
    private boolean distrusted;

    private static final class Assembly {
        private final MapPiece first;
        private final byte[] bytes;
        private int received;

        private Assembly(MapPiece first) {
            this.first = first;
            this.bytes = new byte[first.totalBytes()];
        }

        private boolean continuedBy(MapPiece piece) {
            return piece.fromVersion() == first.fromVersion()
                    && piece.toVersion() == first.toVersion()
                    && piece.totalBytes() == first.totalBytes()
                    && piece.checksum() == first.checksum()
                    && piece.offsetBytes() == received;
        }
    }

    /// The newest map of a set, null if none has come yet.
    @Nullable
    ClusterMap map(int setId) {
        return maps.get(setId);
    }

    /// What to tell the metaserver when subscribing.
    List<HeldMap> held() {
        final List<HeldMap> held = new ArrayList<>();
        if (distrusted) {
            return held;
        }
        maps.forEach((setId, map) -> held.add(new HeldMap(setId, map.version())));
        return held;
    }

    /// The connection was lost, and with it the rest of what had begun.
    void interrupted() {
        assemblies.clear();
    }

    /// An update did not fit.
    void distrust() {
        distrusted = true;
    }

    /// Take a piece.
    ///
    /// @return the new map, if this was the last piece of one that is newer than what is held
    /// @throws MetaFormatException if it does not follow what came before: all is to be asked for anew
    @Nullable
    ClusterMap take(MapPiece piece, FieldReader payload) {
        final Assembly assembly;
        if (piece.offsetBytes() == 0) {
            if (assemblies.size() == Limits.SETS_MAX && !assemblies.containsKey(piece.setId())) {
                throw new MetaFormatException("maps of more than " + Limits.SETS_MAX + " sets are under way");
            }
            assembly = new Assembly(piece);
            assemblies.put(piece.setId(), assembly);
        } else {
            final Assembly known = assemblies.get(piece.setId());
            if (known == null || !known.continuedBy(piece)) {
                throw new MetaFormatException("a piece of the map of set " + piece.setId()
                        + " is missing before offset " + piece.offsetBytes());
            }
            assembly = known;
        }
        final int length = payload.remaining();
        if (length > assembly.bytes.length - assembly.received) {
            throw new MetaFormatException("the map of set " + piece.setId() + " is longer than it said");
        }
        System.arraycopy(payload.takeRaw("piece", length), 0, assembly.bytes, assembly.received, length);
        assembly.received += length;
        if (assembly.received < assembly.bytes.length) {
            return null;
        }
        assemblies.remove(piece.setId());
        return complete(assembly);
    }

    private @Nullable ClusterMap complete(Assembly assembly) {
        final MapPiece piece = assembly.first;
        final CRC32C checksum = new CRC32C();
        checksum.update(assembly.bytes);
        if ((int) checksum.getValue() != piece.checksum()) {
            throw new MetaFormatException("the map of set " + piece.setId() + " does not match its checksum");
        }
        final ClusterMap held = maps.get(piece.setId());
        if (held != null && piece.toVersion() <= held.version()) {
            return null;
        }
        final ClusterMap next;
        if (piece.fromVersion() == 0) {
            next = MapCodec.decode(assembly.bytes);
        } else if (held == null) {
            throw new MetaFormatException("a delta of set " + piece.setId() + " came before its map");
        } else {
            next = MapCodec.apply(held, assembly.bytes);
        }
        if (next.version() != piece.toVersion()) {
            throw new MetaFormatException("the map of set " + piece.setId() + " has version " + next.version()
                    + ", announced was " + piece.toVersion());
        }
        maps.put(piece.setId(), next);
        distrusted = false;
        return next;
    }
}
