package io.basalt.net.session;

import io.basalt.block.IoVector;
import io.basalt.block.MemoryFault;
import java.lang.foreign.MemorySegment;

/// Copies between payload wherever it lies and one piece of own memory.
final class PayloadCopy {
    private PayloadCopy() {}

    /// Copy a whole payload into a buffer of a pool. A fault on memory that was taken away comes out of here,
    /// and not later.
    ///
    /// @param memory that the pool divides
    /// @return the buffer, or [BufferPool#NONE] if none is free
    /// @throws InternalError if the payload's memory is gone
    static long gather(IoVector payload, BufferPool pool, MemorySegment memory) {
        final long buffer = pool.take((int) payload.byteCount());
        if (buffer == BufferPool.NONE) {
            return buffer;
        }
        try {
            long at = buffer;
            for (int entry = 0; entry < payload.count(); entry++) {
                final int length = payload.length(entry);
                MemorySegment.copy(payload.segment(entry), payload.offset(entry), memory, at, length);
                at += length;
            }
            MemoryFault.surface();
        } catch (InternalError gone) {
            pool.give(buffer);
            throw gone;
        }
        return buffer;
    }
}
