package io.basalt.store.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.basalt.block.RegionTable;
import io.basalt.linux.Errno;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.junit.jupiter.api.Test;

class FixedBuffersTest {
    /// A ring's buffer table of 16 slots that notes what is put in.
    private static final class FakeSlots implements FixedBuffers.Slots {
        final BitSet taken = new BitSet();
        final List<String> updates = new ArrayList<>();
        int failAt = -1;

        @Override
        public int claim(int count) {
            final int first = taken.length();
            if (first + count > 16) {
                return -1;
            }
            taken.set(first, first + count);
            return first;
        }

        @Override
        public void release(int first, int count) {
            assertThat(taken.get(first, first + count).cardinality()).isEqualTo(count);
            taken.clear(first, first + count);
        }

        @Override
        public int update(int slot, long address, long length) {
            assertThat(taken.get(slot)).isTrue();
            if (updates.size() == failAt) {
                return -Errno.EFAULT;
            }
            updates.add(slot + ":" + address + "+" + length);
            return 0;
        }
    }

    private static final long GIB = 1L << 30;

    private final FakeSlots slots = new FakeSlots();
    private final FixedBuffers buffers = new FixedBuffers(slots);

    private static MemorySegment region(long address, long size) {
        // Never accessed: only its address and size matter here.
        return MemorySegment.ofAddress(address).reinterpret(size);
    }

    @Test
    void registersLargeRegionsInPiecesAndFindsDataInThem() {
        final RegionTable table = new RegionTable(List.of(region(4096, 4096), region(GIB, 2 * GIB + 8192)));
        assertThat(buffers.use(table)).isZero();
        assertThat(slots.updates)
                .containsExactly(
                        "0:4096+4096", "1:" + GIB + "+" + GIB, "2:" + 2 * GIB + "+" + GIB, "3:" + 3 * GIB + "+8192");
        assertThat(buffers.find(table, 0, 0, 4096)).isZero();
        assertThat(buffers.find(table, 1, GIB - 4096, 4096)).isEqualTo(1);
        assertThat(buffers.find(table, 1, GIB, 4096)).isEqualTo(2);
        assertThat(buffers.find(table, 1, 2 * GIB, 8192)).isEqualTo(3);
        assertThat(buffers.find(table, 1, GIB - 512, 1024)).isEqualTo(DeviceQueue.NO_BUFFER);
        buffers.release(table);
        assertThat(slots.taken.isEmpty()).isTrue();
        assertThat(buffers.find(table, 0, 0, 4096)).isEqualTo(DeviceQueue.NO_BUFFER);
    }

    @Test
    void sharesRegionsBetweenTablesAndCountsUsers() {
        final MemorySegment old = region(4096, 4096);
        final RegionTable before = new RegionTable(List.of(old));
        final RegionTable after = new RegionTable(List.of(region(1 << 20, 8192), old));
        buffers.use(before);
        buffers.use(before);
        buffers.use(after);
        assertThat(slots.updates).hasSize(2);
        assertThat(buffers.find(after, 1, 0, 512)).isEqualTo(buffers.find(before, 0, 0, 512));
        buffers.release(before);
        assertThat(buffers.find(before, 0, 0, 512)).isNotNegative();
        buffers.release(before);
        assertThat(buffers.find(before, 0, 0, 512)).isEqualTo(DeviceQueue.NO_BUFFER);
        assertThat(buffers.registeredCount()).isEqualTo(2);
        buffers.release(after);
        assertThat(buffers.registeredCount()).isZero();
        assertThat(slots.taken.isEmpty()).isTrue();
        assertThatThrownBy(() -> buffers.release(after)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void goesOnWithoutARegionThatTheKernelRefuses() {
        slots.failAt = 1;
        final RegionTable table = new RegionTable(List.of(region(4096, 2 * GIB), region(4 * GIB, 4096)));
        assertThat(buffers.use(table)).isEqualTo(2);
        assertThat(buffers.find(table, 0, 0, 512)).isEqualTo(DeviceQueue.NO_BUFFER);
        assertThat(slots.taken.isEmpty()).isTrue();
        buffers.release(table);
    }

    @Test
    void goesOnWithoutARegionThatFindsNoFreeSlots() {
        final RegionTable table = new RegionTable(List.of(region(4096, 4096), region(GIB, 17 * GIB)));
        assertThat(buffers.use(table)).isEqualTo(1);
        assertThat(buffers.find(table, 0, 0, 512)).isZero();
        assertThat(buffers.find(table, 1, 0, 512)).isEqualTo(DeviceQueue.NO_BUFFER);
        buffers.release(table);
        assertThat(slots.taken.isEmpty()).isTrue();
    }
}
