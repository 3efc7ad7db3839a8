package io.basalt.quorum;

import io.basalt.meta.log.MetaLogException;
import io.basalt.wire.meta.MetaFormatException;
import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Collection;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.ratis.io.MD5Hash;
import org.apache.ratis.proto.RaftProtos;
import org.apache.ratis.protocol.Message;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftGroupMemberId;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.protocol.TermIndex;
import org.apache.ratis.server.raftlog.RaftLog;
import org.apache.ratis.server.storage.FileInfo;
import org.apache.ratis.server.storage.RaftStorage;
import org.apache.ratis.statemachine.StateMachineStorage;
import org.apache.ratis.statemachine.TransactionContext;
import org.apache.ratis.statemachine.impl.BaseStateMachine;
import org.apache.ratis.statemachine.impl.SimpleStateMachineStorage;
import org.apache.ratis.statemachine.impl.SingleFileSnapshotInfo;
import org.apache.ratis.util.LifeCycle;
import org.apache.ratis.util.MD5FileUtil;
import org.jspecify.annotations.Nullable;

/// What Ratis sees of the log's owner: passes on what is committed, keeps snapshots as files.
///
/// Ratis calls it on threads of its own. Everything that happens is handed to the owner in the order in which it
/// happened; an entry counts as applied when the owner has read it.
final class RaftMachine extends BaseStateMachine {
    private static final long SNAPSHOT_TIMEOUT_S = 30;
    private static final String UNFINISHED = ".new";

    private final Events events;
    private final @Nullable StateSnapshot seed;
    private final SimpleStateMachineStorage storage = new SimpleStateMachineStorage();
    private final Map<Long, CompletableFuture<Message>> underWay = new ConcurrentHashMap<>();
    private volatile CompletableFuture<@Nullable StateSnapshot> taking = CompletableFuture.completedFuture(null);
    private volatile boolean closing;

    /// What happens, told on any thread.
    interface Events {
        /// The state is that of a snapshot.
        void restored(StateSnapshot snapshot);

        /// An entry is committed.
        ///
        /// @param read to be called when it has been read
        void committed(byte[] entry, Runnable read);

        /// The state is wanted.
        ///
        /// @param taken gets it; null if there is none that may take the place of entries
        void snapshot(CompletableFuture<@Nullable StateSnapshot> taken);

        /// This replica leads the Raft group, and has read what was committed before.
        void ready();

        /// This replica does not lead any more.
        void notLeader();

        /// Somebody leads.
        void leader(String id);

        /// The server has stopped by itself, or its disk fails.
        void stopped(String reason);
    }

    /// @param seed the state to begin with when nothing is stored; null for none
    RaftMachine(Events events, @Nullable StateSnapshot seed) {
        this.events = events;
        this.seed = seed;
    }

    /// The owner reads nothing any more: nobody waits for it.
    void closing() {
        closing = true;
        underWay.values().forEach(each -> each.complete(Message.EMPTY));
        taking.complete(null);
    }

    @Override
    public void initialize(RaftServer server, RaftGroupId group, RaftStorage raftStorage) throws IOException {
        getLifeCycle().startAndTransition(() -> {
            super.initialize(server, group, raftStorage);
            storage.init(raftStorage);
            final StateSnapshot beginning = seed;
            if (beginning != null && storage.getLatestSnapshot() == null) {
                write(TermIndex.valueOf(0, 0), beginning);
            }
            load();
        });
    }

    @Override
    public void pause() {
        getLifeCycle().transition(LifeCycle.State.PAUSING);
        getLifeCycle().transition(LifeCycle.State.PAUSED);
    }

    @Override
    public void reinitialize() throws IOException {
        getLifeCycle().startAndTransition(this::load);
    }

    private void load() throws IOException {
        final SingleFileSnapshotInfo latest = storage.loadLatestSnapshot();
        if (latest == null) {
            return;
        }
        final Path file = latest.getFile().getPath();
        final StateSnapshot snapshot;
        try {
            snapshot = StateSnapshot.of(file.toString(), Files.readAllBytes(file));
        } catch (MetaLogException | MetaFormatException e) {
            throw new IOException(e.getMessage(), e);
        }
        setLastAppliedTermIndex(latest.getTermIndex());
        events.restored(snapshot);
    }

    @Override
    public StateMachineStorage getStateMachineStorage() {
        return storage;
    }

    @Override
    public CompletableFuture<Message> applyTransaction(TransactionContext transaction) {
        final RaftProtos.LogEntryProto entry =
                Objects.requireNonNull(transaction.getLogEntry(), "a committed transaction has an entry");
        updateLastAppliedTermIndex(entry.getTerm(), entry.getIndex());
        final CompletableFuture<Message> read = new CompletableFuture<>();
        final long index = entry.getIndex();
        underWay.put(index, read);
        if (closing) {
            read.complete(Message.EMPTY);
        }
        // Copied: the buffer is the log's, and may be used again.
        final byte[] bytes = entry.getStateMachineLogEntry().getLogData().toByteArray();
        events.committed(bytes, () -> read.complete(Message.EMPTY));
        return read.whenComplete((message, failure) -> underWay.remove(index));
    }

    @Override
    public long takeSnapshot() throws IOException {
        final TermIndex at = getLastAppliedTermIndex();
        if (at.getIndex() < 0) {
            return RaftLog.INVALID_LOG_INDEX;
        }
        final CompletableFuture<@Nullable StateSnapshot> taken = new CompletableFuture<>();
        taking = taken;
        if (closing) {
            return RaftLog.INVALID_LOG_INDEX;
        }
        events.snapshot(taken);
        final Optional<StateSnapshot> snapshot = await(taken);
        if (snapshot.isEmpty()) {
            return RaftLog.INVALID_LOG_INDEX;
        }
        write(at, snapshot.get());
        return at.getIndex();
    }

    private static Optional<StateSnapshot> await(CompletableFuture<@Nullable StateSnapshot> taken) throws IOException {
        try {
            return Optional.ofNullable(taken.get(SNAPSHOT_TIMEOUT_S, TimeUnit.SECONDS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while a snapshot was taken", e);
        } catch (ExecutionException | TimeoutException e) {
            throw new IOException("no snapshot was taken within " + SNAPSHOT_TIMEOUT_S + " s", e);
        }
    }

    /// Writes a snapshot so that it is there as a whole, with its digest, or not at all.
    private void write(TermIndex at, StateSnapshot snapshot) throws IOException {
        final File file = storage.getSnapshotFile(at.getTerm(), at.getIndex());
        final Path unfinished = file.toPath().resolveSibling(file.getName() + UNFINISHED);
        try (FileChannel out = FileChannel.open(
                unfinished,
                StandardOpenOption.CREATE,
                StandardOpenOption.TRUNCATE_EXISTING,
                StandardOpenOption.WRITE)) {
            final ByteBuffer bytes = ByteBuffer.wrap(snapshot.toBytes());
            while (bytes.hasRemaining()) {
                out.write(bytes);
            }
            out.force(true);
        }
        final MD5Hash digest = MD5FileUtil.computeMd5ForFile(unfinished.toFile());
        MD5FileUtil.saveMD5File(file, digest);
        Files.move(unfinished, file.toPath(), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        try (FileChannel folder = FileChannel.open(file.toPath().resolveSibling("."), StandardOpenOption.READ)) {
            folder.force(true);
        }
        storage.updateLatestSnapshot(new SingleFileSnapshotInfo(new FileInfo(file.toPath(), digest), at));
    }

    @Override
    public void notifyLeaderReady() {
        events.ready();
    }

    @Override
    public void notifyNotLeader(Collection<TransactionContext> pending) {
        events.notLeader();
    }

    @Override
    public void notifyLeaderChanged(RaftGroupMemberId member, RaftPeerId leader) {
        if (leader != null) {
            events.leader(leader.toString());
        }
    }

    @Override
    public void notifyLogFailed(Throwable cause, RaftProtos.LogEntryProto entry) {
        events.stopped("the log cannot be written: " + cause
                + "; free space or replace the disk, then start the metaserver again");
    }

    @Override
    public void notifyServerShutdown(RaftProtos.RoleInfoProto role, boolean all) {
        if (!closing) {
            events.stopped("the quorum's log has stopped: this replica was removed from the quorum, or could not go on;"
                    + " `basalt meta ls` on another replica says which, and the log of this one says why");
        }
    }
}
