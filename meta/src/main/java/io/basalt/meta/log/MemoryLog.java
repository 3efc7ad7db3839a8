package io.basalt.meta.log;

import io.basalt.reactor.Reactor;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A [MetaLog] in memory, for tests and simulation: an entry is committed a while after it was appended, on the
/// reactor's clock, and what is committed outlives the log's owner in a [Storage].
public final class MemoryLog implements MetaLog {
    private final Reactor reactor;
    private final Storage storage;
    private final long commitNs;
    private final int snapshotEntries;
    private final Deque<Pending> pending = new ArrayDeque<>();
    private @Nullable LogReader reader;
    private boolean closed;
    private boolean deposed;

    /// What a crash of the metaserver does not take away. Give it to the next log.
    public static final class Storage {
        private final List<byte[]> entries = new ArrayList<>();
        private byte @Nullable [] snapshot;
        private long snapshotIndex;

        /// Storage in which nothing was committed yet.
        public Storage() {}

        /// Index of the last committed entry, 0 if there is none.
        public long lastIndex() {
            return snapshotIndex + entries.size();
        }
    }

    @SuppressWarnings("ArrayRecordComponent") // bytes on their way; never compared
    private record Pending(byte[] entry, AppendOutcome outcome) {}

    /// @param commitNs how long an entry takes to be committed
    /// @param snapshotEntries after how many entries the state is asked for a snapshot; 0 for never
    public MemoryLog(Reactor reactor, Storage storage, long commitNs, int snapshotEntries) {
        this.reactor = reactor;
        this.storage = storage;
        this.commitNs = commitNs;
        this.snapshotEntries = snapshotEntries;
    }

    @Override
    public void start(LogReader newReader) {
        assert reader == null : "a log is started once";
        reader = newReader;
        reactor.post(() -> {
            if (closed) {
                return;
            }
            if (storage.snapshot != null) {
                newReader.restore(storage.snapshotIndex, storage.snapshot);
            }
            long index = storage.snapshotIndex;
            for (final byte[] entry : List.copyOf(storage.entries)) {
                newReader.committed(++index, entry);
            }
            newReader.leading(true);
        });
    }

    @Override
    public void append(byte[] entry, AppendOutcome outcome) {
        assert entry.length > 0;
        assert entry.length <= ENTRY_BYTES_MAX;
        if (deposed) {
            outcome.rejected("this replica does not lead");
            return;
        }
        pending.addLast(new Pending(entry, outcome));
        reactor.schedule(commitNs, this::commitNext);
    }

    private void commitNext() {
        final Pending next = pending.pollFirst();
        if (next != null) {
            commit(next.entry, next.outcome);
        }
    }

    private void commit(byte[] entry, AppendOutcome outcome) {
        final LogReader listening = reader;
        if (closed || listening == null) {
            outcome.uncertain("the log was closed");
            return;
        }
        storage.entries.add(entry);
        final long index = storage.lastIndex();
        listening.committed(index, entry);
        outcome.committed(index);
        if (snapshotEntries > 0 && storage.entries.size() >= snapshotEntries) {
            final byte[] state = listening.snapshot();
            if (state != null) {
                storage.snapshot = state;
                storage.snapshotIndex = index;
                storage.entries.clear();
            }
        }
    }

    @Override
    public void close() {
        closed = true;
    }

    /// Entries that were appended and are not committed yet.
    public int pending() {
        return pending.size();
    }

    /// The owner ceases to lead while entries are under way, and leads again a while later. The first of them are
    /// committed all the same, by who leads meanwhile; of none the owner hears how it ended.
    ///
    /// @param kept how many, 0 to [#pending()]
    public void depose(int kept, long forNs) {
        final LogReader listening = reader;
        if (closed || deposed || listening == null) {
            return;
        }
        deposed = true;
        listening.leading(false);
        final List<Pending> open = List.copyOf(pending);
        pending.clear();
        for (int index = 0; index < open.size(); index++) {
            if (index < kept) {
                storage.entries.add(open.get(index).entry);
                listening.committed(storage.lastIndex(), open.get(index).entry);
            }
            open.get(index).outcome.uncertain("this replica leads no more");
        }
        reactor.schedule(forNs, () -> {
            deposed = false;
            if (!closed) {
                listening.leading(true);
            }
        });
    }

    /// The log's owner dies while entries are under way. The first of them are in the storage all the same, though
    /// nobody has heard of that: what a proposal's uncertain outcome means.
    ///
    /// @param kept how many, 0 to [#pending()]
    public void crash(int kept) {
        close();
        for (int count = 0; count < kept; count++) {
            storage.entries.add(pending.removeFirst().entry);
        }
        pending.clear();
    }
}
