package io.basalt.virtio.memory;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.testkit.AllocationProbe;
import io.basalt.testkit.SeededTest;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.BitSet;
import org.junit.jupiter.api.Test;

class DirtyLogTest {
    private static final int BYTES = 64;
    private static final int PAGES = BYTES * 8;

    private final MemorySegment around = Arena.ofAuto().allocate(BYTES + 16, 8);
    private final DirtyLog log = new DirtyLog(around.asSlice(8, BYTES));

    private BitSet bits() {
        return BitSet.valueOf(around.asSlice(8, BYTES).toArray(ValueLayout.JAVA_BYTE));
    }

    private void assertNothingAround() {
        assertThat(around.get(ValueLayout.JAVA_LONG, 0)).isZero();
        assertThat(around.get(ValueLayout.JAVA_LONG, 8 + BYTES)).isZero();
    }

    @Test
    void marksEveryPageOfARange() {
        SeededTest.run(500, random -> {
            around.fill((byte) 0);
            final BitSet expected = new BitSet();
            for (int i = 0; i < 5; i++) {
                final long address = random.nextLong((PAGES + 20) * 4096L);
                final long length = 1 + random.nextLong(20 * 4096L);
                final long first = address / 4096;
                final long last = (address + length - 1) / 4096;
                assertThat(log.mark(address, length)).isEqualTo(last < PAGES);
                for (long page = first; page <= Math.min(last, PAGES - 1); page++) {
                    expected.set((int) page);
                }
            }
            assertThat(bits()).isEqualTo(expected);
            assertNothingAround();
        });
    }

    @Test
    void bitOfAPageIsBitNOfByteNDividedByEight() {
        log.mark(11 * 4096L, 1);
        assertThat(around.get(ValueLayout.JAVA_BYTE, 8 + 1)).isEqualTo((byte) (1 << 3));
    }

    @Test
    void nothingIsMarkedForAnEmptyRange() {
        assertThat(log.mark(4096, 0)).isTrue();
        assertThat(log.mark(4096, -1)).isTrue();
        assertThat(bits()).isEqualTo(new BitSet());
    }

    @Test
    void addressesBeyondTheBitmapTouchNothing() {
        for (final long address : new long[] {PAGES * 4096L, Long.MAX_VALUE, Long.MIN_VALUE, -1, -4096}) {
            assertThat(log.mark(address, 1)).isFalse();
            assertThat(log.mark(address, Long.MAX_VALUE)).isFalse();
        }
        assertThat(bits()).isEqualTo(new BitSet());
        assertNothingAround();
    }

    @Test
    void ignoresTheTailOfABitmapThatIsNotWholeWords() {
        final DirtyLog small = new DirtyLog(around.asSlice(8, 15));
        assertThat(small.mark(63 * 4096L, 1)).isTrue();
        assertThat(small.mark(64 * 4096L, 1)).isFalse();
        assertThat(bits().cardinality()).isEqualTo(1);
    }

    @Test
    void marksWithoutAllocating() {
        assertThat(AllocationProbe.bytesAllocated(100_000, () -> log.mark(4000, 10_000)))
                .isZero();
    }
}
