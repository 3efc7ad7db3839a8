package io.basalt.virtio.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.basalt.block.IoVector;
import io.basalt.testkit.AllocationProbe;
import io.basalt.testkit.SeededTest;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class GuestMemoryTest {
    private static final MemorySegment BYTES = Arena.global().allocate(1 << 16, 64);
    private static final int PAGE = 64;

    private static GuestRegion region(long guest, long user, long size) {
        return new GuestRegion(guest, user, BYTES.asSlice(0, size));
    }

    private static BigInteger unsigned(long value) {
        return new BigInteger(Long.toUnsignedString(value));
    }

    /// Regions of one to eight pages, some adjacent, some apart, from anywhere up to the very end of the
    /// address space.
    private static List<GuestRegion> randomRegions(RandomGenerator random) {
        final List<GuestRegion> regions = new ArrayList<>();
        final int count = 1 + random.nextInt(6);
        long guest = random.nextBoolean() ? 0 : -64L * PAGE;
        long user = random.nextBoolean() ? 0x7f00_0000_0000L : -512L * PAGE;
        for (int i = 0; i < count; i++) {
            final long size = (1 + random.nextInt(8)) * (long) PAGE;
            if (Long.compareUnsigned(guest + size - 1, guest) < 0) {
                break;
            }
            regions.add(region(guest, user, size));
            guest += size + (random.nextBoolean() ? 0 : (1 + random.nextInt(3)) * (long) PAGE);
            user += size + random.nextInt(2) * (long) PAGE;
            if (regions.getLast().guestAddress() < 0 && guest >= 0) {
                break;
            }
        }
        Collections.shuffle(regions, new Random(random.nextLong()));
        return regions;
    }

    private static long randomAddress(RandomGenerator random, List<GuestRegion> regions) {
        final GuestRegion near = regions.get(random.nextInt(regions.size()));
        return switch (random.nextInt(4)) {
            case 0 -> random.nextLong();
            case 1 -> near.guestAddress() - random.nextInt(3);
            case 2 -> near.guestAddress() + near.size() - random.nextInt(3);
            default -> near.guestAddress() + random.nextLong(near.size());
        };
    }

    /// The region that holds a range, by unlimited arithmetic, or null.
    private static boolean holds(GuestRegion region, long address, BigInteger length) {
        final BigInteger start = unsigned(region.guestAddress());
        final BigInteger from = unsigned(address);
        return from.compareTo(start) >= 0
                && from.compareTo(start.add(BigInteger.valueOf(region.size()))) < 0
                && from.add(length).compareTo(start.add(BigInteger.valueOf(region.size()))) <= 0;
    }

    @Test
    void findsTheOneRegionThatHoldsARangeAndNoOther() {
        SeededTest.run(500, random -> {
            final List<GuestRegion> regions = randomRegions(random);
            final GuestMemory memory = GuestMemory.of(regions);
            for (int i = 0; i < 50; i++) {
                final long address = randomAddress(random, regions);
                final long length = random.nextInt(5) == 0 ? random.nextLong() : random.nextInt(10 * PAGE);
                final int found = memory.find(address, length, random.nextInt(10) - 2);
                int expected = -1;
                for (int r = 0; r < regions.size(); r++) {
                    if (length >= 0 && holds(memory.regions().get(r), address, BigInteger.valueOf(length))) {
                        expected = r;
                    }
                }
                assertThat(found).as("%x + %x", address, length).isEqualTo(expected);
            }
        });
    }

    @Test
    void splitsARangeAtRegionBordersAndNamesEveryByteOnce() {
        SeededTest.run(500, random -> {
            final List<GuestRegion> regions = randomRegions(random);
            final GuestMemory memory = GuestMemory.of(regions);
            final IoVector vector = new IoVector(64);
            for (int i = 0; i < 30; i++) {
                final long address = randomAddress(random, regions);
                final int length = 1 + random.nextInt(20 * PAGE);
                vector.reset(memory.table());
                final int last = memory.append(vector, address, length, random.nextInt(6));
                boolean all = Long.compareUnsigned(address + length - 1, address) >= 0;
                for (int b = 0; b < length; b++) {
                    all &= memory.find(address + b, 1, -1) >= 0;
                }
                assertThat(last >= 0).as("%x + %d", address, length).isEqualTo(all);
                if (all) {
                    assertNamesRange(memory, vector, address, length);
                    assertThat(vector.region(vector.count() - 1)).isEqualTo(last);
                }
            }
        });
    }

    private static void assertNamesRange(GuestMemory memory, IoVector vector, long address, int length) {
        assertThat(vector.byteCount()).isEqualTo(length);
        long at = address;
        for (int i = 0; i < vector.count(); i++) {
            assertThat(memory.guestAddress(vector.region(i)) + vector.offset(i)).isEqualTo(at);
            assertThat(vector.offset(i) + vector.length(i))
                    .isLessThanOrEqualTo(memory.segment(vector.region(i)).byteSize());
            at += vector.length(i);
        }
    }

    /// A region at the end of the address space and one at its start are not neighbours.
    @Test
    void refusesARangeThatWrapsAround() {
        final GuestMemory memory = GuestMemory.of(List.of(region(-4096, 1 << 20, 4096), region(0, 1 << 24, 4096)));
        final IoVector vector = new IoVector(4);
        vector.reset(memory.table());
        assertThat(memory.append(vector, -16, 32, 0)).isEqualTo(-1);
        vector.reset(memory.table());
        assertThat(memory.append(vector, -16, 16, 0)).isEqualTo(1);
    }

    @Test
    void refusesAVectorThatIsTooShort() {
        final GuestMemory memory = GuestMemory.of(List.of(region(0, 1 << 20, 64), region(64, 1 << 24, 64)));
        final IoVector vector = new IoVector(1);
        vector.reset(memory.table());
        assertThat(memory.append(vector, 32, 64, 0)).isEqualTo(-1);
    }

    @Test
    void refusesTablesThatOverlapOrWrap() {
        assertThatThrownBy(() -> GuestMemory.of(List.of(region(0, 0, 128), region(127, 1 << 20, 64))))
                .hasMessageContaining("guest addresses overlap");
        assertThatThrownBy(() -> GuestMemory.of(List.of(region(0, 1000, 128), region(4096, 1127, 64))))
                .hasMessageContaining("user addresses overlap");
        assertThatThrownBy(() -> GuestMemory.of(List.of(region(-64, 0, 128)))).hasMessageContaining("wraps");
        assertThatThrownBy(() -> GuestMemory.of(List.of(region(0, -64, 128)))).hasMessageContaining("wraps");
        assertThatThrownBy(() -> GuestMemory.of(List.of(region(0, 0, 0)))).hasMessageContaining("empty");
        final List<GuestRegion> many = new ArrayList<>();
        for (int i = 0; i <= GuestMemory.REGION_COUNT_MAX; i++) {
            many.add(region(i * 64L, i * 64L, 64));
        }
        assertThatThrownBy(() -> GuestMemory.of(many)).hasMessageContaining("at most 512");
        assertThat(GuestMemory.of(many.subList(1, 513)).regions()).hasSize(512);
    }

    @Test
    void addsAndRemovesSingleRegions() {
        final GuestRegion a = region(0, 1 << 20, 64);
        final GuestRegion b = region(64, 1 << 24, 64);
        final GuestMemory both = GuestMemory.EMPTY.with(b).with(a);
        assertThat(both.regions()).containsExactly(a, b);
        assertThat(both.without(a).regions()).containsExactly(b);
        assertThat(both.table().count()).isEqualTo(2);
    }

    @Test
    void resolvesTheFrontEndsAddresses() {
        final GuestMemory memory = GuestMemory.of(List.of(region(4096, 1 << 20, 128), region(0, -128, 128)));
        final MemorySegment found = memory.findUser((1 << 20) + 100, 28);
        assertThat(found).extracting(MemorySegment::byteSize).isEqualTo(28L);
        assertThat(memory.guestAddressOfUser((1 << 20) + 100, 28)).isEqualTo(4196);
        assertThat(memory.findUser((1 << 20) + 100, 29)).isNull();
        assertThat(memory.guestAddressOfUser((1 << 20) + 100, 29)).isEqualTo(-1);
        assertThat(memory.findUser(-1, 1)).isNotNull();
        assertThat(memory.findUser(-1, 2)).isNull();
        assertThat(memory.findUser(-128, -1)).isNull();
    }

    @Test
    void translatesWithoutAllocating() {
        final GuestMemory memory = GuestMemory.of(List.of(region(0, 1 << 20, 64), region(64, 1 << 24, 64)));
        final IoVector vector = new IoVector(4);
        assertThat(AllocationProbe.bytesAllocated(100_000, () -> {
                    vector.reset(memory.table());
                    final int hint = memory.find(10, 10, 1);
                    memory.append(vector, 32, 64, hint);
                }))
                .isZero();
    }
}
