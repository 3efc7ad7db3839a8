package io.basalt.quorum;

import io.basalt.meta.log.local.SnapshotFile;
import io.basalt.net.NodeAddress;
import io.basalt.wire.meta.FieldReader;
import io.basalt.wire.meta.FieldWriter;
import io.basalt.wire.meta.UnknownVersionException;
import java.util.SortedMap;
import java.util.TreeMap;

/// What the quorum's log keeps in place of its entries: the reader's state, how many entries it has read, and where
/// the replicas are found that have led.
///
/// @param index of the last entry that the reader has read; the Raft log counts otherwise, because it has entries of
///     its own
/// @param places of replicas, by number
@SuppressWarnings("ArrayRecordComponent") // bytes on their way; never compared
record StateSnapshot(long index, SortedMap<Integer, Place> places, byte[] state) {
    private static final int VERSION = 1;
    private static final int PLACES_MAX = QuorumOptions.ID_MAX;
    private static final int PLACE_BYTES_MIN = 12;

    /// Where a replica is found.
    record Place(NodeAddress rest, NodeAddress nodes) {}

    StateSnapshot {
        places = new TreeMap<>(places);
    }

    byte[] toBytes() {
        final FieldWriter out = new FieldWriter().putByte(VERSION).putInt(places.size());
        places.forEach((id, place) -> {
            out.putInt(id);
            RaftEntry.putAddress(out, place.rest);
            RaftEntry.putAddress(out, place.nodes);
        });
        out.putRaw(state);
        return new SnapshotFile(index, out.toByteArray()).toBytes();
    }

    /// @param source the file, for messages
    /// @throws io.basalt.meta.log.MetaLogException if it is damaged
    /// @throws io.basalt.wire.meta.MetaFormatException if it is not understood
    static StateSnapshot of(String source, byte[] bytes) {
        final SnapshotFile file = SnapshotFile.of(source, bytes);
        final FieldReader in = new FieldReader(file.state());
        final int version = in.takeByte("version");
        if (version != VERSION) {
            throw new UnknownVersionException("snapshot " + source, version, VERSION);
        }
        final SortedMap<Integer, Place> places = new TreeMap<>();
        final int count = in.takeCount("places", PLACES_MAX, PLACE_BYTES_MIN);
        for (int each = 0; each < count; each++) {
            final int id = in.takeInt("id", 1, QuorumOptions.ID_MAX);
            places.put(id, new Place(RaftEntry.takeAddress(in), RaftEntry.takeAddress(in)));
        }
        return new StateSnapshot(file.index(), places, in.takeRaw("state", in.remaining()));
    }
}
