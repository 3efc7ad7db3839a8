package io.basalt.linux.file;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.basalt.linux.LinuxException;
import io.basalt.linux.Syscall;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// What `statx` tells of an open file.
///
/// @param kind what sort of file it is
/// @param device the device number of the file system: major above bit 32, minor below
/// @param inode unique on that device
/// @param size in bytes; 0 for devices
/// @param specialDevice for a device file, its own device number: major above bit 32, minor below
/// @param directMemoryAlignment alignment in bytes of memory for direct I/O; 0 if the kernel does not say
/// @param directOffsetAlignment alignment in bytes of offset and length for direct I/O; 0 if the kernel does
///     not say
public record FileStatus(
        Kind kind,
        long device,
        long inode,
        long size,
        long specialDevice,
        int directMemoryAlignment,
        int directOffsetAlignment) {

    /// The sort of a file.
    public enum Kind {
        REGULAR,
        DIRECTORY,
        BLOCK_DEVICE,
        CHARACTER_DEVICE,
        SOCKET,
        PIPE,
        SYMBOLIC_LINK,
        /// A file without a type, such as an eventfd.
        ANONYMOUS
    }

    /// Asks the kernel about a descriptor.
    ///
    /// @throws LinuxException if `fd` is not open
    public static FileStatus of(int fd) {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment status = arena.allocate(FileSpec.STATX);
            final long result = Syscall.call(
                    Syscall.STATX,
                    fd,
                    arena.allocateFrom("").address(),
                    FileSpec.AT_EMPTY_PATH,
                    FileSpec.STATX_BASIC_STATS | FileSpec.STATX_DIOALIGN,
                    status.address());
            LinuxException.check("statx", result, "fd " + fd);
            final int mode = status.get(JAVA_SHORT, offset("stx_mode")) & 0xffff;
            final boolean direct = (number(status, "stx_mask") & FileSpec.STATX_DIOALIGN) != 0;
            return new FileStatus(
                    kind(mode),
                    device(status, "stx_dev_major", "stx_dev_minor"),
                    status.get(JAVA_LONG, offset("stx_ino")),
                    status.get(JAVA_LONG, offset("stx_size")),
                    device(status, "stx_rdev_major", "stx_rdev_minor"),
                    direct ? number(status, "stx_dio_mem_align") : 0,
                    direct ? number(status, "stx_dio_offset_align") : 0);
        }
    }

    /// The name under which `/sys/dev` knows the device of a device file, such as `254:0`.
    public String specialDeviceName() {
        return (specialDevice >>> 32) + ":" + (specialDevice & 0xffff_ffffL);
    }

    private static Kind kind(int mode) {
        return switch (mode & FileSpec.S_IFMT) {
            case FileSpec.S_IFREG -> Kind.REGULAR;
            case FileSpec.S_IFDIR -> Kind.DIRECTORY;
            case FileSpec.S_IFBLK -> Kind.BLOCK_DEVICE;
            case FileSpec.S_IFCHR -> Kind.CHARACTER_DEVICE;
            case FileSpec.S_IFSOCK -> Kind.SOCKET;
            case FileSpec.S_IFIFO -> Kind.PIPE;
            case FileSpec.S_IFLNK -> Kind.SYMBOLIC_LINK;
            default -> Kind.ANONYMOUS;
        };
    }

    private static long device(MemorySegment status, String major, String minor) {
        return ((long) number(status, major) << 32) | (number(status, minor) & 0xffff_ffffL);
    }

    private static int number(MemorySegment status, String field) {
        return status.get(JAVA_INT, offset(field));
    }

    private static long offset(String field) {
        return FileSpec.offset(FileSpec.STATX, field);
    }
}
