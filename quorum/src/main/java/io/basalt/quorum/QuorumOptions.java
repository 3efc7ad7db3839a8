package io.basalt.quorum;

import io.basalt.meta.log.MetaLog;
import io.basalt.meta.state.CommandCodec;
import io.basalt.net.ClusterKey;
import io.basalt.net.NodeAddress;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;

/// What a [QuorumLog] is opened with.
///
/// @param folder of its own; made if there is none
/// @param group names the quorum, and is what its members know one another by: drawn from the cluster's key, so that
///     who does not have that cannot take part (docs/THREAT_MODEL.md)
/// @param id of this replica, 1 to [#ID_MAX]
/// @param members all replicas that begin the log together, by number; of no meaning once it has begun
/// @param join whether this replica waits to be taken in by those that there are, and begins nothing
/// @param rest where this replica's REST API answers, for the others to tell
/// @param nodes where this replica answers gates and chunk servers, for the others to tell
/// @param snapshotEntries after how many batches of entries a snapshot takes their place
/// @param segmentBytes length of a file of the log
/// @param electionMs a follower that has heard of no leader for so long, or up to twice that, begins an election, in
///     milliseconds
/// @param newestCommand newest version of commands that this replica understands, for the others to hear
public record QuorumOptions(
        Path folder,
        UUID group,
        int id,
        SortedMap<Integer, NodeAddress> members,
        boolean join,
        NodeAddress rest,
        NodeAddress nodes,
        long snapshotEntries,
        long segmentBytes,
        int electionMs,
        int newestCommand) {
    /// Largest number of a replica.
    public static final int ID_MAX = 65535;

    private static final int MEMBERS_MAX = 9;
    private static final long SNAPSHOT_ENTRIES = 50_000;
    private static final long SEGMENT_BYTES = 32 << 20;

    /// A leader that dies is replaced within two seconds.
    private static final int ELECTION_MS = 300;

    public QuorumOptions {
        members = new TreeMap<>(members);
        for (final int each : members.keySet()) {
            requireId("quorum", each);
        }
        requireId("id", id);
        if (!members.containsKey(id)) {
            throw new IllegalArgumentException("id: " + id + " is none of the quorum's replicas " + members.keySet()
                    + "; write this host's own number, and list it in the quorum as ID@HOST:PORT");
        }
        if (members.size() > MEMBERS_MAX) {
            throw new IllegalArgumentException("quorum: lists " + members.size() + " replicas, at most " + MEMBERS_MAX
                    + " are possible; three or five are enough");
        }
        if (snapshotEntries < 1) {
            throw new IllegalArgumentException("snapshotEntries is " + snapshotEntries + ", expected 1 or more");
        }
        if (segmentBytes < 2L * MetaLog.ENTRY_BYTES_MAX) {
            throw new IllegalArgumentException(
                    "segmentBytes is " + segmentBytes + ", expected " + 2L * MetaLog.ENTRY_BYTES_MAX + " or more");
        }
        if (electionMs < 1) {
            throw new IllegalArgumentException("electionMs is " + electionMs + ", expected 1 or more");
        }
    }

    /// The usual lengths.
    public static QuorumOptions of(
            Path folder,
            UUID group,
            int id,
            SortedMap<Integer, NodeAddress> members,
            boolean join,
            NodeAddress rest,
            NodeAddress nodes) {
        return new QuorumOptions(
                folder,
                group,
                id,
                members,
                join,
                rest,
                nodes,
                SNAPSHOT_ENTRIES,
                SEGMENT_BYTES,
                ELECTION_MS,
                CommandCodec.VERSION);
    }

    /// The same with other lengths.
    public QuorumOptions withLengths(long newSnapshotEntries, long newSegmentBytes) {
        return new QuorumOptions(
                folder,
                group,
                id,
                members,
                join,
                rest,
                nodes,
                newSnapshotEntries,
                newSegmentBytes,
                electionMs,
                newestCommand);
    }

    /// The same with another time without a leader, for tests on machines that keep a process waiting for longer
    /// than the usual one.
    public QuorumOptions withElection(int newElectionMs) {
        return new QuorumOptions(
                folder,
                group,
                id,
                members,
                join,
                rest,
                nodes,
                snapshotEntries,
                segmentBytes,
                newElectionMs,
                newestCommand);
    }

    /// The same, of a process that understands commands up to a version.
    public QuorumOptions withNewestCommand(int newest) {
        return new QuorumOptions(
                folder, group, id, members, join, rest, nodes, snapshotEntries, segmentBytes, electionMs, newest);
    }

    /// The group that the holders of a key make.
    public static UUID groupOf(ClusterKey key) {
        final byte[] proof =
                key.mac("basalt-quorum", MemorySegment.ofArray(new byte[0]), MemorySegment.ofArray(new byte[0]));
        final MemorySegment bytes = MemorySegment.ofArray(proof);
        return new UUID(
                bytes.get(ValueLayout.JAVA_LONG_UNALIGNED, 0), bytes.get(ValueLayout.JAVA_LONG_UNALIGNED, Long.BYTES));
    }

    /// Where this replica is reached by the others.
    NodeAddress self() {
        final NodeAddress address = members.get(id);
        if (address == null) {
            throw new IllegalStateException("a replica is one of the members");
        }
        return address;
    }

    private static void requireId(String field, int id) {
        if (id < 1 || id > ID_MAX) {
            throw new IllegalArgumentException(
                    field + ": " + id + " is no number of a replica; write one from 1 to " + ID_MAX);
        }
    }
}
