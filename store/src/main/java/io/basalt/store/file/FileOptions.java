package io.basalt.store.file;

import java.nio.file.Path;

/// What a [FileVolume] is opened with.
///
/// @param name what operators know it by
/// @param path regular file or block device; it must exist
/// @param productName SPDK's name for the kind of disk, for example `URING bdev`
/// @param blockSize 512 or 4096, or [#DEVICE_BLOCK_SIZE]
/// @param direct whether to ask for O_DIRECT; where the file system refuses, the volume works
///     buffered and says so
/// @param readOnly whether writes are refused; the file is then opened read-only and may be shared
///     with other readers
/// @param openFile descriptor that another process has opened and locked for the same volume, owned
///     by the volume from now on; -1 to open the path
public record FileOptions(
        String name, Path path, String productName, int blockSize, boolean direct, boolean readOnly, int openFile) {
    /// Block size: a block device's own logical block size; 512 for a regular file.
    public static final int DEVICE_BLOCK_SIZE = 0;

    /// A writable volume with direct I/O and the device's own block size.
    public static FileOptions of(String name, Path path) {
        return new FileOptions(name, path, "URING bdev", DEVICE_BLOCK_SIZE, true, false);
    }

    /// To be opened by its path.
    public FileOptions(String name, Path path, String productName, int blockSize, boolean direct, boolean readOnly) {
        this(name, path, productName, blockSize, direct, readOnly, -1);
    }

    /// The same with a file that is open already.
    public FileOptions withOpenFile(int fd) {
        return new FileOptions(name, path, productName, blockSize, direct, readOnly, fd);
    }

    /// The same with another block size.
    public FileOptions withBlockSize(int bytes) {
        return new FileOptions(name, path, productName, bytes, direct, readOnly, openFile);
    }

    /// The same with or without direct I/O.
    public FileOptions withDirect(boolean wanted) {
        return new FileOptions(name, path, productName, blockSize, wanted, readOnly, openFile);
    }

    /// The same, read-only or not.
    public FileOptions withReadOnly(boolean wanted) {
        return new FileOptions(name, path, productName, blockSize, direct, wanted, openFile);
    }

    /// The same under another product name.
    public FileOptions withProductName(String newProductName) {
        return new FileOptions(name, path, newProductName, blockSize, direct, readOnly, openFile);
    }
}
