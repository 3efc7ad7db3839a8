package io.basalt.linux.memory;

import io.basalt.linux.Errno;
import io.basalt.linux.LinuxException;
import io.basalt.linux.Syscall;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// A range of mapped memory, unmapped when it is closed.
///
/// The segment has exactly the length asked for. [#close] first makes the segment and all its slices unusable
/// (later accesses throw `IllegalStateException`) and then unmaps, so a stale Java access can never reach another
/// mapping. That is a handshake with every thread of the process: control plane only. It does not know of
/// addresses handed to the kernel: whoever gave some to an io_uring waits for those requests before closing.
///
/// Any thread may use the segment. A file that is truncated below the mapping makes Java accesses throw
/// `InternalError`; native code and intrinsics on such memory end the process.
public final class Mapping implements AutoCloseable {
    private final Arena arena;
    private final MemorySegment segment;
    private final long mappedBytes;
    private final @Nullable String fallback;

    private Mapping(long address, long length, long mappedBytes, @Nullable String fallback) {
        this.arena = Arena.ofShared();
        this.segment = Syscall.memory(address, length, arena, () -> unmap(address, mappedBytes));
        this.mappedBytes = mappedBytes;
        this.fallback = fallback;
    }

    /// Maps `length` bytes of an open file, memfd or ring, shared. The mapping outlives the descriptor.
    ///
    /// @param fd stays the caller's
    /// @param offset in bytes, a multiple of the page size (of the huge page size on hugetlbfs)
    /// @param length at least 1; need not be a multiple of the page size
    /// @throws LinuxException if the kernel refuses
    public static Mapping ofFile(int fd, long offset, long length, boolean writable) {
        return ofFile(fd, offset, length, writable, 0);
    }

    /// As [#ofFile(int, long, long, boolean)], with its page tables filled at once where the kernel can.
    public static Mapping ofFilePopulated(int fd, long offset, long length, boolean writable) {
        return ofFile(fd, offset, length, writable, MemorySpec.MAP_POPULATE);
    }

    private static Mapping ofFile(int fd, long offset, long length, boolean writable, int extraFlags) {
        final int protection = MemorySpec.PROT_READ | (writable ? MemorySpec.PROT_WRITE : 0);
        final String attributes = "fd " + fd + ", offset " + offset + ", length " + length;
        requirePositive(length, attributes);
        final long address = map(length, protection, MemorySpec.MAP_SHARED | extraFlags, fd, offset);
        LinuxException.check("mmap", address, attributes);
        // munmap on hugetlbfs wants whole pages of the file's page size; the kernel rounds up ordinary ones by
        // itself.
        final long pageBytes = HugePages.pageBytesOf(fd);
        return new Mapping(address, length, roundUp(length, pageBytes), null);
    }

    /// Private zeroed memory on ordinary pages.
    public static Mapping anonymous(long length) {
        requirePositive(length, "length " + length);
        final long address = mapAnonymous(length, 0);
        LinuxException.check("mmap", address, "anonymous, length " + length);
        return new Mapping(address, length, roundUp(length, Syscall.PAGE_BYTES), null);
    }

    /// Private zeroed memory on huge pages of the given size, or on ordinary pages when there are not enough:
    /// then [#fallback] says why, and the kernel has been asked for transparent huge pages.
    ///
    /// @param pageBytes a supported huge page size ([HugePages#pools])
    public static Mapping anonymousHuge(long length, long pageBytes) {
        requirePositive(length, "length " + length);
        final int sizeFlag = HugePages.sizeFlag(pageBytes);
        final long mapped = roundUp(length, pageBytes);
        final long huge = mapAnonymous(mapped, MemorySpec.MAP_HUGETLB | MemorySpec.MAP_POPULATE | sizeFlag);
        if (huge >= 0) {
            return new Mapping(huge, length, mapped, null);
        }
        final String why = "no " + (pageBytes >> 10) + " KiB huge pages for " + length + " bytes: "
                + Errno.describe((int) huge) + "; using ordinary pages";
        final long address = mapAnonymous(mapped, 0);
        LinuxException.check("mmap", address, "anonymous, length " + mapped);
        final Mapping mapping = new Mapping(address, length, mapped, why);
        // Advice: a kernel without transparent huge pages answers EINVAL and nothing is lost.
        mapping.advise(MemorySpec.MADV_HUGEPAGE);
        return mapping;
    }

    /// The memory; throws `IllegalStateException` on access once the mapping is closed.
    public MemorySegment segment() {
        return segment;
    }

    /// The address of the first byte in this process.
    public long address() {
        return segment.address();
    }

    /// The length in bytes that was asked for.
    public long length() {
        return segment.byteSize();
    }

    /// Why this mapping is not on the huge pages that were asked for, or null if it is (or none were asked
    /// for).
    public @Nullable String fallback() {
        return fallback;
    }

    public boolean isOpen() {
        return segment.scope().isAlive();
    }

    /// Makes every page present and writable now, so that no later access faults.
    ///
    /// @return 0 or `-errno`: `-ENOMEM` out of memory, `-EFAULT` beyond the end of the file, `-EINVAL` kernel
    ///     before 5.14
    public int prefault() {
        return advise(MemorySpec.MADV_POPULATE_WRITE);
    }

    /// Gives the kernel advice (`MADV_*`) on the whole mapping.
    ///
    /// @return 0 or `-errno`
    public int advise(int advice) {
        if (!isOpen()) {
            return -Errno.EINVAL;
        }
        return (int) Syscall.call(Syscall.MADVISE, address(), mappedBytes, advice);
    }

    /// Unmaps; does nothing the second time. The caller sees to it that no kernel request in flight names the
    /// memory.
    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }

    @Override
    public String toString() {
        return "Mapping[0x" + Long.toHexString(segment.address()) + ", " + segment.byteSize() + " bytes"
                + (isOpen() ? "]" : ", closed]");
    }

    private static long mapAnonymous(long length, int extraFlags) {
        final int flags = MemorySpec.MAP_PRIVATE | MemorySpec.MAP_ANONYMOUS | extraFlags;
        return map(length, MemorySpec.PROT_READ | MemorySpec.PROT_WRITE, flags, -1, 0);
    }

    private static long map(long length, int protection, int flags, int fd, long offset) {
        return Syscall.call(Syscall.MMAP, 0, length, protection, flags, fd, offset);
    }

    private static void unmap(long address, long mappedBytes) {
        final long result = Syscall.call(Syscall.MUNMAP, address, mappedBytes);
        assert result == 0 : Errno.describe((int) result);
    }

    private static void requirePositive(long length, String attributes) {
        if (length <= 0) {
            throw new LinuxException("mmap", Errno.EINVAL, attributes + ": the length must be positive");
        }
    }

    private static long roundUp(long length, long pageBytes) {
        assert Long.bitCount(pageBytes) == 1;
        return (length + pageBytes - 1) & -pageBytes;
    }
}
