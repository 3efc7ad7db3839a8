package io.basalt.virtio.vhostuser;

import io.basalt.virtio.memory.GuestMemory;
import io.basalt.virtio.memory.GuestRegion;
import java.util.ArrayList;
import java.util.List;

/// The guest memory a front end has handed over: descriptions, files and mappings.
///
/// A change is prepared (new regions mapped, the result checked as a whole), then either committed (dropped
/// regions unmapped, once no queue uses them) or cancelled (new regions unmapped). A region that is described
/// as before and backed by the same file keeps its mapping, and so its pages stay pinned and registered.
final class MemoryTable {
    /// Most guest memory of one front end, 16 TiB: a guard against sums that overflow, not a product limit.
    static final long TOTAL_SIZE_MAX = 1L << 44;

    private static final long PAGE_SIZE = 4096;

    record Region(RegionDescription description, MemoryMapper.FileIdentity file, MemoryMapper.Mapping mapping) {
        GuestRegion guestRegion() {
            return new GuestRegion(
                    description.guestAddress(), description.userAddress(), mapping.memory(), mapping.sealed());
        }
    }

    /// A prepared change.
    record Change(List<Region> regions, GuestMemory memory, List<Region> added, List<Region> dropped) {
        /// Whether nothing differs.
        boolean isEmpty() {
            return added.isEmpty() && dropped.isEmpty();
        }
    }

    private final MemoryMapper mapper;
    private List<Region> regions = List.of();
    private GuestMemory memory = GuestMemory.EMPTY;

    MemoryTable(MemoryMapper mapper) {
        this.mapper = mapper;
    }

    List<Region> regions() {
        return regions;
    }

    GuestMemory memory() {
        return memory;
    }

    /// Prepare to replace the whole table.
    ///
    /// @param fds one descriptor for each region; they stay the caller's
    Change prepareReplace(List<RegionDescription> wanted, int[] fds) throws RefusedException {
        final List<Region> kept = new ArrayList<>();
        final List<Region> added = new ArrayList<>();
        final List<Region> all = new ArrayList<>();
        try {
            for (int i = 0; i < fds.length; i++) {
                requireSound(wanted.get(i));
                final Region same = find(wanted.get(i), mapper.identify(fds[i]));
                final Region region = same == null ? map(wanted.get(i), fds[i]) : same;
                (same == null ? added : kept).add(region);
                all.add(region);
            }
            final List<Region> dropped = new ArrayList<>(regions);
            dropped.removeAll(kept);
            return change(all, added, dropped);
        } catch (RefusedException refused) {
            unmap(added);
            throw refused;
        }
    }

    /// Prepare to add a region.
    Change prepareAdd(RegionDescription wanted, int fd) throws RefusedException {
        requireSound(wanted);
        final Region region = map(wanted, fd);
        final List<Region> all = new ArrayList<>(regions);
        all.add(region);
        try {
            return change(all, List.of(region), List.of());
        } catch (RefusedException refused) {
            region.mapping().unmap();
            throw refused;
        }
    }

    /// Prepare to remove a region; it is found by its addresses and size.
    Change prepareRemove(RegionDescription wanted) throws RefusedException {
        for (final Region region : regions) {
            final RegionDescription d = region.description();
            if (d.guestAddress() == wanted.guestAddress()
                    && d.userAddress() == wanted.userAddress()
                    && d.size() == wanted.size()) {
                final List<Region> all = new ArrayList<>(regions);
                all.remove(region);
                return change(all, List.of(), List.of(region));
            }
        }
        throw new RefusedException("no such " + wanted);
    }

    private static Change change(List<Region> all, List<Region> added, List<Region> dropped) throws RefusedException {
        long total = 0;
        for (final Region region : all) {
            // Each is at most the maximum itself, and there are at most 513: no overflow.
            total += region.description().size();
        }
        if (total > TOTAL_SIZE_MAX) {
            throw new RefusedException("memory table: " + total + " bytes in all, at most " + TOTAL_SIZE_MAX);
        }
        try {
            final GuestMemory memory =
                    GuestMemory.of(all.stream().map(Region::guestRegion).toList());
            return new Change(all, memory, added, dropped);
        } catch (IllegalArgumentException unsound) {
            throw new RefusedException(String.valueOf(unsound.getMessage()));
        }
    }

    /// What can be known to be wrong before anything is mapped.
    private static void requireSound(RegionDescription wanted) throws RefusedException {
        if (wanted.size() <= 0 || wanted.size() > TOTAL_SIZE_MAX) {
            throw new RefusedException(wanted + ": size must be 1 to " + TOTAL_SIZE_MAX + " bytes");
        }
        if (wanted.mmapOffset() < 0 || wanted.mmapOffset() > Long.MAX_VALUE - wanted.size()) {
            throw new RefusedException(wanted + ": offset and size overflow");
        }
        if (wanted.mmapOffset() % PAGE_SIZE != 0) {
            throw new RefusedException(wanted + ": offset must be a multiple of " + PAGE_SIZE);
        }
    }

    private @org.jspecify.annotations.Nullable Region find(RegionDescription wanted, MemoryMapper.FileIdentity file) {
        for (final Region region : regions) {
            if (region.description().equals(wanted) && region.file().equals(file)) {
                return region;
            }
        }
        return null;
    }

    private Region map(RegionDescription wanted, int fd) throws RefusedException {
        final MemoryMapper.FileIdentity file = mapper.identify(fd);
        try {
            return new Region(wanted, file, mapper.mapGuest(fd, wanted.size(), wanted.mmapOffset()));
        } catch (RefusedException refused) {
            throw new RefusedException(wanted + ": " + refused.reason());
        }
    }

    /// Make a prepared change the table. What it drops stays mapped until [#retire].
    void adopt(Change change) {
        regions = change.regions();
        memory = change.memory();
    }

    /// Unmap what an adopted change dropped; no queue uses it any more.
    void retire(Change change) {
        unmap(change.dropped());
    }

    /// Unmap what a change that is not adopted has mapped.
    void cancel(Change change) {
        unmap(change.added());
    }

    /// Unmap everything; no queue runs any more.
    void release() {
        unmap(regions);
        regions = List.of();
        memory = GuestMemory.EMPTY;
    }

    private static void unmap(List<Region> regions) {
        for (final Region region : regions) {
            region.mapping().unmap();
        }
    }
}
