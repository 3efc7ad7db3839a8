package io.basalt.chunk;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.testkit.AllocationProbe;
import io.basalt.testkit.SeededTest;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class RangeOrderTest {
    private final RangeOrder order = new RangeOrder();

    @Test
    void changesOfOneBlockTakeTurnsInOrderOfArrival() {
        final Place first = new Place(true, 1, 0, 4096);
        final Place second = new Place(true, 1, 512, 512);
        final Place third = new Place(true, 1, 0, 8192);
        assertThat(order.enter(first)).isTrue();
        assertThat(order.enter(second)).isFalse();
        assertThat(order.enter(third)).isFalse();
        order.leave(first);
        assertThat(second.isGranted).isTrue();
        assertThat(third.isGranted).isFalse();
        order.leave(second);
        assertThat(third.isGranted).isTrue();
    }

    @Test
    void readsGoTogetherButNotPastAChangeThatWaits() {
        final Place read = new Place(false, 1, 0, 4096);
        final Place change = new Place(true, 1, 0, 4096);
        final Place later = new Place(false, 1, 0, 4096);
        assertThat(order.enter(read)).isTrue();
        assertThat(order.enter(new Place(false, 1, 0, 4096))).isTrue();
        assertThat(order.enter(change)).isFalse();
        assertThat(order.enter(later)).as("or the change would starve").isFalse();
    }

    @Test
    void otherBlocksAndShardsDoNotWait() {
        assertThat(order.enter(new Place(true, 1, 0, 4096))).isTrue();
        assertThat(order.enter(new Place(true, 1, 4096, 4096))).isTrue();
        assertThat(order.enter(new Place(true, 2, 0, 4096))).isTrue();
    }

    @Test
    void noTwoConflictingOnesEverGoTogetherAndAllGetTheirTurn() {
        SeededTest.run(200, random -> {
            final RangeOrder tried = new RangeOrder();
            final List<Place> present = new ArrayList<>();
            for (int step = 0; step < 300; step++) {
                if (random.nextInt(100) < 55 && step < 250) {
                    final int offset = random.nextInt(16) * 2048;
                    final Place place = new Place(
                            random.nextBoolean(), 1 + random.nextInt(2), offset, 512 * (1 + random.nextInt(20)));
                    present.add(place);
                    tried.enter(place);
                } else {
                    present.stream().filter(place -> place.isGranted).findAny().ifPresent(place -> {
                        present.remove(place);
                        tried.leave(place);
                    });
                }
                assertNoConflict(present);
            }
            while (!present.isEmpty()) {
                final Place next = present.stream()
                        .filter(place -> place.isGranted)
                        .findAny()
                        .orElseThrow();
                present.remove(next);
                tried.leave(next);
                assertNoConflict(present);
            }
        });
    }

    @Test
    void enteringAndLeavingAllocateNothing() {
        final Place one = new Place(true, 1, 0, 4096);
        final Place two = new Place(true, 1, 0, 4096);
        assertThat(AllocationProbe.bytesAllocated(100_000, () -> {
                    order.enter(one);
                    order.enter(two);
                    order.leave(one);
                    order.leave(two);
                }))
                .isZero();
    }

    private static void assertNoConflict(List<Place> present) {
        for (final Place one : present) {
            for (final Place other : present) {
                if (one.number < other.number && one.isGranted && other.isGranted) {
                    assertThat(one.sharesBlockWith(other) && (one.isChange || other.isChange))
                            .isFalse();
                }
            }
        }
    }

    private static final class Place extends Turn {
        private static long numbers;

        private final long number = numbers++;

        Place(boolean change, int shard, int first, int bytes) {
            isChange = change;
            partId = 1;
            shardIndex = shard;
            offset = first;
            length = bytes;
        }

        @Override
        protected void admitted() {
            throw new AssertionError("nothing schedules it");
        }

        @Override
        protected void dropped() {
            throw new AssertionError("nothing schedules it");
        }

        @Override
        protected long deadlineNs() {
            return Long.MAX_VALUE;
        }

        @Override
        void granted() {}
    }
}
