package io.basalt.meta.log.local;

import io.basalt.meta.log.AppendOutcome;
import io.basalt.meta.log.LogReader;
import io.basalt.meta.log.MetaLog;
import io.basalt.meta.log.MetaLogException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// The [MetaLog] of a metaserver that is one process.
///
/// A thread of its own takes everything that waits, writes it at once, makes it durable with one fdatasync,
/// and hands it to the reader by posting to the owner's reactor; what is appended meanwhile makes the next
/// batch. When the log has grown by a certain length, a new file is begun, the reader is asked for its
/// state, and once that is durable the older files go.
///
/// **Failure.** If a write or sync fails, what the disk holds is unknown, and trying again would not tell. The log
/// stops: everything under way is uncertain, everything after is rejected, and only opening it anew (which
/// reads what
/// is there) goes on.
///
/// | field | writer | reader | by |
/// |---|---|---|---|
/// | waiting, snapshotTaken, closing, failure | owner, log thread | both | `lock` |
/// | file, lastIndex, ... | log thread | log thread | confinement |
public final class LocalLog implements MetaLog {
    private static final int BATCH_BYTES_MAX = 8 << 20;

    private final LocalLogOptions options;
    private final Executor owner;
    private final LogFolder folder;
    private final UnaryOperator<LogFile> wrapper;
    private final Thread thread;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private Deque<Append> waiting = new ArrayDeque<>();
    private @Nullable Snapshot snapshotTaken;
    private boolean closing;
    private @Nullable String failure;

    /// Belongs to the owner.
    private @Nullable LogReader reader;

    private @Nullable Recovery recovered;
    private long deliveredIndex;

    // Belong to the log's thread once it runs.
    private LogFile file;
    private long fileFirstIndex;
    private long lastIndex;
    private boolean snapshotAsked;

    @SuppressWarnings("ArrayRecordComponent") // bytes on their way; never compared
    private record Append(byte[] entry, AppendOutcome outcome) {}

    @SuppressWarnings("ArrayRecordComponent") // bytes on their way; never compared
    private record Snapshot(long index, byte[] state) {}

    private LocalLog(
            LocalLogOptions options,
            Executor owner,
            LogFolder folder,
            Recovery recovery,
            UnaryOperator<LogFile> wrapper)
            throws IOException {
        this.wrapper = wrapper;
        this.options = options;
        this.owner = owner;
        this.folder = folder;
        this.recovered = recovery;
        this.lastIndex = recovery.lastIndex();
        this.deliveredIndex = lastIndex;
        this.fileFirstIndex = recovery.lastLogFirstIndex();
        this.file = wrapper.apply(recovery.openLast());
        this.thread = Thread.ofPlatform().name("meta-log").daemon().unstarted(this::run);
    }

    /// Opens the log of a folder, or begins one. Reads the whole of it; waits for the disk.
    ///
    /// @param owner runs a command in the reader's reactor, later, in the order given
    /// @throws MetaLogException if it cannot be opened: says which file, why, and what to do
    /// @throws io.basalt.wire.meta.UnknownVersionException if a newer version has written it
    public static LocalLog open(Path path, LocalLogOptions options, Executor owner) {
        return open(path, options, owner, UnaryOperator.identity());
    }

    /// @param wrapper what is to stand between the log and its files
    static LocalLog open(Path path, LocalLogOptions options, Executor owner, UnaryOperator<LogFile> wrapper) {
        try {
            final LogFolder folder = LogFolder.open(path);
            try {
                return new LocalLog(options, owner, folder, Recovery.of(folder), wrapper);
            } catch (IOException | RuntimeException e) {
                folder.close();
                throw e;
            }
        } catch (IOException e) {
            throw new MetaLogException(
                    "log folder " + path + ": cannot be opened: " + e + "; correct its permissions or free space", e);
        }
    }

    /// Tells a reader what the log of a folder holds, in this thread, and leaves the folder as it is. The reader is
    /// asked for nothing, and leads nothing.
    ///
    /// @throws MetaLogException if there is none, a metaserver uses it, or it cannot be read
    /// @throws io.basalt.wire.meta.UnknownVersionException if a newer version has written it
    public static void read(Path path, LogReader reader) {
        if (!Files.isDirectory(path)) {
            throw new MetaLogException("log folder " + path + ": is not there; name the metaserver's data folder");
        }
        try (LogFolder folder = LogFolder.open(path)) {
            Recovery.read(folder).tell(reader);
        } catch (IOException e) {
            throw new MetaLogException(
                    "log folder " + path + ": cannot be read: " + e + "; correct its permissions", e);
        }
    }

    @Override
    public void start(LogReader newReader) {
        assert reader == null : "a log is started once";
        reader = newReader;
        owner.execute(() -> {
            final Recovery found = recovered;
            Objects.requireNonNull(found, "a log is started once");
            recovered = null;
            found.tell(newReader);
            newReader.leading(true);
        });
        thread.start();
    }

    @Override
    public void append(byte[] entry, AppendOutcome outcome) {
        assert entry.length > 0;
        assert entry.length <= ENTRY_BYTES_MAX;
        final String refusal;
        lock.lock();
        try {
            refusal = closing ? "the log is closed" : failure;
            if (refusal == null) {
                waiting.addLast(new Append(entry, outcome));
                changed.signal();
            }
        } finally {
            lock.unlock();
        }
        if (refusal != null) {
            owner.execute(() -> outcome.rejected(refusal));
        }
    }

    /// Ends, after what was appended before is durable. Waits for the disk.
    @Override
    public void close() {
        lock.lock();
        try {
            closing = true;
            changed.signal();
        } finally {
            lock.unlock();
        }
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        try {
            file.close();
            folder.close();
        } catch (IOException e) {
            throw new MetaLogException("log folder: cannot be closed: " + e, e);
        }
    }

    private void run() {
        while (true) {
            final List<Append> batch = new ArrayList<>();
            final Snapshot snapshot;
            lock.lock();
            try {
                while (waiting.isEmpty() && snapshotTaken == null && !closing) {
                    changed.awaitUninterruptibly();
                }
                takeBatch(batch);
                snapshot = snapshotTaken;
                snapshotTaken = null;
                if (closing && batch.isEmpty()) {
                    return;
                }
            } finally {
                lock.unlock();
            }
            try {
                write(batch);
            } catch (IOException e) {
                fail(batch, e);
                return;
            }
            try {
                if (snapshot != null) {
                    keep(snapshot);
                }
                askForSnapshot();
            } catch (IOException e) {
                fail(List.of(), e);
                return;
            }
        }
    }

    private void takeBatch(List<Append> batch) {
        int bytes = 0;
        while (!waiting.isEmpty() && batch.size() < options.batchMax()) {
            bytes += LogFormat.recordBytes(waiting.getFirst().entry.length);
            if (bytes > BATCH_BYTES_MAX && !batch.isEmpty()) {
                return;
            }
            batch.add(waiting.removeFirst());
        }
    }

    private void write(List<Append> batch) throws IOException {
        if (batch.isEmpty()) {
            return;
        }
        int bytes = 0;
        for (final Append append : batch) {
            bytes += LogFormat.recordBytes(append.entry.length);
        }
        final ByteBuffer out = LogFormat.buffer(bytes);
        final long durableIndex = lastIndex;
        long index = lastIndex;
        for (final Append append : batch) {
            LogFormat.putRecord(out, ++index, durableIndex, append.entry);
        }
        file.append(out.flip());
        file.sync();
        lastIndex = index;
        owner.execute(() -> deliver(durableIndex, batch));
    }

    private void deliver(long before, List<Append> batch) {
        final LogReader listening = reader;
        Objects.requireNonNull(listening, "the thread runs after the start");
        long index = before;
        for (final Append append : batch) {
            deliveredIndex = ++index;
            listening.committed(index, append.entry);
            append.outcome.committed(index);
        }
    }

    /// Begins a new file and asks for a snapshot of at least everything in the older ones.
    private void askForSnapshot() throws IOException {
        if (snapshotAsked || file.length() < options.snapshotBytes()) {
            return;
        }
        snapshotAsked = true;
        file.close();
        fileFirstIndex = lastIndex + 1;
        file = wrapper.apply(folder.createLog(fileFirstIndex));
        owner.execute(() -> {
            final LogReader listening = reader;
            Objects.requireNonNull(listening, "the thread runs after the start");
            final byte[] state = listening.snapshot();
            if (state == null) {
                return;
            }
            final Snapshot taken = new Snapshot(deliveredIndex, state);
            lock.lock();
            try {
                snapshotTaken = taken;
                changed.signal();
            } finally {
                lock.unlock();
            }
        });
    }

    private void keep(Snapshot snapshot) throws IOException {
        folder.writeSnapshot(snapshot.index, snapshot.state);
        folder.removeBefore(snapshot.index, fileFirstIndex);
        snapshotAsked = false;
    }

    private void fail(List<Append> batch, IOException cause) {
        final String reason = "the log cannot be written: " + cause
                + "; free space or replace the disk, then start the metaserver again";
        final List<Append> rejected;
        lock.lock();
        try {
            failure = reason;
            rejected = new ArrayList<>(waiting);
            waiting = new ArrayDeque<>();
        } finally {
            lock.unlock();
        }
        owner.execute(() -> {
            batch.forEach(append -> append.outcome.uncertain(reason));
            rejected.forEach(append -> append.outcome.rejected(reason));
            final LogReader listening = reader;
            if (listening != null) {
                listening.failed(reason);
            }
        });
    }
}
