package io.basalt.store.chunk;

import static io.basalt.store.chunk.StoreRequest.BLOCK_BYTES;

import io.basalt.block.BlockStatus;
import io.basalt.store.chunk.StoreCounters.Counter;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// The bounded cache of metadata pages. A page that is pinned or dirty stays; of the others, a clock hand
/// chooses who goes. One owner reactor.
final class PageCache {
    /// Frames that the hand looks at before it gives up for now.
    private static final int LOOK_COUNT_MAX = 256;

    private final Geometry geometry;
    private final EntryTable entries;
    private final Device device;
    private final Memory memory;
    private final Checksums checksums;
    private final StoreCounters counters;
    private final Frame[] frames;
    private LoadListener listener = _ -> {};
    private int hand;

    /// Who is told that a page is there.
    interface LoadListener {
        void loaded(Frame frame);
    }

    PageCache(
            Geometry geometry,
            EntryTable entries,
            Device device,
            Memory memory,
            Checksums checksums,
            StoreCounters counters) {
        this.geometry = geometry;
        this.entries = entries;
        this.device = device;
        this.memory = memory;
        this.checksums = checksums;
        this.counters = counters;
        frames = new Frame[(int) (memory.cache().byteSize() / BLOCK_BYTES)];
        for (int i = 0; i < frames.length; i++) {
            frames[i] = new Frame(this, device, i, geometry);
        }
    }

    void listener(LoadListener newListener) {
        listener = newListener;
    }

    int frameCount() {
        return frames.length;
    }

    /// The frame of an entry's page, which is there or is being loaded.
    ///
    /// @return null if no frame can be had now
    @Nullable
    Frame acquire(int entry) {
        final int index = entries.frame(entry);
        if (index != EntryTable.NO_FRAME) {
            final Frame frame = frames[index];
            frame.referenced = true;
            return frame;
        }
        final Frame frame = bind(entry);
        if (frame != null) {
            if (entries.isDamaged(entry)) {
                frame.state = Frame.State.DAMAGED;
            } else {
                load(frame);
            }
        }
        return frame;
    }

    /// The frame of the empty page of an entry that was just claimed.
    ///
    /// @return null if no frame can be had now
    @Nullable
    Frame acquireNew(int entry) {
        final int index = entries.frame(entry);
        final Frame frame = index != EntryTable.NO_FRAME ? frames[index] : bind(entry);
        if (frame != null) {
            frame.referenced = true;
            reset(frame, entries.freeFloor(entry));
        }
        return frame;
    }

    /// Whether a frame can be had for an entry that has none; makes room if need be.
    boolean hasRoom() {
        return victim() != null;
    }

    /// Make a frame's page that of an empty shard.
    ///
    /// @param floor every record up to it is in
    void reset(Frame frame, long floor) {
        final MemorySegment cache = memory.cache();
        PageLayout.clear(cache, frame.page, geometry.shardBlocks());
        PageLayout.identity(cache, frame.page, entries.partId(frame.entry), entries.shardIndex(frame.entry));
        PageLayout.floor(cache, frame.page, floor);
        frame.sequence = floor;
        frame.target = 0;
        frame.forget = false;
        frame.forgetting = false;
        frame.clearPositions();
        frame.state = Frame.State.READY;
    }

    private @Nullable Frame bind(int entry) {
        final Frame frame = victim();
        if (frame == null) {
            return null;
        }
        if (frame.entry != EntryTable.NONE) {
            entries.frame(frame.entry, EntryTable.NO_FRAME);
        }
        frame.entry = entry;
        frame.state = Frame.State.EMPTY;
        frame.referenced = true;
        frame.releasing = false;
        frame.changed = false;
        frame.losing = false;
        frame.forget = false;
        frame.forgetting = false;
        frame.clearPositions();
        entries.frame(entry, frame.index);
        return frame;
    }

    private @Nullable Frame victim() {
        final int looks = Math.min(2 * frames.length, LOOK_COUNT_MAX);
        for (int i = 0; i < looks; i++) {
            final Frame frame = frames[hand];
            if (frame.pins == 0 && !frame.dirty && frame.state != Frame.State.LOADING) {
                if (!frame.referenced) {
                    return frame;
                }
                frame.referenced = false;
            }
            hand = hand + 1 == frames.length ? 0 : hand + 1;
        }
        return null;
    }

    private void load(Frame frame) {
        frame.state = Frame.State.LOADING;
        counters.count(Counter.PAGES_LOADED);
        final long offset = geometry.pageOffset(frame.entry, entries.generation(frame.entry));
        device.submit(frame.io.range(false, offset, memory.table(), Memory.CACHE_REGION, frame.page, BLOCK_BYTES));
    }

    void loaded(Frame frame, BlockStatus status) {
        final boolean good = status == BlockStatus.OK && isExpected(frame) && takePositions(frame);
        if (good) {
            frame.state = Frame.State.READY;
            final long mask = PageLayout.mask(memory.cache(), frame.page);
            frame.sequence = PageLayout.floor(memory.cache(), frame.page) + Long.SIZE - Long.numberOfLeadingZeros(mask);
        } else {
            frame.state = Frame.State.DAMAGED;
            if (status == BlockStatus.OK) {
                counters.count(Counter.CORRUPT_BLOCKS);
                entries.damaged(frame.entry, true);
            }
        }
        listener.loaded(frame);
    }

    private boolean isExpected(Frame frame) {
        final MemorySegment cache = memory.cache();
        final int crc = checksums.of(
                memory.table(), Memory.CACHE_REGION, frame.page + PageLayout.COVERED_FROM, PageLayout.COVERED_BYTES);
        return PageLayout.violation(cache, frame.page, geometry, frame.entry, crc) == null
                && PageLayout.generation(cache, frame.page) == entries.generation(frame.entry)
                && PageLayout.partId(cache, frame.page) == entries.partId(frame.entry)
                && PageLayout.shardIndex(cache, frame.page) == entries.shardIndex(frame.entry);
    }

    /// Note which positions the map uses, and which of two slots has more of them.
    ///
    /// @return false if two blocks claim one
    private boolean takePositions(Frame frame) {
        final MemorySegment cache = memory.cache();
        int seconds = 0;
        for (int block = 0; block < geometry.shardBlocks(); block++) {
            final int position = PageLayout.position(cache, frame.page, block);
            if (!PageLayout.isMapped(position)) {
                continue;
            }
            if (frame.isTaken(position)) {
                return false;
            }
            frame.take(position);
            seconds += position >>> 15;
        }
        frame.target = 2 * seconds > PageLayout.mapped(cache, frame.page) ? 1 : 0;
        for (int which = 0; which < 2; which++) {
            if (frame.isUntaken(which)) {
                PageLayout.slot(cache, frame.page, which, PageLayout.NO_SLOT);
            }
        }
        return true;
    }
}
