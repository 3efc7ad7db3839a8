package io.basalt.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class RegionTableTest {
    @Test
    void namesRegionsByTheirPlaceInTheList() {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment first = arena.allocate(64);
            final MemorySegment second = arena.allocate(128);
            final RegionTable table = new RegionTable(List.of(first, second));
            assertThat(table.count()).isEqualTo(2);
            assertThat(table.segment(0)).isSameAs(first);
            assertThat(table.segment(1)).isSameAs(second);
            assertThat(table.size(0)).isEqualTo(64);
            assertThat(table.size(1)).isEqualTo(128);
        }
    }

    @Test
    void computesAddressesUpToTheLastByteOfARegion() {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment region = arena.allocate(64);
            final RegionTable table = new RegionTable(List.of(region));
            assertThat(table.address(0, 0)).isEqualTo(region.address());
            assertThat(table.address(0, 63)).isEqualTo(region.address() + 63);
        }
    }

    @Test
    void refusesAnAddressBehindARegion() {
        try (Arena arena = Arena.ofConfined()) {
            final RegionTable table = new RegionTable(List.of(arena.allocate(64)));
            assertThatThrownBy(() -> table.address(0, 64)).isInstanceOf(AssertionError.class);
            assertThatThrownBy(() -> table.address(0, -1)).isInstanceOf(AssertionError.class);
        }
    }

    @Test
    void doesNotFollowChangesOfTheListItWasMadeFrom() {
        try (Arena arena = Arena.ofConfined()) {
            final List<MemorySegment> segments = new ArrayList<>(List.of(arena.allocate(64)));
            final RegionTable table = new RegionTable(segments);
            segments.clear();
            assertThat(table.count()).isEqualTo(1);
        }
    }

    @Test
    void hasAnEmptyTable() {
        assertThat(RegionTable.EMPTY.count()).isZero();
    }
}
