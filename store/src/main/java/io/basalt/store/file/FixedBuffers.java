package io.basalt.store.file;

import io.basalt.block.RegionTable;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The regions of requests' memory that are registered with one reactor's io_uring, so that the kernel neither
/// looks up nor pins their pages for each operation. Shared by all channels on the reactor; one owner reactor.
///
/// A region is registered once, however many tables name it: a front end that adds memory sends a new table with
/// the old regions in it. It is registered in pieces of [#PIECE_BYTES], the most the kernel takes as one buffer;
/// data that crosses from one piece into the next, and data in a region that could not be registered, goes
/// unregistered.
final class FixedBuffers {
    /// Where buffers are registered: a ring's buffer table.
    interface Slots {
        /// Take `count` free slots in a row: the first one's number, or negative if there are not so many.
        int claim(int count);

        /// Empty slots and give them back.
        void release(int first, int count);

        /// Fill a slot.
        ///
        /// @return 0 or a negative errno
        int update(int slot, long address, long length);
    }

    static final int PIECE_SHIFT = 30;
    static final long PIECE_BYTES = 1L << PIECE_SHIFT;

    /// A region in the kernel's table; `first` is negative if it could not be registered.
    private static final class Region {
        final long address;
        final long size;
        final int first;
        int users;

        Region(long address, long size, int first) {
            this.address = address;
            this.size = size;
            this.first = first;
        }
    }

    private static final class Table {
        final RegionTable table;
        final Region[] regions;
        final int[] first;
        int users;

        Table(RegionTable table, Region[] regions) {
            this.table = table;
            this.regions = regions;
            first = new int[regions.length];
            for (int i = 0; i < first.length; i++) {
                first[i] = regions[i].first;
            }
        }
    }

    private final Slots slots;
    private final List<Region> regions = new ArrayList<>();
    private final List<Table> tables = new ArrayList<>();
    private @Nullable Table last;

    FixedBuffers(Slots slots) {
        this.slots = slots;
    }

    /// Which registered buffer holds data. Allocates nothing.
    ///
    /// @return its number, or [DeviceQueue#NO_BUFFER] if none holds all of it
    int find(RegionTable table, int region, long offset, int length) {
        Table known = last;
        if (known == null || known.table != table) {
            known = lookUp(table);
            if (known == null) {
                return DeviceQueue.NO_BUFFER;
            }
            last = known;
        }
        final int first = known.first[region];
        final long piece = offset >>> PIECE_SHIFT;
        if (first < 0 || (offset + length - 1) >>> PIECE_SHIFT != piece) {
            return DeviceQueue.NO_BUFFER;
        }
        return first + (int) piece;
    }

    private @Nullable Table lookUp(RegionTable table) {
        for (int i = 0; i < tables.size(); i++) {
            if (tables.get(i).table == table) {
                return tables.get(i);
            }
        }
        return null;
    }

    /// Register a table's regions, or count one user more. Control plane.
    ///
    /// @return regions that could not be registered this time
    int use(RegionTable table) {
        final @Nullable Table known = lookUp(table);
        if (known != null) {
            known.users++;
            return 0;
        }
        int failed = 0;
        final Region[] mine = new Region[table.count()];
        for (int i = 0; i < mine.length; i++) {
            mine[i] = region(table.segment(i).address(), table.size(i));
            mine[i].users++;
            failed += mine[i].first < 0 ? 1 : 0;
        }
        final Table added = new Table(table, mine);
        added.users = 1;
        tables.add(added);
        return failed;
    }

    private Region region(long address, long size) {
        for (final Region region : regions) {
            if (region.address == address && region.size == size) {
                return region;
            }
        }
        final Region added = new Region(address, size, register(address, size));
        regions.add(added);
        return added;
    }

    private int register(long address, long size) {
        final int count = pieces(size);
        final int first = slots.claim(count);
        if (first < 0) {
            return -1;
        }
        for (int i = 0; i < count; i++) {
            final long at = i * PIECE_BYTES;
            if (slots.update(first + i, address + at, Math.min(PIECE_BYTES, size - at)) < 0) {
                slots.release(first, count);
                return -1;
            }
        }
        return first;
    }

    private static int pieces(long size) {
        return (int) ((size + PIECE_BYTES - 1) >>> PIECE_SHIFT);
    }

    /// Count one user less; unregister what nobody uses any more. No operation on it is in flight. Control plane.
    void release(RegionTable table) {
        final @Nullable Table known = lookUp(table);
        if (known == null) {
            throw new IllegalStateException("memory is released that was not in use");
        }
        known.users--;
        if (known.users > 0) {
            return;
        }
        tables.remove(known);
        last = null;
        for (final Region region : known.regions) {
            region.users--;
            if (region.users == 0) {
                regions.remove(region);
                if (region.first >= 0) {
                    slots.release(region.first, pieces(region.size));
                }
            }
        }
    }

    /// Regions that are registered now.
    int registeredCount() {
        int count = 0;
        for (final Region region : regions) {
            count += region.first >= 0 ? 1 : 0;
        }
        return count;
    }
}
