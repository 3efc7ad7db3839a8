package io.basalt.gate.daemon;

import io.basalt.linux.Errno;
import io.basalt.linux.file.FileSpec;
import io.basalt.linux.file.LinuxFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/// The folder that a gate owns while it runs: a lock keeps a second gate out of it.
final class DataFolder implements AutoCloseable {
    private static final String LOCK_FILE = "gate.lock";
    private static final FileAttribute<Set<PosixFilePermission>> OWNER_ONLY =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));

    private final LinuxFile lock;

    private DataFolder(LinuxFile lock) {
        this.lock = lock;
    }

    /// Make the folders that are missing, and take the lock.
    ///
    /// @throws IllegalStateException if another gate runs in the folder
    static DataFolder open(GateOptions options) {
        make(options.data());
        make(options.socketFolder());
        final Path rpcFolder = options.rpcSocket().toAbsolutePath().getParent();
        if (rpcFolder != null) {
            make(rpcFolder);
        }
        final LinuxFile file = LinuxFile.open(
                options.data().resolve(LOCK_FILE), FileSpec.O_RDWR | FileSpec.O_CREAT | FileSpec.O_CLOEXEC, 0600);
        final int result = file.tryLock();
        if (result < 0) {
            file.close();
            throw new IllegalStateException("data: " + options.data() + " is in use by another gate ("
                    + Errno.describe(-result) + "); stop it or choose another folder with --data");
        }
        return new DataFolder(file);
    }

    /// The folder of a gate that hands over: its lock goes along.
    ///
    /// @param lock open file that holds the lock, owned from now on
    static DataFolder adopt(int lock) {
        return new DataFolder(LinuxFile.adopt(lock));
    }

    /// The open file that holds the lock, which stays this object's.
    int fd() {
        return lock.fd();
    }

    /// Make a folder that only this user may use, unless it is there.
    static void make(Path folder) {
        try {
            if (!Files.isDirectory(folder)) {
                Files.createDirectories(folder, OWNER_ONLY);
            }
        } catch (IOException failure) {
            throw new UncheckedIOException("folder " + folder + " cannot be made; choose another with --data", failure);
        }
    }

    @Override
    public void close() {
        lock.close();
    }
}
