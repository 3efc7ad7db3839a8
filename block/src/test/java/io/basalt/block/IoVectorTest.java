package io.basalt.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.basalt.testkit.AllocationProbe;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.Test;

class IoVectorTest {
    @Test
    void keepsPiecesInOrder() {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment first = arena.allocate(4096);
            final MemorySegment second = arena.allocate(4096);
            final RegionTable table = new RegionTable(List.of(first, second));
            final IoVector vector = new IoVector(4);
            vector.reset(table);
            assertThat(vector.add(1, 512, 1024)).isTrue();
            assertThat(vector.add(0, 0, 512)).isTrue();
            assertThat(vector.count()).isEqualTo(2);
            assertThat(vector.byteCount()).isEqualTo(1536);
            assertThat(vector.table()).isSameAs(table);
            assertThat(vector.region(0)).isEqualTo(1);
            assertThat(vector.offset(0)).isEqualTo(512);
            assertThat(vector.length(0)).isEqualTo(1024);
            assertThat(vector.segment(0)).isSameAs(second);
            assertThat(vector.address(0)).isEqualTo(second.address() + 512);
            assertThat(vector.segment(1)).isSameAs(first);
        }
    }

    @Test
    void refusesPiecesWhenFullAndChangesNothing() {
        final IoVector vector = new IoVector(2);
        vector.add(0, 0, 512);
        vector.add(0, 512, 512);
        assertThat(vector.add(0, 1024, 512)).isFalse();
        assertThat(vector.count()).isEqualTo(2);
        assertThat(vector.byteCount()).isEqualTo(1024);
    }

    @Test
    void countsMoreBytesThanAnIntHolds() {
        final IoVector vector = new IoVector(3);
        for (int i = 0; i < 3; i++) {
            vector.add(0, 0, Integer.MAX_VALUE);
        }
        assertThat(vector.byteCount()).isEqualTo(3L * Integer.MAX_VALUE);
    }

    @Test
    void isEmptyAfterReset() {
        final IoVector vector = new IoVector(1);
        vector.add(0, 0, 512);
        vector.reset(RegionTable.EMPTY);
        assertThat(vector.count()).isZero();
        assertThat(vector.byteCount()).isZero();
        assertThat(vector.add(0, 0, 512)).isTrue();
    }

    @Test
    void refusesEmptyPieces() {
        final IoVector vector = new IoVector(1);
        assertThatThrownBy(() -> vector.add(0, 0, 0)).isInstanceOf(AssertionError.class);
    }

    @Test
    void allocatesNothingWhenReused() {
        final IoVector vector = new IoVector(8);
        final long bytes = AllocationProbe.bytesAllocated(100_000, () -> {
            vector.reset(RegionTable.EMPTY);
            for (int i = 0; i < 8; i++) {
                vector.add(0, i * 512L, 512);
            }
        });
        assertThat(bytes).isZero();
    }
}
