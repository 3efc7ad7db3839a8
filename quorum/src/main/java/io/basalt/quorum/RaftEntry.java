package io.basalt.quorum;

import io.basalt.meta.log.MetaLog;
import io.basalt.net.NodeAddress;
import io.basalt.wire.meta.FieldReader;
import io.basalt.wire.meta.FieldWriter;
import io.basalt.wire.meta.MetaFormatException;
import io.basalt.wire.meta.UnknownVersionException;
import java.util.ArrayList;
import java.util.List;

/// What stands in one entry of the Raft log (docs/FORMAT-META.md).
sealed interface RaftEntry {
    /// Most entries of one batch.
    int BATCH_MAX = 1024;

    /// Bytes that a batch takes at most: those of its entries, which are no more than one may have, and its own.
    int BYTES_MAX = MetaLog.ENTRY_BYTES_MAX + BATCH_MAX * Integer.BYTES + 64;

    int VERSION = 1;
    int BATCH = 1;
    int LEADERSHIP = 2;
    int HOST_BYTES_MAX = 255;

    /// Entries that one replica has appended, in order.
    ///
    /// @param proposer the process that has
    /// @param number that it has given them
    record Batch(long proposer, long number, List<byte[]> entries) implements RaftEntry {}

    /// The first entry of a leader: everything committed before it has been read when this one is, and all replicas
    /// learn where the leader is found.
    ///
    /// @param proposer its process
    /// @param number of the time that it leads
    record Leadership(long proposer, long number, int id, NodeAddress rest, NodeAddress nodes) implements RaftEntry {}

    /// The bytes of an entry.
    static byte[] toBytes(RaftEntry entry) {
        final FieldWriter out = new FieldWriter().putByte(VERSION);
        switch (entry) {
            case Batch batch -> {
                out.putByte(BATCH).putLong(batch.proposer).putLong(batch.number);
                out.putInt(batch.entries.size());
                batch.entries.forEach(each -> out.putInt(each.length).putRaw(each));
            }
            case Leadership leader -> {
                out.putByte(LEADERSHIP).putLong(leader.proposer).putLong(leader.number);
                out.putInt(leader.id);
                putAddress(out, leader.rest);
                putAddress(out, leader.nodes);
            }
        }
        return out.toByteArray();
    }

    /// The entry that bytes are.
    ///
    /// @throws MetaFormatException if they are none that is understood
    static RaftEntry of(byte[] bytes) {
        final FieldReader in = new FieldReader(bytes);
        final int version = in.takeByte("version");
        if (version != VERSION) {
            throw new UnknownVersionException("entry of the quorum's log", version, VERSION);
        }
        final int kind = in.takeByte("kind");
        final long proposer = in.takeLong("proposer");
        final long number = in.takeLong("number");
        final RaftEntry entry = switch (kind) {
            case BATCH -> new Batch(proposer, number, entries(in));
            case LEADERSHIP ->
                new Leadership(
                        proposer, number, in.takeInt("id", 1, QuorumOptions.ID_MAX), takeAddress(in), takeAddress(in));
            default -> throw new MetaFormatException("kind: " + kind + " of an entry of the quorum's log is not known");
        };
        in.requireEnd("entry of the quorum's log");
        return entry;
    }

    private static List<byte[]> entries(FieldReader in) {
        final int count = in.takeCount("entries", BATCH_MAX, Integer.BYTES);
        final List<byte[]> entries = new ArrayList<>(count);
        for (int each = 0; each < count; each++) {
            entries.add(in.takeRaw("entry", in.takeInt("length", 1, MetaLog.ENTRY_BYTES_MAX)));
        }
        return entries;
    }

    /// An address, as entries and snapshots have it.
    static void putAddress(FieldWriter out, NodeAddress address) {
        out.putText(address.host()).putShort(address.port());
    }

    /// The address that comes next.
    static NodeAddress takeAddress(FieldReader in) {
        final String host = in.takeText("host", HOST_BYTES_MAX);
        final int port = in.takeShort("port");
        try {
            return new NodeAddress(host, port);
        } catch (IllegalArgumentException e) {
            throw new MetaFormatException("address: " + e.getMessage());
        }
    }
}
