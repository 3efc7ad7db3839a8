package io.basalt.meta.log.local;

import io.basalt.meta.log.LogReader;
import io.basalt.meta.log.MetaLogException;
import io.basalt.wire.meta.UnknownVersionException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/// A snapshot as a file's bytes, with magic, version and checksum (docs/FORMAT-META.md): what a log keeps in place
/// of its entries, and what a backup of a metaserver is.
///
/// @param index of the last entry that is in it
/// @param state in bytes, as the log's reader gave it
@SuppressWarnings("ArrayRecordComponent") // bytes on their way; never compared
public record SnapshotFile(long index, byte[] state) {
    /// The bytes of the file.
    public byte[] toBytes() {
        final byte[] bytes = new byte[LogFormat.HEADER_BYTES + state.length];
        LogFormat.header(LogFormat.SNAPSHOT_MAGIC, index, state).get(0, bytes, 0, LogFormat.HEADER_BYTES);
        System.arraycopy(state, 0, bytes, LogFormat.HEADER_BYTES, state.length);
        return bytes;
    }

    /// The snapshot that a file's bytes are.
    ///
    /// @param source the file, for messages
    /// @throws MetaLogException if they are none, or are damaged
    /// @throws UnknownVersionException if a newer version has written it
    public static SnapshotFile of(String source, byte[] bytes) {
        final ByteBuffer file = LogFormat.view(bytes);
        final LogFormat.Header header = LogFormat.parseHeader(file);
        if (header == null || header.magic() != LogFormat.SNAPSHOT_MAGIC) {
            throw damaged(source, "it is no snapshot of a metaserver, or its header is damaged");
        }
        if (header.version() != LogFormat.VERSION) {
            throw new UnknownVersionException("snapshot " + source, header.version(), LogFormat.VERSION);
        }
        final byte[] state = Arrays.copyOfRange(bytes, LogFormat.HEADER_BYTES, bytes.length);
        final boolean whole = header.payloadLength() == state.length
                && (state.length == 0 || header.payloadCrc() == LogFormat.crc(ByteBuffer.wrap(state)));
        if (!whole) {
            throw damaged(source, "its content does not match its checksum");
        }
        return new SnapshotFile(header.index(), state);
    }

    /// The state that the log of a folder holds, as a snapshot. Reads all of it; changes nothing.
    ///
    /// @param reader follows the log, and is asked for its state at the end
    /// @throws MetaLogException if the log cannot be read
    public static SnapshotFile ofLog(Path folder, LogReader reader) {
        final long[] last = new long[1];
        LocalLog.read(folder, new LogReader() {
            @Override
            public void restore(long index, byte[] snapshot) {
                last[0] = index;
                reader.restore(index, snapshot);
            }

            @Override
            public void committed(long index, byte[] entry) {
                last[0] = index;
                reader.committed(index, entry);
            }

            @Override
            public byte[] snapshot() {
                throw new IllegalStateException("a log that is only read takes no snapshot");
            }

            @Override
            public void leading(boolean leads) {
                reader.leading(leads);
            }

            @Override
            public void failed(String reason) {
                reader.failed(reason);
            }
        });
        final byte[] state = reader.snapshot();
        if (state == null) {
            throw new MetaLogException("log folder " + folder + ": holds an entry that this version does not know;"
                    + " use the version that has written it");
        }
        return new SnapshotFile(last[0], state);
    }

    /// Begins a log in a folder with this snapshot: durable when this returns.
    ///
    /// @param folder of the log; made if there is none
    /// @throws MetaLogException if there is a log already, or it cannot be written
    public void begin(Path folder) {
        try (LogFolder log = LogFolder.open(folder)) {
            if (!log.logs().isEmpty() || !log.snapshots().isEmpty()) {
                throw new MetaLogException(
                        "log folder " + folder + ": holds a log already; name an empty data folder, or move it away");
            }
            log.writeSnapshot(index, state);
        } catch (IOException e) {
            throw new MetaLogException(
                    "log folder " + folder + ": cannot be written: " + e + "; correct its permissions or free space",
                    e);
        }
    }

    /// Whether a folder holds a log with anything in it.
    public static boolean hasLog(Path folder) {
        if (!Files.isDirectory(folder)) {
            return false;
        }
        try (Stream<Path> files = Files.list(folder)) {
            final List<String> names =
                    files.map(file -> file.getFileName().toString()).toList();
            return names.stream()
                    .anyMatch(name ->
                            name.startsWith(LogFolder.LOG_PREFIX) || name.startsWith(LogFolder.SNAPSHOT_PREFIX));
        } catch (IOException e) {
            throw new MetaLogException(
                    "log folder " + folder + ": cannot be read: " + e + "; correct its permissions", e);
        }
    }

    private static MetaLogException damaged(String source, String what) {
        return new MetaLogException(
                "snapshot " + source + ": " + what + ". Nothing was changed. Use another copy of it");
    }
}
