package io.basalt.meta.log.local;

import io.basalt.meta.log.MetaLogException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/// The files of a local log. Names carry the index that they begin with, in hexadecimal.
///
/// ```
/// LOCK                        held while a process uses the folder
/// log-0000000000000001        records, one file after the other without a gap
/// snapshot-0000000000000040   the state after entry 0x40, in place of all records up to it
/// *.new                       under way: of no meaning, removed
/// ```
///
/// A file comes to be whole or not at all: a snapshot is written under another name, made durable, then renamed; a
/// log's header is durable before its first record is written. Each step that others rest upon ends with a sync of
/// the folder.
final class LogFolder implements AutoCloseable {
    static final String LOG_PREFIX = "log-";
    static final String SNAPSHOT_PREFIX = "snapshot-";
    static final String NEW_SUFFIX = ".new";

    private static final Set<StandardOpenOption> CREATE =
            Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);

    private final Path folder;
    private final FileChannel lockChannel;
    private final FileLock lock;

    private LogFolder(Path folder, FileChannel lockChannel, FileLock lock) {
        this.folder = folder;
        this.lockChannel = lockChannel;
        this.lock = lock;
    }

    /// Takes a folder for this process; makes it if there is none.
    ///
    /// @throws MetaLogException if another process has it
    static LogFolder open(Path folder) throws IOException {
        try {
            Files.createDirectories(
                    folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        } catch (FileAlreadyExistsException e) {
            throw new MetaLogException("log folder " + folder + ": is a file; name a folder", e);
        }
        final FileChannel channel =
                FileChannel.open(folder.resolve("LOCK"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        try {
            final FileLock lock = channel.tryLock();
            if (lock != null) {
                return new LogFolder(folder, channel, lock);
            }
            channel.close();
            throw new MetaLogException(inUse(folder));
        } catch (OverlappingFileLockException e) {
            channel.close();
            throw new MetaLogException(inUse(folder), e);
        }
    }

    private static String inUse(Path folder) {
        return "log folder " + folder + ": another metaserver uses it; stop that one, or choose another data folder";
    }

    /// The first indexes of the log files, ascending.
    List<Long> logs() throws IOException {
        return indexes(LOG_PREFIX);
    }

    /// The indexes of the snapshots, ascending.
    List<Long> snapshots() throws IOException {
        return indexes(SNAPSHOT_PREFIX);
    }

    Path log(long firstIndex) {
        return folder.resolve(name(LOG_PREFIX, firstIndex));
    }

    Path snapshot(long index) {
        return folder.resolve(name(SNAPSHOT_PREFIX, index));
    }

    /// Removes what a crash has left half made.
    void removeUnfinished() throws IOException {
        final List<Path> unfinished;
        try (Stream<Path> files = Files.list(folder)) {
            unfinished = files.filter(file -> file.getFileName().toString().endsWith(NEW_SUFFIX))
                    .toList();
        }
        for (final Path file : unfinished) {
            Files.delete(file);
        }
    }

    /// Makes an empty log file, durable with its name.
    LogFile createLog(long firstIndex) throws IOException {
        final Path file = log(firstIndex);
        Files.deleteIfExists(file);
        final FileChannel channel = FileChannel.open(file, CREATE, ownerOnly());
        writeFully(channel, LogFormat.header(LogFormat.LOG_MAGIC, firstIndex, new byte[0]));
        channel.force(true);
        sync();
        return new ChannelFile(channel, LogFormat.HEADER_BYTES);
    }

    /// Goes on with a log file, whose content ends at `length`; what lies behind is cut off.
    LogFile openLog(long firstIndex, long length) throws IOException {
        final FileChannel channel = FileChannel.open(log(firstIndex), StandardOpenOption.WRITE);
        if (channel.size() != length) {
            channel.truncate(length);
            channel.force(true);
        }
        return new ChannelFile(channel, length);
    }

    /// Writes a snapshot: when this returns, it is durable.
    void writeSnapshot(long index, byte[] payload) throws IOException {
        final Path file = snapshot(index);
        final Path unfinished = folder.resolve(file.getFileName() + NEW_SUFFIX);
        Files.deleteIfExists(unfinished);
        try (FileChannel channel = FileChannel.open(unfinished, CREATE, ownerOnly())) {
            writeFully(channel, LogFormat.header(LogFormat.SNAPSHOT_MAGIC, index, payload));
            writeFully(channel, ByteBuffer.wrap(payload));
            channel.force(true);
        }
        Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        sync();
    }

    /// Removes what a durable snapshot stands for.
    ///
    /// @param index of the snapshot
    /// @param firstNeeded first index of the oldest log file that is still needed
    void removeBefore(long index, long firstNeeded) throws IOException {
        for (final long each : logs()) {
            if (each < firstNeeded) {
                Files.delete(log(each));
            }
        }
        for (final long each : snapshots()) {
            if (each < index) {
                Files.delete(snapshot(each));
            }
        }
        sync();
    }

    private void sync() throws IOException {
        try (FileChannel directory = FileChannel.open(folder, StandardOpenOption.READ)) {
            directory.force(true);
        }
    }

    @Override
    public void close() throws IOException {
        lock.release();
        lockChannel.close();
    }

    private List<Long> indexes(String prefix) throws IOException {
        final List<Long> found = new ArrayList<>();
        try (Stream<Path> files = Files.list(folder)) {
            files.map(file -> file.getFileName().toString())
                    .filter(name -> name.startsWith(prefix) && !name.endsWith(NEW_SUFFIX))
                    .forEach(name -> found.add(indexOf(name, prefix)));
        }
        found.sort(null);
        return found;
    }

    private long indexOf(String name, String prefix) {
        try {
            return Long.parseUnsignedLong(name.substring(prefix.length()), 16);
        } catch (NumberFormatException e) {
            throw new MetaLogException(
                    "log folder " + folder + ": " + name + " is not a file of the log; move it away", e);
        }
    }

    private static String name(String prefix, long index) {
        return prefix + String.format("%016x", index);
    }

    private static FileAttribute<?> ownerOnly() {
        return PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
    }

    private static void writeFully(FileChannel channel, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    private static final class ChannelFile implements LogFile {
        private final FileChannel channel;
        private long length;

        private ChannelFile(FileChannel channel, long length) throws IOException {
            this.channel = channel;
            this.length = length;
            channel.position(length);
        }

        @Override
        public void append(ByteBuffer bytes) throws IOException {
            final int count = bytes.remaining();
            writeFully(channel, bytes);
            length += count;
        }

        @Override
        public void sync() throws IOException {
            channel.force(false);
        }

        @Override
        public long length() {
            return length;
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }
}
