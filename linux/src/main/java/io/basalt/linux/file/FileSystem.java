package io.basalt.linux.file;

import io.basalt.linux.Syscall;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// What `fstatfs` tells of the file system behind a descriptor: its kind (`*_MAGIC` in [FileSpec]) and its
/// block size.
public record FileSystem(int magic, long blockBytes) {
    /// Answers the facts, or magic 0 when the kernel has none for this descriptor.
    public static FileSystem of(int fd) {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment facts = arena.allocate(FileSpec.STATFS);
            final long result = Syscall.call(Syscall.FSTATFS, fd, facts.address());
            if (result < 0) {
                return new FileSystem(0, 0);
            }
            return new FileSystem(
                    (int) facts.get(ValueLayout.JAVA_LONG, FileSpec.STATFS_TYPE),
                    facts.get(ValueLayout.JAVA_LONG, FileSpec.STATFS_BSIZE));
        }
    }

    /// The huge page size of the hugetlbfs behind a descriptor in bytes, or 0 if it lies elsewhere.
    public static long hugetlbPageBytes(int fd) {
        final FileSystem fileSystem = of(fd);
        return fileSystem.magic == FileSpec.HUGETLBFS_MAGIC ? fileSystem.blockBytes : 0;
    }

    /// The name an operator knows it by, or its magic number in hexadecimal.
    public String name() {
        return switch (magic) {
            case FileSpec.TMPFS_MAGIC -> "tmpfs";
            case FileSpec.HUGETLBFS_MAGIC -> "hugetlbfs";
            case FileSpec.EXT4_SUPER_MAGIC -> "ext4";
            case FileSpec.XFS_SUPER_MAGIC -> "xfs";
            case FileSpec.BTRFS_SUPER_MAGIC -> "btrfs";
            case FileSpec.OVERLAYFS_SUPER_MAGIC -> "overlayfs";
            case FileSpec.NFS_SUPER_MAGIC -> "nfs";
            case FileSpec.RAMFS_MAGIC -> "ramfs";
            default -> "0x" + Integer.toHexString(magic);
        };
    }
}
