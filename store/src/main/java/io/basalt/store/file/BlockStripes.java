package io.basalt.store.file;

import java.util.concurrent.atomic.AtomicIntegerArray;

/// Which device blocks a writer of the volume holds, for volumes whose own blocks are smaller than the device's: a
/// block that is read, changed and written back must not be written by anyone else meanwhile.
///
/// Concurrency: shared by all reactors of the volume, nobody ever waits: a writer that cannot have all its
/// blocks takes none and tries again on its next poll. Blocks fall on stripes by their number's low bits, so
/// unrelated blocks may share one; that costs a retry and nothing else.
///
/// | field | readers | writers |
/// |---|---|---|
/// | stripe | compare-and-set 0 to 1, any reactor | release store of 0 by its holder |
final class BlockStripes {
    private static final int STRIPE_COUNT = 4096;

    /// Most blocks held by one call: far fewer than stripes, so that a writer cannot stand in its own way.
    static final int BLOCK_COUNT_MAX = 256;

    private final AtomicIntegerArray stripes = new AtomicIntegerArray(STRIPE_COUNT);

    /// Take all blocks or none.
    boolean tryTake(long firstBlock, int count) {
        assert count > 0;
        assert count <= BLOCK_COUNT_MAX;
        for (int i = 0; i < count; i++) {
            if (!stripes.compareAndSet(stripe(firstBlock + i), 0, 1)) {
                release(firstBlock, i);
                return false;
            }
        }
        return true;
    }

    /// Give back what [#tryTake] took.
    void release(long firstBlock, int count) {
        for (int i = 0; i < count; i++) {
            assert stripes.getPlain(stripe(firstBlock + i)) == 1;
            stripes.setRelease(stripe(firstBlock + i), 0);
        }
    }

    private static int stripe(long block) {
        return (int) block & STRIPE_COUNT - 1;
    }
}
