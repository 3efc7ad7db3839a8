package io.basalt.store.file;

import io.basalt.linux.memory.Mapping;
import java.lang.foreign.MemorySegment;

/// Page-aligned buffers for data whose own place the device cannot take. One owner reactor. The memory is
/// committed as it is first used; the buffer given back last is taken first.
final class BouncePool implements AutoCloseable {
    /// Bytes in a buffer: a request longer than this goes through in steps.
    static final int BUFFER_BYTES = 256 << 10;

    static final int BUFFER_COUNT = 64;

    private final Mapping mapping = Mapping.anonymous((long) BUFFER_BYTES * BUFFER_COUNT);
    private final MemorySegment memory = mapping.segment();
    private final int[] free = new int[BUFFER_COUNT];
    private int freeCount = BUFFER_COUNT;

    BouncePool() {
        for (int i = 0; i < BUFFER_COUNT; i++) {
            free[i] = BUFFER_COUNT - 1 - i;
        }
    }

    /// Take a free buffer: its number, or -1 if all are taken.
    int take() {
        return freeCount == 0 ? -1 : free[--freeCount];
    }

    void giveBack(int buffer) {
        assert freeCount < BUFFER_COUNT;
        free[freeCount++] = buffer;
    }

    /// All buffers as one segment; a buffer starts at [#offset(int)].
    MemorySegment memory() {
        return memory;
    }

    long offset(int buffer) {
        return (long) buffer * BUFFER_BYTES;
    }

    long address(int buffer) {
        return memory.address() + offset(buffer);
    }

    @Override
    public void close() {
        assert freeCount == BUFFER_COUNT;
        mapping.close();
    }
}
