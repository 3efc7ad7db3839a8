package io.basalt.quorum;

import io.basalt.meta.log.MetaLog;
import io.basalt.meta.log.local.SnapshotFile;
import io.basalt.net.ClusterKey;
import io.basalt.net.NodeAddress;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/// The replicas of a quorum in this process, each with a folder and ports of its own.
final class QuorumBed extends LogBed {
    static final UUID GROUP = QuorumOptions.groupOf(new ClusterKey(new byte[ClusterKey.BYTES]));

    /// All replicas are in one process, which a busy machine may keep waiting: who leads goes on leading.
    static final int PATIENT_ELECTION_MS = 2_000;

    private static final long SNAPSHOT_ENTRIES = 8;
    private static final long SEGMENT_BYTES = 2L * MetaLog.ENTRY_BYTES_MAX;

    final SortedMap<Integer, NodeAddress> members = new TreeMap<>();
    private final Path folder;
    private final Map<Integer, LogOwner> byId = new HashMap<>();

    QuorumBed(Path folder, int size) {
        this.folder = folder;
        final List<Integer> ports = freePorts(size);
        for (int id = 1; id <= size; id++) {
            members.put(id, new NodeAddress("127.0.0.1", ports.get(id - 1)));
        }
    }

    static List<Integer> freePorts(int count) {
        final List<ServerSocket> held = new ArrayList<>();
        try {
            for (int each = 0; each < count; each++) {
                held.add(new ServerSocket(0, 1, InetAddress.getLoopbackAddress()));
            }
            final List<Integer> ports =
                    held.stream().map(ServerSocket::getLocalPort).toList();
            for (final ServerSocket socket : held) {
                socket.close();
            }
            return ports;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    void open() {
        members.keySet().forEach(id -> open(id, members, false, false, null));
    }

    /// Opens one replica.
    LogOwner open(
            int id, SortedMap<Integer, NodeAddress> whom, boolean join, boolean old, @Nullable SnapshotFile beginning) {
        return open(id, options(id, whom, join), old, beginning);
    }

    /// Opens one replica that has the key of another cluster.
    LogOwner open(int id, UUID group) {
        final QuorumOptions usual = options(id, members, false);
        return open(
                id,
                QuorumOptions.of(usual.folder(), group, id, usual.members(), usual.join(), usual.rest(), usual.nodes()),
                false,
                null);
    }

    /// Opens one replica of a process that understands commands up to a version.
    LogOwner open(int id, int newestCommand) {
        return open(id, options(id, members, false).withNewestCommand(newestCommand), false, null);
    }

    private LogOwner open(int id, QuorumOptions options, boolean old, @Nullable SnapshotFile beginning) {
        final LogOwner owner = new LogOwner(
                executor -> QuorumLog.open(
                        options, executor, ThreadLocalRandom.current().nextLong(), beginning),
                new RecordingReader(old),
                () -> {});
        replicas.add(owner);
        byId.put(id, owner);
        return owner;
    }

    QuorumOptions options(int id, SortedMap<Integer, NodeAddress> whom, boolean join) {
        return QuorumOptions.of(
                        folder.resolve("replica-" + id),
                        GROUP,
                        id,
                        whom,
                        join,
                        rest(id),
                        new NodeAddress("127.0.0.1", id))
                .withLengths(SNAPSHOT_ENTRIES, SEGMENT_BYTES)
                .withElection(PATIENT_ELECTION_MS);
    }

    /// Where a replica says that its REST API is.
    static NodeAddress rest(int id) {
        return new NodeAddress("127.0.0.1", 100 + id);
    }

    LogOwner replica(int id) {
        return Objects.requireNonNull(byId.get(id), "no replica " + id);
    }

    int idOf(LogOwner owner) {
        return byId.entrySet().stream()
                .filter(each -> each.getValue().equals(owner))
                .findFirst()
                .orElseThrow()
                .getKey();
    }

    /// A replica's process dies: nobody hears of what it does from now on.
    void stop(LogOwner owner) {
        owner.close();
        replicas.remove(owner);
    }
}
