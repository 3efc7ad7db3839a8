package io.basalt.gate.controller;

import io.basalt.linux.Errno;
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
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;

/// Maps what front ends send, after finding out what it is: only memory file systems are mapped, because a file
/// on any other can block a page fault for as long as its server likes. Even to ask such a file for its size may
/// take as long, so the first question is one that the kernel answers by itself: whether the file has seals.
///
/// Guest memory is filled with pages when it is mapped: here, where a shortage is an error, and not later
/// on a data reactor, where io_uring would fill it when it pins the region, and other guests would wait. So
/// a front end has this process make memory of its file's holes; how much, is bounded by the operator.
///
/// Concurrency: control reactor. One front end.
final class HostMemoryMapper implements MemoryMapper {
    private static final long PAGE_BYTES = 4096;
    private static final int SEALS = MemorySpec.F_SEAL_SHRINK | MemorySpec.F_SEAL_GROW;

    private final long guestBytesMax;
    private final Map<FileIdentity, GuestFile> guestFiles = new HashMap<>();

    /// @param guestBytesMax most bytes of guest memory, counted as the sizes of the files that it lies in
    HostMemoryMapper(long guestBytesMax) {
        this.guestBytesMax = guestBytesMax;
    }

    /// A file with guest memory: its size when it was first mapped, and its regions that are mapped now.
    private static final class GuestFile {
        final long bytes;
        int regions;

        GuestFile(long bytes) {
            this.bytes = bytes;
        }
    }

    @Override
    public FileIdentity identify(int fd) throws RefusedException {
        final FileStatus status = status(fd);
        return new FileIdentity(status.device(), status.inode());
    }

    @Override
    public Mapping mapGuest(int fd, long size, long mmapOffset) throws RefusedException {
        final FileStatus status = status(fd);
        final FileIdentity identity = new FileIdentity(status.device(), status.inode());
        final GuestFile file = admitted(identity, status.size());
        final Mapping mapping = map("guest memory", fd, size, mmapOffset);
        guestFiles.put(identity, file);
        file.regions++;
        return new GuestMapping(mapping, identity);
    }

    /// A front end cuts one file into regions as it likes, and cuts it anew while old regions are still
    /// mapped: what it can fill is the files, each counted once.
    private GuestFile admitted(FileIdentity identity, long bytes) throws RefusedException {
        final GuestFile known = guestFiles.get(identity);
        if (known != null && bytes <= known.bytes) {
            return known;
        }
        long others = 0;
        for (final Map.Entry<FileIdentity, GuestFile> entry : guestFiles.entrySet()) {
            others += entry.getKey().equals(identity) ? 0 : entry.getValue().bytes;
        }
        if (bytes > guestBytesMax - others) {
            throw new RefusedException("guest memory: its files have " + others + " and " + bytes
                    + " bytes, the gate takes " + guestBytesMax + " (guest_memory_max)");
        }
        final GuestFile admitted = new GuestFile(bytes);
        admitted.regions = known == null ? 0 : known.regions;
        return admitted;
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
        final int own = FileDescriptor.duplicate(fd);
        if (own < 0) {
            throw new RefusedException(what + ": no descriptor left (" + Errno.describe(-own) + ")");
        }
        try {
            final io.basalt.linux.memory.Mapping whole =
                    io.basalt.linux.memory.Mapping.ofFile(fd, start, Math.min(length, status.size() - start), true);
            return prefaulted(what, new HostMapping(whole, own, mmapOffset - start, size, sealed));
        } catch (LinuxException failure) {
            FileDescriptor.close(own);
            throw new RefusedException(what + ": " + failure.getMessage());
        }
    }

    private static Mapping prefaulted(String what, HostMapping mapping) throws RefusedException {
        final int result = mapping.whole.prefault();
        if (result < 0 && result != -Errno.EINVAL) {
            mapping.unmap();
            throw new RefusedException(what + ": pages cannot be had: " + Errno.describe(-result));
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

    /// A region of guest memory, which ends to count with its mapping.
    private final class GuestMapping implements Mapping {
        private final Mapping mapping;
        private final FileIdentity identity;

        GuestMapping(Mapping mapping, FileIdentity identity) {
            this.mapping = mapping;
            this.identity = identity;
        }

        @Override
        public MemorySegment memory() {
            return mapping.memory();
        }

        @Override
        public int fd() {
            return mapping.fd();
        }

        @Override
        public boolean sealed() {
            return mapping.sealed();
        }

        @Override
        public void unmap() {
            mapping.unmap();
            final GuestFile file = Objects.requireNonNull(guestFiles.get(identity), "a region is unmapped once");
            file.regions--;
            if (file.regions == 0) {
                guestFiles.remove(identity);
            }
        }
    }

    /// Part of a file's mapping: whole pages are mapped, exactly the region is shown.
    private static final class HostMapping implements Mapping {
        private final io.basalt.linux.memory.Mapping whole;
        private final int fd;
        private final MemorySegment region;
        private final boolean sealed;

        HostMapping(io.basalt.linux.memory.Mapping whole, int fd, long offset, long size, boolean sealed) {
            this.whole = whole;
            this.fd = fd;
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
        public int fd() {
            return fd;
        }

        @Override
        public void unmap() {
            whole.close();
            // A file in memory: its last close waits for nobody.
            FileDescriptor.close(fd);
        }
    }
}
