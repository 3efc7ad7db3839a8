package io.basalt.cli.bench;

import io.basalt.linux.LinuxException;
import io.basalt.linux.memory.Mapping;
import io.basalt.linux.memory.MemFd;
import io.basalt.virtio.vhostuser.RegionDescription;
import io.basalt.virtio.vhostuser.VhostUserFrontEnd;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// The memory of a guest that has no processor: one shared region, given out piece by piece.
public final class GuestArena implements AutoCloseable {
    /// Guest physical address of the first byte: not 0, so that an address that was not translated fails.
    public static final long GUEST_ADDRESS = 1L << 20;

    private static final long HUGE_PAGE_BYTES = 2L << 20;

    private final MemFd file;
    private final Mapping mapping;
    private final @Nullable String fallback;
    private long used;

    private GuestArena(MemFd file, Mapping mapping, @Nullable String fallback) {
        this.file = file;
        this.mapping = mapping;
        this.fallback = fallback;
    }

    /// Memory that is there at once, every page of it.
    ///
    /// @param hugePages on 2 MiB pages if there are enough
    public static GuestArena create(long bytes, boolean hugePages) {
        final long size = (bytes + HUGE_PAGE_BYTES - 1) & -HUGE_PAGE_BYTES;
        if (hugePages) {
            try {
                final MemFd huge = MemFd.create("basalt-bench", size, HUGE_PAGE_BYTES);
                return map(huge, size, null);
            } catch (LinuxException none) {
                return map(MemFd.create("basalt-bench", size), size, "no huge pages: " + none.getMessage());
            }
        }
        return map(MemFd.create("basalt-bench", size), size, null);
    }

    private static GuestArena map(MemFd file, long size, @Nullable String fallback) {
        try {
            return new GuestArena(file, Mapping.ofFilePopulated(file.fd(), 0, size, true), fallback);
        } catch (LinuxException failure) {
            file.close();
            throw failure;
        }
    }

    /// Why the memory is on small pages although huge ones were asked for, or null.
    public @Nullable String fallback() {
        return fallback;
    }

    /// Take a piece.
    ///
    /// @param alignment a power of two
    /// @return its offset in [#memory()]
    public long take(long bytes, long alignment) {
        final long at = (used + alignment - 1) & -alignment;
        if (at + bytes > mapping.length()) {
            throw new IllegalStateException("guest memory of " + mapping.length() + " bytes is used up");
        }
        used = at + bytes;
        return at;
    }

    /// All of it.
    public MemorySegment memory() {
        return mapping.segment();
    }

    /// Guest physical address of an offset.
    public static long guestAddress(long offset) {
        return GUEST_ADDRESS + offset;
    }

    /// The front end's own address of a guest physical address.
    public long userAddress(long guestAddress) {
        return mapping.address() + guestAddress - GUEST_ADDRESS;
    }

    /// The region as it is handed over to a back end; its file stays the arena's.
    public VhostUserFrontEnd.Memory description() {
        return new VhostUserFrontEnd.Memory(
                new RegionDescription(GUEST_ADDRESS, mapping.length(), mapping.address(), 0), file.fd());
    }

    @Override
    public void close() {
        mapping.close();
        file.close();
    }
}
