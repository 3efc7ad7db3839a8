package io.basalt.store.chunk;

import io.basalt.store.chunk.RecoveryParts.Refusal;
import java.lang.foreign.MemorySegment;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;

/// What the steps of recovery share.
///
/// @param geometry where everything is
/// @param device the device
/// @param memory the log region is the scan buffer, [#SCAN_BLOCKS] long; the others have a part for each
///     [ReplayLane]
/// @param checksums for `memory`
/// @param refusal where a step that cannot go on says why
/// @param entries filled by recovery
/// @param usedSlots slots that hold blocks of a shard
/// @param twoSlots entries whose shard has blocks in two slots
/// @param broken entries with records and a home of their page that is broken
/// @param toErase entries whose pages are broken, so that nobody knows whose they were
record RecoveryParts(
        Geometry geometry,
        Device device,
        Memory memory,
        Checksums checksums,
        Refusal refusal,
        EntryTable entries,
        BitSet usedSlots,
        BitSet twoSlots,
        Map<Integer, Broken> broken,
        BitSet toErase) {
    /// Blocks read at once while scanning.
    static final int SCAN_BLOCKS = 64;

    /// Shards replayed at once.
    static final int LANES = 8;

    /// A home of a page that is broken and may have been in force.
    ///
    /// @param rotted whether it was not torn while it was written, for then it would say what it is
    /// @param floor what it says: records that must be in the log, if it was torn
    /// @param mask further ones
    /// @param byRecovery whether it was written while recovering from the log that is there
    record Broken(boolean rotted, long floor, long mask, boolean byRecovery) {}

    /// Who is told that the store cannot be opened.
    interface Refusal {
        void refuse(String reason);
    }

    static Memory newMemory() {
        return new Memory(SCAN_BLOCKS, LANES, LANES, LANES);
    }

    RecoveryParts(Geometry geometry, Device device, Memory memory, Checksums checksums, Refusal refusal) {
        this(
                geometry,
                device,
                memory,
                checksums,
                refusal,
                new EntryTable(geometry.entries()),
                new BitSet(geometry.slots()),
                new BitSet(geometry.entries()),
                new HashMap<>(),
                new BitSet(geometry.entries()));
    }

    /// Take over what a shard's final page says.
    ///
    /// @param damaged whether records of the shard are lost
    /// @return whether the shard was damaged, or is, because another claims the same identity or slot
    boolean settle(MemorySegment pages, long page, int entry, boolean damaged) {
        entries.generation(entry, PageLayout.generation(pages, page));
        final long partId = PageLayout.partId(pages, page);
        if (partId == 0) {
            entries.freeFloor(entry, PageLayout.floor(pages, page));
            return false;
        }
        final int shardIndex = PageLayout.shardIndex(pages, page);
        if (!takePlace(partId, shardIndex, entry, damaged)) {
            return damaged;
        }
        entries.use(entry, partId, shardIndex);
        if (damaged) {
            // Its map is not used any more, and its slots are free.
            entries.version(entry, PageLayout.version(pages, page));
            entries.damaged(entry, true);
            return true;
        }
        entries.note(entry, pages, page);
        boolean bad = false;
        int slots = 0;
        for (int which = 0; which < 2; which++) {
            if (PageLayout.mappedIn(pages, page, which, geometry.shardBlocks()) > 0) {
                final int slot = PageLayout.slot(pages, page, which);
                bad |= usedSlots.get(slot);
                usedSlots.set(slot);
                slots++;
            }
        }
        if (slots == 2) {
            twoSlots.set(entry);
        }
        if (bad) {
            entries.damaged(entry, true);
        }
        return bad;
    }

    /// See that a shard gets one entry. One that is damaged and was freed or is out of date gives way to one
    /// that is not.
    private boolean takePlace(long partId, int shardIndex, int entry, boolean damaged) {
        final int other = entries.find(partId, shardIndex);
        if (other == EntryTable.NONE) {
            return true;
        }
        if (damaged) {
            entries.freeFloor(entry, EntryTable.UNKNOWN_FLOOR);
            return false;
        }
        if (entries.isDamaged(other)) {
            entries.giveUp(other);
            return true;
        }
        refusal.refuse("entry " + entry + ": shard " + partId + "/" + shardIndex
                + " has an entry already; check the device with the checker, and rebuild it from other copies");
        return false;
    }
}
