package io.basalt.net.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.testkit.AllocationProbe;
import io.basalt.testkit.SeededTest;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.junit.jupiter.api.Test;

class BufferPoolTest {
    private static final int UNIT = BufferPool.UNIT_BYTES;

    @Test
    void buffersNeverOverlapAndComeTogetherAgain() {
        SeededTest.run(100, random -> {
            final int largest = UNIT << random.nextInt(6);
            final int bytes = largest * (1 + random.nextInt(8));
            final BufferPool pool = new BufferPool(bytes, largest);
            final BitSet taken = new BitSet();
            final List<Long> buffers = new ArrayList<>();
            for (int step = 0; step < 500; step++) {
                if (random.nextInt(5) < 3) {
                    final int length = 1 + random.nextInt(largest);
                    final long buffer = pool.take(length);
                    if (buffer == BufferPool.NONE) {
                        assertThat(taken.nextClearBit(0) < bytes / UNIT && length <= UNIT)
                                .as("a unit is free, and not given")
                                .isFalse();
                        continue;
                    }
                    assertThat(buffer % UNIT).isZero();
                    assertThat(pool.capacity(buffer)).isGreaterThanOrEqualTo(length);
                    final int first = (int) (buffer / UNIT);
                    final int end = first + pool.capacity(buffer) / UNIT;
                    assertThat(taken.get(first, end).isEmpty()).isTrue();
                    assertThat(end * UNIT).isLessThanOrEqualTo(bytes);
                    taken.set(first, end);
                    buffers.add(buffer);
                } else if (!buffers.isEmpty()) {
                    final long buffer = buffers.remove(random.nextInt(buffers.size()));
                    final int first = (int) (buffer / UNIT);
                    taken.clear(first, first + pool.capacity(buffer) / UNIT);
                    pool.give(buffer);
                }
                assertThat(pool.freeBytes()).isEqualTo(bytes - (long) taken.cardinality() * UNIT);
            }
            buffers.forEach(pool::give);
            for (int i = 0; i < bytes / largest; i++) {
                assertThat(pool.take(largest))
                        .as("every largest buffer is whole again")
                        .isNotNegative();
            }
            assertThat(pool.take(1)).isEqualTo(BufferPool.NONE);
        });
    }

    @Test
    void takingAndGivingAllocateNothing() {
        final BufferPool pool = new BufferPool(1 << 20, 1 << 18);
        assertThat(AllocationProbe.bytesAllocated(100_000, () -> {
                    final long one = pool.take(4096);
                    final long other = pool.take(100_000);
                    pool.give(one);
                    pool.give(other);
                }))
                .isZero();
    }
}
