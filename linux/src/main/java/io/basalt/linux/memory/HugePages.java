package io.basalt.linux.memory;

import io.basalt.linux.Errno;
import io.basalt.linux.LinuxException;
import io.basalt.linux.Syscall;
import io.basalt.linux.file.FileSystem;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// The host's pools of huge pages, as the kernel tells of them under `/sys/kernel/mm/hugepages`.
public final class HugePages {
    /// The bytes of the usual huge page of x86-64.
    public static final long BYTES_2M = 2L << 20;

    /// The bytes of the large huge page of x86-64.
    public static final long BYTES_1G = 1L << 30;

    private static final Path POOLS = Path.of("/sys/kernel/mm/hugepages");
    private static final String POOL_PREFIX = "hugepages-";

    /// One pool: the size of its pages in bytes, how many there are, and how many of these nobody uses.
    public record Pool(long pageBytes, long total, long free) {}

    private HugePages() {}

    /// All pools, ascending by page size; none on a kernel without huge pages.
    public static List<Pool> pools() {
        if (!Files.isDirectory(POOLS)) {
            return List.of();
        }
        final List<Pool> pools = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(POOLS, POOL_PREFIX + "*kB")) {
            for (final Path entry : entries) {
                pools.add(pool(entry));
            }
        } catch (IOException e) {
            throw new LinuxException("read", Errno.EIO, POOLS + ": " + e.getMessage());
        }
        pools.sort((a, b) -> Long.compare(a.pageBytes(), b.pageBytes()));
        return List.copyOf(pools);
    }

    /// The `MAP_HUGE_*` / `MFD_HUGE_*` bits for a page size: its binary logarithm above bit 26.
    public static int sizeFlag(long pageBytes) {
        if (Long.bitCount(pageBytes) != 1 || pageBytes <= Syscall.PAGE_BYTES) {
            throw new LinuxException("mmap", Errno.EINVAL, pageBytes + " bytes is no huge page size");
        }
        return Long.numberOfTrailingZeros(pageBytes) << MemorySpec.MAP_HUGE_SHIFT;
    }

    /// The page size of the memory behind a descriptor: that of its hugetlbfs, or the ordinary one.
    static long pageBytesOf(int fd) {
        final long huge = FileSystem.hugetlbPageBytes(fd);
        return huge > 0 ? huge : Syscall.PAGE_BYTES;
    }

    private static Pool pool(Path entry) throws IOException {
        final String name = entry.getFileName().toString();
        final long kibibytes = Long.parseLong(name.substring(POOL_PREFIX.length(), name.length() - "kB".length()));
        return new Pool(
                kibibytes << 10, number(entry.resolve("nr_hugepages")), number(entry.resolve("free_hugepages")));
    }

    private static long number(Path file) throws IOException {
        return Long.parseLong(Files.readString(file).trim());
    }
}
