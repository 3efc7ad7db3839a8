package io.basalt.gate.controller;

import io.basalt.linux.LinuxException;
import io.basalt.linux.file.FileDescriptor;
import io.basalt.linux.file.FileSpec;
import io.basalt.linux.file.FileStatus;
import io.basalt.linux.file.FileSystem;
import io.basalt.linux.memory.MemFd;
import io.basalt.linux.memory.MemorySpec;
import io.basalt.virtio.vhostuser.MemoryMapper;
import io.basalt.virtio.vhostuser.RefusedException;
import java.lang.foreign.MemorySegment;

/// Maps what front ends send, after finding out what it is: only memory file systems are mapped, because a file
/// on any other can block a page fault for as long as its server likes. Even to ask such a file for its size may
/// take as long, so the first question is one that the kernel answers by itself: whether the file has seals.
///
/// Concurrency: control reactor.
final class HostMemoryMapper implements MemoryMapper {
    private static final long PAGE_BYTES = 4096;
    private static final int SEALS = MemorySpec.F_SEAL_SHRINK | MemorySpec.F_SEAL_GROW;

    @Override
    public FileIdentity identify(int fd) throws RefusedException {
        final FileStatus status = status(fd);
        return new FileIdentity(status.device(), status.inode());
    }

    @Override
    public Mapping mapGuest(int fd, long size, long mmapOffset) throws RefusedException {
        return map("guest memory", fd, size, mmapOffset);
    }

    @Override
    public Mapping mapLog(int fd, long size, long mmapOffset) throws RefusedException {
        return map("dirty log", fd, size, mmapOffset);
    }

    @Override
    public Mapping mapInflight(int fd, long size, long mmapOffset) throws RefusedException {
        return map("inflight region", fd, size, mmapOffset);
    }

    @Override
    public int createInflight(long size) throws RefusedException {
        try (MemFd file = MemFd.create("basalt-inflight", size)) {
            file.addSeals(SEALS);
            final int fd = FileDescriptor.duplicate(file.fd());
            if (fd < 0) {
                throw new RefusedException("inflight region: no descriptor left");
            }
            return fd;
        } catch (LinuxException failure) {
            throw new RefusedException("inflight region of " + size + " bytes: " + failure.getMessage());
        }
    }

    private static Mapping map(String what, int fd, long size, long mmapOffset) throws RefusedException {
        final FileStatus status = status(fd);
        final FileSystem fileSystem = FileSystem.of(fd);
        if (status.kind() != FileStatus.Kind.REGULAR || !isMemory(fileSystem)) {
            throw new RefusedException(
                    what + ": descriptor " + fd + " is a " + status.kind() + " file on " + fileSystem.name());
        }
        if (mmapOffset > status.size() - size) {
            throw new RefusedException(
                    what + ": the file has " + status.size() + " bytes, the region ends at " + (mmapOffset + size));
        }
        // Where the front end allows it, the file can no longer shrink under us. Where it does not, a truncation
        // stops the device with an InternalError that its queue's poll catches.
        MemFd.addSeals(fd, SEALS);
        // A hole that is punched into huge pages is filled again only if the pool has a page left.
        final boolean sealed =
                (MemFd.seals(fd) & MemorySpec.F_SEAL_SHRINK) != 0 && fileSystem.magic() == FileSpec.TMPFS_MAGIC;
        final long pageBytes = Math.max(PAGE_BYTES, FileSystem.hugetlbPageBytes(fd));
        final long start = mmapOffset & -pageBytes;
        final long length = (mmapOffset + size - start + pageBytes - 1) & -pageBytes;
        try {
            final io.basalt.linux.memory.Mapping whole =
                    io.basalt.linux.memory.Mapping.ofFile(fd, start, Math.min(length, status.size() - start), true);
            return prefaulted(what, new HostMapping(whole, mmapOffset - start, size, sealed));
        } catch (LinuxException failure) {
            throw new RefusedException(what + ": " + failure.getMessage());
        }
    }

    private static Mapping prefaulted(String what, HostMapping mapping) throws RefusedException {
        final int result = mapping.whole.prefault();
        if (result < 0 && result != -io.basalt.linux.Errno.EINVAL) {
            mapping.unmap();
            throw new RefusedException(what + ": pages cannot be had: " + io.basalt.linux.Errno.describe(-result));
        }
        return mapping;
    }

    private static boolean isMemory(FileSystem fileSystem) {
        return fileSystem.magic() == FileSpec.TMPFS_MAGIC || fileSystem.magic() == FileSpec.HUGETLBFS_MAGIC;
    }

    private static FileStatus status(int fd) throws RefusedException {
        if (MemFd.seals(fd) < 0) {
            throw new RefusedException("descriptor " + fd + " is no file in memory; only memfd, tmpfs and hugetlbfs"
                    + " files are mapped (QEMU: use memory-backend-memfd,share=on)");
        }
        try {
            return FileStatus.of(fd);
        } catch (LinuxException failure) {
            throw new RefusedException("descriptor " + fd + ": " + failure.getMessage());
        }
    }

    /// Part of a file's mapping: whole pages are mapped, exactly the region is shown.
    private static final class HostMapping implements Mapping {
        private final io.basalt.linux.memory.Mapping whole;
        private final MemorySegment region;
        private final boolean sealed;

        HostMapping(io.basalt.linux.memory.Mapping whole, long offset, long size, boolean sealed) {
            this.whole = whole;
            this.sealed = sealed;
            this.region = whole.segment().asSlice(offset, size);
        }

        @Override
        public MemorySegment memory() {
            return region;
        }

        @Override
        public boolean sealed() {
            return sealed;
        }

        @Override
        public void unmap() {
            whole.close();
        }
    }
}
