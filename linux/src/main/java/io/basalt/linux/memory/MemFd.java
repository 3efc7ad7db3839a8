package io.basalt.linux.memory;

import io.basalt.linux.LinuxException;
import io.basalt.linux.Syscall;
import io.basalt.linux.file.FileDescriptor;
import java.lang.foreign.Arena;

/// A file without a name that lives in memory and can be sealed, passed on and mapped.
public final class MemFd implements AutoCloseable {
    private final FileDescriptor descriptor;

    private MemFd(FileDescriptor descriptor) {
        this.descriptor = descriptor;
    }

    /// A sealable memfd of `size` bytes on ordinary pages.
    ///
    /// @param name what `/proc/self/maps` shows; up to 249 bytes
    public static MemFd create(String name, long size) {
        return create(name, size, 0);
    }

    /// A sealable memfd of `size` bytes.
    ///
    /// @param hugePageBytes the huge page size to use, or 0 for ordinary pages; the size must be a multiple of
    ///     it
    /// @throws LinuxException if the kernel refuses, for instance for want of huge pages of that size
    public static MemFd create(String name, long size, long hugePageBytes) {
        int flags = MemorySpec.MFD_CLOEXEC | MemorySpec.MFD_ALLOW_SEALING;
        if (hugePageBytes != 0) {
            flags |= MemorySpec.MFD_HUGETLB | HugePages.sizeFlag(hugePageBytes);
        }
        final MemFd created;
        try (Arena arena = Arena.ofConfined()) {
            final long fd =
                    Syscall.call(Syscall.MEMFD_CREATE, arena.allocateFrom(name).address(), flags);
            LinuxException.check("memfd_create", fd, name);
            created = new MemFd(FileDescriptor.adopt((int) fd));
        }
        final int result = created.truncate(size);
        if (result < 0) {
            created.close();
            throw new LinuxException("ftruncate", -result, "memfd " + name + ", size " + size);
        }
        return created;
    }

    /// The descriptor number; stays this object's.
    public int fd() {
        return descriptor.number();
    }

    /// Ends the ownership without closing.
    ///
    /// @return the descriptor, which is the caller's now
    public int release() {
        return descriptor.release();
    }

    /// Sets the size in bytes.
    ///
    /// @return 0 or `-errno`: `-EPERM` if a seal forbids it
    public int truncate(long size) {
        return (int) Syscall.call(Syscall.FTRUNCATE, fd(), size);
    }

    /// Adds seals (`F_SEAL_*`).
    ///
    /// @return 0 or `-errno`
    public int addSeals(int seals) {
        return addSeals(fd(), seals);
    }

    /// Adds seals to any descriptor, such as one a front end sent.
    ///
    /// @return 0 or `-errno`: `-EINVAL` if it cannot be sealed, `-EPERM` if sealing is forbidden or the
    ///     descriptor is not writable
    public static int addSeals(int fd, int seals) {
        return (int) Syscall.call(Syscall.FCNTL, fd, MemorySpec.F_ADD_SEALS, seals);
    }

    /// The seals (`F_SEAL_*`) of any descriptor, or `-errno`: `-EINVAL` if it cannot be sealed.
    public static int seals(int fd) {
        return (int) Syscall.call(Syscall.FCNTL, fd, MemorySpec.F_GET_SEALS);
    }

    @Override
    public void close() {
        descriptor.close();
    }
}
