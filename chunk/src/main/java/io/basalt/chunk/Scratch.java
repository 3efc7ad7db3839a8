package io.basalt.chunk;

import io.basalt.block.RegionTable;
import io.basalt.wire.data.DataMessage;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/// Buffers of [DataMessage#DATA_BYTES_MAX] bytes for content that did not come with a request: repair, and
/// writes of part of a block. One owner reactor.
final class Scratch {
    /// No buffer.
    static final int NONE = -1;

    private static final MemorySegment ZEROS = MemorySegment.ofArray(new long[DataMessage.DATA_BYTES_MAX / Long.BYTES])
            .asReadOnly();

    private final RegionTable table;
    private final MemorySegment memory;
    private final int[] free;
    private int count;

    /// @param arena lives as long as the device is served
    Scratch(Arena arena, int buffers) {
        memory = arena.allocate((long) buffers * DataMessage.DATA_BYTES_MAX, DataMessage.BLOCK_BYTES);
        table = new RegionTable(List.of(memory));
        free = new int[buffers];
        while (count < buffers) {
            free[count] = count++;
        }
    }

    /// The memory of all buffers, as region 0 of a table.
    RegionTable table() {
        return table;
    }

    MemorySegment memory() {
        return memory;
    }

    /// A buffer's number, or [#NONE] if all are in use.
    int take() {
        return count == 0 ? NONE : free[--count];
    }

    void give(int buffer) {
        assert count < free.length;
        free[count++] = buffer;
    }

    /// Where a buffer begins in the region.
    long offset(int buffer) {
        return (long) buffer * DataMessage.DATA_BYTES_MAX;
    }

    /// Fill a range of the region with zeros.
    void zero(long from, int bytes) {
        MemorySegment.copy(ZEROS, 0, memory, from, bytes);
    }

    /// Whether a part of a buffer is all zeros.
    boolean isZero(int buffer, int length) {
        final long from = offset(buffer);
        for (long at = from; at < from + length; at += Long.BYTES) {
            if (memory.get(ValueLayout.JAVA_LONG, at) != 0) {
                return false;
            }
        }
        return true;
    }
}
