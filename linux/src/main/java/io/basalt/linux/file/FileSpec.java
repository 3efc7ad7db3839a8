package io.basalt.linux.file;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.StructLayout;

/// The kernel's constants and layouts for files and block devices, in the kernel's spelling.
public final class FileSpec {
    public static final int O_RDONLY = 0;
    public static final int O_RDWR = 0x2;
    public static final int O_CREAT = 0x40;
    public static final int O_EXCL = 0x80;
    public static final int O_NONBLOCK = 0x800;
    public static final int O_DSYNC = 0x1000;
    public static final int O_DIRECT = 0x4000;
    public static final int O_DIRECTORY = 0x10000;
    public static final int O_NOFOLLOW = 0x20000;
    public static final int O_CLOEXEC = 0x80000;
    public static final int O_PATH = 0x200000;
    public static final int AT_FDCWD = -100;
    public static final int AT_EMPTY_PATH = 0x1000;

    public static final int FD_CLOEXEC = 1;
    public static final int SEEK_DATA = 3;
    public static final int SEEK_HOLE = 4;

    public static final int F_SETFD = 2;
    public static final int F_GETFL = 3;
    public static final int F_SETFL = 4;
    public static final int F_OFD_GETLK = 36;
    public static final int F_OFD_SETLK = 37;
    public static final int F_DUPFD_CLOEXEC = 1030;
    public static final int F_RDLCK = 0;
    public static final int F_WRLCK = 1;
    public static final int F_UNLCK = 2;

    public static final int FALLOC_FL_KEEP_SIZE = 0x01;
    public static final int FALLOC_FL_PUNCH_HOLE = 0x02;
    public static final int FALLOC_FL_ZERO_RANGE = 0x10;

    public static final int S_IFMT = 0xF000;
    public static final int S_IFSOCK = 0xC000;
    public static final int S_IFLNK = 0xA000;
    public static final int S_IFREG = 0x8000;
    public static final int S_IFBLK = 0x6000;
    public static final int S_IFDIR = 0x4000;
    public static final int S_IFCHR = 0x2000;
    public static final int S_IFIFO = 0x1000;

    public static final int STATX_BASIC_STATS = 0x7ff;
    public static final int STATX_DIOALIGN = 0x2000;

    public static final int BLKGETSIZE64 = 0x80081272;
    public static final int BLKSSZGET = 0x1268;

    public static final int TMPFS_MAGIC = 0x01021994;
    public static final int HUGETLBFS_MAGIC = 0x958458f6;
    public static final int EXT4_SUPER_MAGIC = 0xEF53;
    public static final int XFS_SUPER_MAGIC = 0x58465342;
    public static final int BTRFS_SUPER_MAGIC = 0x9123683E;
    public static final int OVERLAYFS_SUPER_MAGIC = 0x794c7630;
    public static final int NFS_SUPER_MAGIC = 0x6969;
    public static final int RAMFS_MAGIC = 0x858458f6;

    /// `struct statfs`, up to the fields read here; the kernel fills all 120 bytes.
    static final StructLayout STATFS = MemoryLayout.structLayout(
                    JAVA_LONG.withName("f_type"), JAVA_LONG.withName("f_bsize"), MemoryLayout.paddingLayout(104))
            .withName("statfs");

    static final long STATFS_TYPE = offset(STATFS, "f_type");
    static final long STATFS_BSIZE = offset(STATFS, "f_bsize");

    /// `struct flock`: a range lock; all zero but the type means the whole file.
    static final StructLayout FLOCK = MemoryLayout.structLayout(
                    JAVA_SHORT.withName("l_type"),
                    JAVA_SHORT.withName("l_whence"),
                    MemoryLayout.paddingLayout(4),
                    JAVA_LONG.withName("l_start"),
                    JAVA_LONG.withName("l_len"),
                    JAVA_INT.withName("l_pid"),
                    MemoryLayout.paddingLayout(4))
            .withName("flock");

    static final long FLOCK_TYPE = offset(FLOCK, "l_type");
    static final long FLOCK_START = offset(FLOCK, "l_start");
    static final long FLOCK_LENGTH = offset(FLOCK, "l_len");

    private static final StructLayout STATX_TIMESTAMP = MemoryLayout.structLayout(
            JAVA_LONG.withName("tv_sec"), JAVA_INT.withName("tv_nsec"), MemoryLayout.paddingLayout(4));

    /// `struct statx`: 256 bytes; the direct I/O alignments are filled by kernels that know them (6.1 and
    /// later).
    static final StructLayout STATX = MemoryLayout.structLayout(
                    JAVA_INT.withName("stx_mask"),
                    JAVA_INT.withName("stx_blksize"),
                    JAVA_LONG.withName("stx_attributes"),
                    JAVA_INT.withName("stx_nlink"),
                    JAVA_INT.withName("stx_uid"),
                    JAVA_INT.withName("stx_gid"),
                    JAVA_SHORT.withName("stx_mode"),
                    MemoryLayout.paddingLayout(2),
                    JAVA_LONG.withName("stx_ino"),
                    JAVA_LONG.withName("stx_size"),
                    JAVA_LONG.withName("stx_blocks"),
                    JAVA_LONG.withName("stx_attributes_mask"),
                    STATX_TIMESTAMP.withName("stx_atime"),
                    STATX_TIMESTAMP.withName("stx_btime"),
                    STATX_TIMESTAMP.withName("stx_ctime"),
                    STATX_TIMESTAMP.withName("stx_mtime"),
                    JAVA_INT.withName("stx_rdev_major"),
                    JAVA_INT.withName("stx_rdev_minor"),
                    JAVA_INT.withName("stx_dev_major"),
                    JAVA_INT.withName("stx_dev_minor"),
                    JAVA_LONG.withName("stx_mnt_id"),
                    JAVA_INT.withName("stx_dio_mem_align"),
                    JAVA_INT.withName("stx_dio_offset_align"),
                    MemoryLayout.paddingLayout(96))
            .withName("statx");

    static {
        assert STATFS.byteSize() == 120;
        assert FLOCK.byteSize() == 32;
        assert STATX.byteSize() == 256;
        assert offset(STATX, "stx_size") == 40;
        assert offset(STATX, "stx_dio_mem_align") == 152;
    }

    private FileSpec() {}

    static long offset(StructLayout layout, String field) {
        return layout.byteOffset(PathElement.groupElement(field));
    }
}
