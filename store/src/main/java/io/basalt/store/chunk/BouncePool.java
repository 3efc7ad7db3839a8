package io.basalt.store.chunk;

/// The buffers that pieces of requests go through when their memory does not suit: ranges that are not
/// whole blocks, and memory in too many bits. One owner reactor.
final class BouncePool {
    private final int[] free;
    private int freeCount;

    BouncePool(Memory memory) {
        free = new int[(int) (memory.bounce().byteSize() / Memory.BOUNCE_BYTES)];
        for (int i = 0; i < free.length; i++) {
            free[freeCount++] = i;
        }
    }

    /// Give an operation a buffer, unless it has one.
    ///
    /// @return false if all are in use
    boolean take(StoreOp op) {
        if (op.bounce != StoreOp.NO_BOUNCE) {
            return true;
        }
        if (freeCount == 0) {
            return false;
        }
        op.bounce = free[--freeCount];
        return true;
    }

    /// Take an operation's buffer back, if it has one.
    void giveBack(StoreOp op) {
        if (op.bounce != StoreOp.NO_BOUNCE) {
            free[freeCount++] = op.bounce;
            op.bounce = StoreOp.NO_BOUNCE;
        }
    }

    /// First byte of an operation's buffer in the bounce region.
    static long offset(StoreOp op) {
        return (long) op.bounce * Memory.BOUNCE_BYTES;
    }
}
