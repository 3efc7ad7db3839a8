package io.basalt.net.session;

import io.basalt.block.RegionTable;
import io.basalt.net.Network.MemoryKind;
import io.basalt.wire.Checksum;
import io.basalt.wire.ChecksumView;
import java.util.IdentityHashMap;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The memory that payload may be sent from and received into in place. Finding allocates nothing. One thread.
final class MemoryRegistry {
    private final IdentityHashMap<RegionTable, Registered> tables = new IdentityHashMap<>();

    /// The table found last: most requests in a row are of the same.
    private RegionTable last = RegionTable.EMPTY;

    private @Nullable Registered lastFound;

    /// One registered table.
    static final class Registered {
        final MemoryKind kind;
        private final ChecksumView[] views;
        private int uses;

        private Registered(RegionTable table, MemoryKind kind) {
            this.kind = kind;
            views = new ChecksumView[table.count()];
            for (int region = 0; region < views.length; region++) {
                views[region] = new ChecksumView(table.segment(region));
            }
        }

        /// Take a piece of a region into a checksum.
        void update(Checksum checksum, int region, long offset, int length) {
            views[region].update(checksum, offset, length);
        }
    }

    void use(RegionTable table, MemoryKind kind) {
        final Registered registered = tables.computeIfAbsent(table, _ -> new Registered(table, kind));
        assert registered.kind == kind : "a table is registered as one kind of memory";
        registered.uses++;
        forgetLast();
    }

    void release(RegionTable table) {
        final Registered registered =
                Objects.requireNonNull(tables.get(table), "a table is released as often as it was registered");
        registered.uses--;
        if (registered.uses == 0) {
            tables.remove(table);
        }
        forgetLast();
    }

    /// The registration of a table, null if there is none: its memory is then to be copied.
    @Nullable
    @SuppressWarnings("ReferenceEquality") // tables are themselves and no other
    Registered find(RegionTable table) {
        if (table != last) {
            last = table;
            lastFound = tables.get(table);
        }
        return lastFound;
    }

    private void forgetLast() {
        last = RegionTable.EMPTY;
        lastFound = null;
    }
}
