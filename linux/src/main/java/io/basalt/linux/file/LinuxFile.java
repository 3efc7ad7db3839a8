package io.basalt.linux.file;

import io.basalt.linux.LinuxException;
import io.basalt.linux.Syscall;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.ref.Reference;
import java.nio.file.Path;

/// An open file or block device, for the calls that set it up; the data path goes through an io_uring.
///
/// Calls block as their system calls do. Any thread may call; closing is the owner's.
public final class LinuxFile implements AutoCloseable {
    /// Length of a lock's range that ends where the file does, however long that becomes.
    private static final long WHOLE_FILE = 0;

    private final FileDescriptor descriptor;

    private LinuxFile(FileDescriptor descriptor) {
        this.descriptor = descriptor;
    }

    /// Opens a path; `O_CLOEXEC` is always added.
    ///
    /// @param flags `O_*` of [FileSpec]
    /// @param permissions of a file this creates, less the process's umask
    /// @throws LinuxException naming the path, if the kernel refuses
    public static LinuxFile open(Path path, int flags, int permissions) {
        try (Arena arena = Arena.ofConfined()) {
            final long fd = Syscall.call(
                    Syscall.OPENAT,
                    FileSpec.AT_FDCWD,
                    arena.allocateFrom(path.toString()).address(),
                    flags | FileSpec.O_CLOEXEC,
                    permissions);
            LinuxException.check("open", fd, path + ", flags 0x" + Integer.toHexString(flags));
            return adopt((int) fd);
        }
    }

    /// Becomes the owner of an open descriptor.
    public static LinuxFile adopt(int fd) {
        return new LinuxFile(FileDescriptor.adopt(fd));
    }

    /// The descriptor number; stays this object's.
    public int fd() {
        return descriptor.number();
    }

    /// Reads at `offset` into a native segment.
    ///
    /// @return bytes read, fewer than asked at the end of the file; or `-errno`
    public long read(MemorySegment buffer, long offset) {
        return transfer(Syscall.PREAD64, buffer, offset);
    }

    /// Writes a native segment at `offset`.
    ///
    /// @return bytes written, possibly fewer than asked; or `-errno`
    public long write(MemorySegment buffer, long offset) {
        return transfer(Syscall.PWRITE64, buffer, offset);
    }

    /// Sets the size in bytes.
    ///
    /// @return 0 or `-errno`
    public int truncate(long size) {
        return (int) Syscall.call(Syscall.FTRUNCATE, fd(), size);
    }

    /// Allocates, punches or zeroes a range, by `mode` (`FALLOC_FL_*`, or 0 to allocate and grow).
    ///
    /// @return 0 or `-errno`: `-EOPNOTSUPP` if the file system cannot
    public int allocate(int mode, long offset, long length) {
        return (int) Syscall.call(Syscall.FALLOCATE, fd(), mode, offset, length);
    }

    /// Makes data and all metadata durable; also for a directory whose entries changed.
    ///
    /// @return 0 or `-errno`; after an error the state of the data on disk is unknown
    public int sync() {
        return (int) Syscall.call(Syscall.FSYNC, fd());
    }

    /// Looks for the next data or the next hole from `offset` on; the end of the file begins a hole.
    /// Moves the file's position, which nothing else here uses.
    ///
    /// @param whence `SEEK_DATA` or `SEEK_HOLE` of [FileSpec]
    /// @return its offset, or `-errno`: `-ENXIO` if there is no more data, or `offset` is beyond the
    ///     end; `-EINVAL` if the file system does not know
    public long seek(long offset, int whence) {
        return Syscall.call(Syscall.LSEEK, fd(), offset, whence);
    }

    /// What the kernel tells of the file.
    ///
    /// @throws LinuxException if the kernel refuses
    public FileStatus status() {
        return FileStatus.of(fd());
    }

    /// Takes the exclusive lock on the whole file, if nobody holds it. It belongs to this open file:
    /// other opens of the same path, in this process too, are kept out, and it goes with the last
    /// descriptor that shares this open.
    ///
    /// @return 0; `-EAGAIN` if somebody holds it; or another `-errno`
    public int tryLock() {
        return lock(FileSpec.F_WRLCK, 0, WHOLE_FILE);
    }

    /// Takes a shared lock on a range of bytes, of which any number of opens may hold one, if nobody
    /// holds the exclusive one. The file need only be open for reading, and need not be as long.
    ///
    /// @return 0; `-EAGAIN` if somebody holds the exclusive lock; or another `-errno`
    public int tryShare(long offset, long length) {
        return lock(FileSpec.F_RDLCK, offset, length);
    }

    /// Whether another open holds a lock, shared or not, on any byte of a range.
    ///
    /// @return 1 or 0, or `-errno`
    public int isLockedElsewhere(long offset, long length) {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment range = range(arena, FileSpec.F_WRLCK, offset, length);
            final int result = (int) Syscall.call(Syscall.FCNTL, fd(), FileSpec.F_OFD_GETLK, range.address());
            if (result < 0) {
                return result;
            }
            return range.get(ValueLayout.JAVA_SHORT, FileSpec.FLOCK_TYPE) == FileSpec.F_UNLCK ? 0 : 1;
        }
    }

    /// The flags it was opened with, `O_*` of [FileSpec].
    ///
    /// @throws LinuxException if the kernel refuses
    public int flags() {
        return (int) LinuxException.check(
                "fcntl F_GETFL", Syscall.call(Syscall.FCNTL, fd(), FileSpec.F_GETFL), "fd " + fd());
    }

    /// Gives all locks back.
    ///
    /// @return 0 or `-errno`
    public int unlock() {
        return lock(FileSpec.F_UNLCK, 0, WHOLE_FILE);
    }

    @Override
    public void close() {
        descriptor.close();
    }

    private int lock(int type, long offset, long length) {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment range = range(arena, type, offset, length);
            return (int) Syscall.call(Syscall.FCNTL, fd(), FileSpec.F_OFD_SETLK, range.address());
        }
    }

    private static MemorySegment range(Arena arena, int type, long offset, long length) {
        final MemorySegment range = arena.allocate(FileSpec.FLOCK);
        range.set(ValueLayout.JAVA_SHORT, FileSpec.FLOCK_TYPE, (short) type);
        range.set(ValueLayout.JAVA_LONG, FileSpec.FLOCK_START, offset);
        range.set(ValueLayout.JAVA_LONG, FileSpec.FLOCK_LENGTH, length);
        return range;
    }

    private long transfer(int call, MemorySegment buffer, long offset) {
        assert buffer.isNative();
        try {
            return Syscall.call(call, fd(), buffer.address(), buffer.byteSize(), offset);
        } finally {
            Reference.reachabilityFence(buffer);
        }
    }
}
