package io.basalt.virtio.memory;

import io.basalt.block.IoVector;
import io.basalt.block.RegionTable;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The guest's memory as one immutable table: the trusted base of everything that touches guest bytes.
///
/// Concurrency: immutable, shared by all reactors, replaced as a whole. A reader keeps a hint (the region that
/// answered last) of its own.
///
/// Invariants: regions are sorted by guest address, at most [#REGION_COUNT_MAX], non-empty, and overlap neither
/// in guest nor in user addresses; no region wraps around 2^64. A successful translation names bytes inside one
/// region's segment; nothing else gets at guest memory. Addresses compare as unsigned.
public final class GuestMemory {
    /// Most regions of one guest (QEMU caps memory slots at 512).
    public static final int REGION_COUNT_MAX = 512;

    /// No memory at all.
    public static final GuestMemory EMPTY = new GuestMemory(new GuestRegion[0]);

    private final GuestRegion[] regions;
    private final long[] guestAddresses;
    private final long[] sizes;
    private final MemorySegment[] segments;
    private final long[] hostAddresses;
    private final RegionTable table;

    private GuestMemory(GuestRegion[] sorted) {
        regions = sorted;
        guestAddresses = new long[sorted.length];
        sizes = new long[sorted.length];
        segments = new MemorySegment[sorted.length];
        hostAddresses = new long[sorted.length];
        for (int i = 0; i < sorted.length; i++) {
            guestAddresses[i] = sorted[i].guestAddress();
            sizes[i] = sorted[i].size();
            segments[i] = sorted[i].memory();
            hostAddresses[i] = segments[i].address();
        }
        table = new RegionTable(List.of(segments), Arrays.stream(sorted).allMatch(GuestRegion::sealed));
    }

    /// Build a table.
    ///
    /// @throws IllegalArgumentException naming the broken rule; the caller refuses the front end's message with it
    public static GuestMemory of(List<GuestRegion> regions) {
        if (regions.size() > REGION_COUNT_MAX) {
            throw new IllegalArgumentException(
                    "memory table: " + regions.size() + " regions, at most " + REGION_COUNT_MAX);
        }
        final GuestRegion[] sorted = regions.toArray(GuestRegion[]::new);
        Arrays.sort(sorted, Comparator.comparing(GuestRegion::guestAddress, Long::compareUnsigned));
        for (final GuestRegion region : sorted) {
            requireSound(region);
        }
        for (int i = 1; i < sorted.length; i++) {
            final GuestRegion before = sorted[i - 1];
            if (Long.compareUnsigned(sorted[i].guestAddress(), before.guestAddress() + before.size()) < 0) {
                throw new IllegalArgumentException(
                        "memory table: guest addresses overlap at 0x" + Long.toHexString(sorted[i].guestAddress()));
            }
        }
        for (int i = 0; i < sorted.length; i++) {
            for (int j = 0; j < i; j++) {
                requireApart(sorted[i], sorted[j]);
            }
        }
        return new GuestMemory(sorted);
    }

    private static void requireSound(GuestRegion region) {
        if (region.size() == 0) {
            throw new IllegalArgumentException("memory table: empty region");
        }
        if (!region.memory().isNative()) {
            // Its address would be an offset into an array, and what is translated is accessed by address.
            throw new IllegalArgumentException("memory table: region is not native memory");
        }
        // The last byte's address must not be below the first's: a region may end at, never pass, 2^64.
        if (Long.compareUnsigned(region.guestAddress() + region.size() - 1, region.guestAddress()) < 0
                || Long.compareUnsigned(region.userAddress() + region.size() - 1, region.userAddress()) < 0) {
            throw new IllegalArgumentException("memory table: region wraps around the address space");
        }
    }

    private static void requireApart(GuestRegion a, GuestRegion b) {
        final boolean before = Long.compareUnsigned(a.userAddress() + a.size() - 1, b.userAddress()) < 0;
        final boolean after = Long.compareUnsigned(b.userAddress() + b.size() - 1, a.userAddress()) < 0;
        if (!before && !after) {
            throw new IllegalArgumentException(
                    "memory table: user addresses overlap at 0x" + Long.toHexString(a.userAddress()));
        }
    }

    /// The regions, sorted by guest address.
    public List<GuestRegion> regions() {
        return List.of(regions);
    }

    /// A table with one region more.
    ///
    /// @throws IllegalArgumentException as [#of]
    public GuestMemory with(GuestRegion region) {
        final List<GuestRegion> all = new ArrayList<>(regions());
        all.add(region);
        return of(all);
    }

    /// A table without one region.
    public GuestMemory without(GuestRegion region) {
        final List<GuestRegion> all = new ArrayList<>(regions());
        all.remove(region);
        return of(all);
    }

    /// The regions as requests' data names them; region numbers are the same.
    public RegionTable table() {
        return table;
    }

    /// How many regions there are.
    public int regionCount() {
        return sizes.length;
    }

    /// Bytes in a region; unsigned.
    public long size(int region) {
        return sizes[region];
    }

    /// The bytes of a region.
    public MemorySegment segment(int region) {
        return segments[region];
    }

    /// Guest physical address of a region's first byte.
    public long guestAddress(int region) {
        return guestAddresses[region];
    }

    /// Address in this process of a byte of a region.
    ///
    /// @param guestAddress inside the region, as [#find] has said
    public long hostAddress(int region, long guestAddress) {
        assert Long.compareUnsigned(guestAddress - guestAddresses[region], sizes[region]) < 0;
        return hostAddresses[region] + (guestAddress - guestAddresses[region]);
    }

    /// Find the region that holds a whole guest range. Allocates nothing.
    ///
    /// @param hint region to look at first; any number
    /// @return region index, or -1 if no single region holds the range
    public int find(long guestAddress, long length, int hint) {
        if (hint >= 0 && hint < sizes.length && holds(hint, guestAddress, length)) {
            return hint;
        }
        return search(guestAddress, length);
    }

    private boolean holds(int region, long guestAddress, long length) {
        final long offset = guestAddress - guestAddresses[region];
        final long size = sizes[region];
        // One unsigned comparison each: a range below the region, or too long, has a huge offset or remainder.
        return length >= 0 && Long.compareUnsigned(offset, size) < 0 && length <= size - offset;
    }

    private int search(long guestAddress, long length) {
        int low = 0;
        int high = sizes.length - 1;
        while (low <= high) {
            final int middle = (low + high) >>> 1;
            if (Long.compareUnsigned(guestAddresses[middle], guestAddress) <= 0) {
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        // high: the last region that starts at or below the address, the only one that can hold it.
        return high >= 0 && holds(high, guestAddress, length) ? high : -1;
    }

    /// Append a guest range to a vector, split where it crosses from one region into the next. Allocates nothing.
    ///
    /// @param length bytes, at least 1
    /// @return the region of the last piece (the next hint), or -1 if part of the range is not guest memory or the
    ///     vector is full; the vector is then of no use
    public int append(IoVector vector, long guestAddress, int length, int hint) {
        long at = guestAddress;
        int left = length;
        int region = find(at, left, hint);
        if (region >= 0) {
            return vector.add(region, at - guestAddresses[region], left) ? region : -1;
        }
        if (Long.compareUnsigned(at + left - 1, at) < 0) {
            // Past 2^64. Without this, a region there and one at 0 would look like neighbours.
            return -1;
        }
        while (left > 0) {
            region = search(at, 1);
            if (region < 0) {
                return -1;
            }
            final long offset = at - guestAddresses[region];
            final int piece = (int) Math.min(left, sizes[region] - offset);
            if (!vector.add(region, offset, piece)) {
                return -1;
            }
            at += piece;
            left -= piece;
        }
        return region;
    }

    /// Guest physical address of a range of the front end's own addresses. Control plane only.
    ///
    /// @return the address, or -1 if no single region holds the range
    public long guestAddressOfUser(long userAddress, long length) {
        for (final GuestRegion region : regions) {
            final long offset = userAddress - region.userAddress();
            if (length >= 0 && Long.compareUnsigned(offset, region.size()) < 0 && length <= region.size() - offset) {
                return region.guestAddress() + offset;
            }
        }
        return -1;
    }

    /// Resolve a range of the front end's own addresses: ring addresses are given so. Control plane only.
    ///
    /// @return the bytes, or null if no single region holds the range
    public @Nullable MemorySegment findUser(long userAddress, long length) {
        for (final GuestRegion region : regions) {
            final long offset = userAddress - region.userAddress();
            if (length >= 0 && Long.compareUnsigned(offset, region.size()) < 0 && length <= region.size() - offset) {
                return region.memory().asSlice(offset, length);
            }
        }
        return null;
    }
}
