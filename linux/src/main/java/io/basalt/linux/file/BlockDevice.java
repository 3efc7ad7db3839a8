package io.basalt.linux.file;

import io.basalt.linux.Errno;
import io.basalt.linux.LinuxException;
import io.basalt.linux.Syscall;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;

/// What the kernel tells of an open block device; all figures in bytes.
///
/// @param size the capacity
/// @param logicalSector the unit of addressing
/// @param discardMax the longest single discard; 0 if it cannot
/// @param writeZeroesMax the longest single write of zeroes the device does by itself; 0 if the kernel sends
///     zeroes
public record BlockDevice(long size, int logicalSector, long discardMax, long writeZeroesMax) {

    /// Asks the kernel about a device.
    ///
    /// @throws LinuxException if `fd` is no block device
    public static BlockDevice of(int fd) {
        final FileStatus status = FileStatus.of(fd);
        if (status.kind() != FileStatus.Kind.BLOCK_DEVICE) {
            throw new LinuxException("ioctl", Errno.ENOTBLK, "fd " + fd + " is a " + status.kind());
        }
        final Path queue = queue(status.specialDeviceName());
        return new BlockDevice(
                query(fd, "BLKGETSIZE64", FileSpec.BLKGETSIZE64),
                (int) query(fd, "BLKSSZGET", FileSpec.BLKSSZGET),
                attribute(queue, "discard_max_bytes"),
                attribute(queue, "write_zeroes_max_bytes"));
    }

    private static long query(int fd, String name, int request) {
        try (Arena arena = Arena.ofConfined()) {
            // BLKGETSIZE64 fills eight bytes, the others four; the memory is zeroed and little-endian.
            final MemorySegment answer = arena.allocate(ValueLayout.JAVA_LONG);
            LinuxException.check(
                    "ioctl " + name, Syscall.call(Syscall.IOCTL, fd, request, answer.address()), "fd " + fd);
            return answer.get(ValueLayout.JAVA_LONG, 0);
        }
    }

    /// A partition has no queue of its own; its disk's lies one directory up.
    private static Path queue(String device) {
        final Path sys = Path.of("/sys/dev/block", device);
        final Path own = sys.resolve("queue");
        return Files.isDirectory(own) ? own : sys.resolve("..").resolve("queue");
    }

    /// Attributes differ from kernel to kernel; one that is missing counts as a capability that is missing.
    private static long attribute(Path queue, String name) {
        final Path file = queue.resolve(name);
        if (!Files.isReadable(file)) {
            return 0;
        }
        try {
            return Long.parseLong(Files.readString(file).trim());
        } catch (IOException | NumberFormatException e) {
            throw new LinuxException("read", Errno.EIO, file + ": " + e.getMessage());
        }
    }
}
