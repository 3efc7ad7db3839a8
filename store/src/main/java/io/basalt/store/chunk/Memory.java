package io.basalt.store.chunk;

import static io.basalt.store.chunk.StoreRequest.BLOCK_BYTES;

import io.basalt.block.IoVector;
import io.basalt.block.RegionTable;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/// The store's own memory that the device reads and writes: log blocks, pages on their way out, bounce
/// buffers and cached pages, each a region of one table. Aligned to blocks, so that direct I/O takes it as
/// it is. Freed when nothing refers to it any more, which an operation in flight does.
final class Memory {
    static final int LOG_REGION = 0;
    static final int STAGING_REGION = 1;
    static final int BOUNCE_REGION = 2;
    static final int CACHE_REGION = 3;

    /// Bytes of a bounce buffer: one piece of a request.
    static final int BOUNCE_BYTES = StoreRequest.ATOMIC_BYTES_MAX;

    /// A block of zeros. Never written to.
    static final MemorySegment ZEROS =
            Arena.global().allocate(BLOCK_BYTES, BLOCK_BYTES).asReadOnly();

    private final MemorySegment log;
    private final MemorySegment staging;
    private final MemorySegment bounce;
    private final MemorySegment cache;
    private final RegionTable table;

    Memory(int logBlocks, int stagedPages, int bounceBuffers, int cachedPages) {
        final Arena arena = Arena.ofAuto();
        log = arena.allocate((long) logBlocks * BLOCK_BYTES, BLOCK_BYTES);
        staging = arena.allocate((long) stagedPages * BLOCK_BYTES, BLOCK_BYTES);
        bounce = arena.allocate((long) bounceBuffers * BOUNCE_BYTES, BLOCK_BYTES);
        cache = arena.allocate((long) cachedPages * BLOCK_BYTES, BLOCK_BYTES);
        table = new RegionTable(List.of(log, staging, bounce, cache));
    }

    MemorySegment log() {
        return log;
    }

    MemorySegment staging() {
        return staging;
    }

    MemorySegment bounce() {
        return bounce;
    }

    MemorySegment cache() {
        return cache;
    }

    RegionTable table() {
        return table;
    }

    /// Append a part of one vector to another of the same table.
    ///
    /// @param from first byte, counted over the whole source
    /// @return false if the target is full
    static boolean slice(IoVector source, long from, int length, IoVector target) {
        long skip = from;
        int left = length;
        for (int entry = 0; left > 0; entry++) {
            final int here = source.length(entry);
            if (skip >= here) {
                skip -= here;
                continue;
            }
            final int piece = (int) Math.min(left, here - skip);
            if (!target.add(source.region(entry), source.offset(entry) + skip, piece)) {
                return false;
            }
            left -= piece;
            skip = 0;
        }
        return true;
    }

    /// Copy between a vector and a segment.
    ///
    /// @param from first byte of the vector's, counted over the whole of it
    static void copy(IoVector vector, long from, MemorySegment segment, long offset, int length, boolean toVector) {
        long skip = from;
        long at = offset;
        int left = length;
        for (int entry = 0; left > 0; entry++) {
            final int here = vector.length(entry);
            if (skip >= here) {
                skip -= here;
                continue;
            }
            final int piece = (int) Math.min(left, here - skip);
            final MemorySegment other = vector.segment(entry);
            final long otherOffset = vector.offset(entry) + skip;
            if (toVector) {
                MemorySegment.copy(segment, at, other, otherOffset, piece);
            } else {
                MemorySegment.copy(other, otherOffset, segment, at, piece);
            }
            at += piece;
            left -= piece;
            skip = 0;
        }
    }
}
