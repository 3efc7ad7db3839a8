package io.basalt.meta.log.local;

import io.basalt.meta.log.LogReader;
import io.basalt.meta.log.MetaLog;
import io.basalt.meta.log.MetaLogException;
import io.basalt.wire.meta.UnknownVersionException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What a folder holds when it is opened: the newest snapshot, and every entry after it.
///
/// The log may end in the middle of a record, or in several records of which any part is missing, because
/// they were written and not yet made durable when the power went: nobody has been told of them. They are
/// cut off. But a damaged record that *was* durable must never be cut off silently. The two are told apart
/// by what comes behind: every record says up to which index the log was durable when it was written. If
/// one behind the damage says that the damaged one was, the log is corrupt, and is not opened.
final class Recovery {
    private final LogFolder folder;
    private final List<byte[]> entries = new ArrayList<>();
    private byte @Nullable [] snapshot;
    private long snapshotIndex;
    private long nextIndex;
    private long lastLogFirstIndex;
    private long lastLogLength;
    private boolean lastLogUsable;

    private Recovery(LogFolder folder) {
        this.folder = folder;
    }

    /// Reads a folder. Changes nothing but unfinished files.
    ///
    /// @throws MetaLogException if it is corrupt
    static Recovery of(LogFolder folder) throws IOException {
        folder.removeUnfinished();
        return read(folder);
    }

    /// Reads a folder. Changes nothing.
    ///
    /// @throws MetaLogException if it is corrupt
    static Recovery read(LogFolder folder) throws IOException {
        final Recovery recovery = new Recovery(folder);
        recovery.readSnapshot();
        recovery.readLogs();
        return recovery;
    }

    /// Tells a reader everything, in order.
    void tell(LogReader reader) {
        if (snapshot != null) {
            reader.restore(snapshotIndex, snapshot);
        }
        long index = snapshotIndex;
        for (final byte[] entry : entries) {
            reader.committed(++index, entry);
        }
    }

    /// Index of the last entry, 0 if there is none.
    long lastIndex() {
        return snapshotIndex + entries.size();
    }

    /// First index of the log file to go on with.
    long lastLogFirstIndex() {
        return lastLogFirstIndex;
    }

    /// The file to append to, after what is valid in the last one.
    LogFile openLast() throws IOException {
        return lastLogUsable ? folder.openLog(lastLogFirstIndex, lastLogLength) : folder.createLog(lastLogFirstIndex);
    }

    private void readSnapshot() throws IOException {
        final List<Long> snapshots = folder.snapshots();
        if (snapshots.isEmpty()) {
            return;
        }
        final long index = snapshots.getLast();
        final Path file = folder.snapshot(index);
        final ByteBuffer bytes = LogFormat.view(Files.readAllBytes(file));
        final LogFormat.Header header = LogFormat.parseHeader(bytes);
        if (header == null || header.magic() != LogFormat.SNAPSHOT_MAGIC || header.index() != index) {
            throw corrupt(file, "its header is damaged");
        }
        requireVersion(file, header);
        final int length = bytes.limit() - LogFormat.HEADER_BYTES;
        final ByteBuffer payload = bytes.slice(LogFormat.HEADER_BYTES, length);
        if (header.payloadLength() != length || header.payloadCrc() != LogFormat.crc(payload.duplicate())) {
            throw corrupt(file, "its content does not match its checksum");
        }
        final byte[] state = new byte[length];
        payload.get(state);
        snapshot = state;
        snapshotIndex = index;
    }

    private void readLogs() throws IOException {
        nextIndex = snapshotIndex + 1;
        lastLogFirstIndex = nextIndex;
        final List<Long> logs = folder.logs();
        for (int at = 0; at < logs.size(); at++) {
            final boolean last = at == logs.size() - 1;
            if (!last && logs.get(at + 1) <= snapshotIndex + 1) {
                continue;
            }
            readLog(logs.get(at), last);
        }
    }

    private void readLog(long firstIndex, boolean last) throws IOException {
        final Path file = folder.log(firstIndex);
        if (firstIndex > nextIndex) {
            throw corrupt(file, "it begins with entry " + firstIndex + ", but entry " + nextIndex + " is missing");
        }
        final ByteBuffer bytes = LogFormat.view(Files.readAllBytes(file));
        lastLogFirstIndex = firstIndex;
        final LogFormat.Header header = LogFormat.parseHeader(bytes);
        if (header == null && last && bytes.limit() <= LogFormat.HEADER_BYTES && firstIndex == nextIndex) {
            // The power went while the file was made; its first record is written only after its header is durable.
            return;
        }
        if (header == null || header.magic() != LogFormat.LOG_MAGIC || header.index() != firstIndex) {
            throw corrupt(file, "its header is damaged");
        }
        requireVersion(file, header);
        int offset = LogFormat.HEADER_BYTES;
        long index = firstIndex;
        while (LogFormat.isRecord(bytes, offset, MetaLog.ENTRY_BYTES_MAX)
                && LogFormat.recordIndex(bytes, offset) == index) {
            final byte[] payload = LogFormat.recordPayload(bytes, offset);
            if (index == nextIndex) {
                entries.add(payload);
                nextIndex++;
            }
            index++;
            offset += LogFormat.recordBytes(payload.length);
        }
        if (offset < bytes.limit()) {
            requireTornTail(file, bytes, offset, index, last);
        }
        if (index < nextIndex && last) {
            throw corrupt(file, "it ends with entry " + (index - 1) + ", which is older than the snapshot");
        }
        lastLogLength = offset;
        lastLogUsable = true;
    }

    /// The bytes from `offset` on are no record `index`. Nothing behind may say that it was durable.
    private static void requireTornTail(Path file, ByteBuffer bytes, int offset, long index, boolean last) {
        if (!last) {
            throw corrupt(file, "entry " + index + " at offset " + offset + " is damaged, and another file follows");
        }
        for (int at = offset; at < bytes.limit(); at += LogFormat.ALIGNMENT) {
            if (LogFormat.isRecord(bytes, at, MetaLog.ENTRY_BYTES_MAX)
                    && LogFormat.recordIndex(bytes, at) > index
                    && LogFormat.recordDurableIndex(bytes, at) >= index) {
                throw corrupt(
                        file,
                        "entry " + index + " at offset " + offset + " is damaged, though entry "
                                + LogFormat.recordIndex(bytes, at) + " behind it says that it was durable");
            }
        }
    }

    private static void requireVersion(Path file, LogFormat.Header header) {
        if (header.version() != LogFormat.VERSION) {
            throw new UnknownVersionException("log file " + file, header.version(), LogFormat.VERSION);
        }
    }

    private static MetaLogException corrupt(Path file, String what) {
        return new MetaLogException("log file " + file + ": " + what
                + ". Nothing was changed. Restore the data folder from a backup, or ask for help before anything else");
    }
}
