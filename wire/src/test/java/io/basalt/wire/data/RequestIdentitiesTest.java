package io.basalt.wire.data;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.testkit.AllocationProbe;
import io.basalt.testkit.SeededTest;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class RequestIdentitiesTest {
    @Test
    void oldestIsTheLowestOutstandingWhateverTheOrderOfReleases() {
        SeededTest.run(200, random -> {
            final RequestIdentities identities = new RequestIdentities(3);
            final List<List<Long>> outstanding = List.of(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
            final long[] next = {1, 1, 1};
            for (int step = 0; step < 1000; step++) {
                final int pg = random.nextInt(3);
                final List<Long> of = outstanding.get(pg);
                if (random.nextInt(100) < 52) {
                    final long oldest = of.isEmpty() ? next[pg] : of.getFirst();
                    final long sequence = identities.claim(pg);
                    assertThat(sequence == 0).isEqualTo(next[pg] - oldest >= ClientRequest.SEQUENCE_WINDOW);
                    if (sequence != 0) {
                        assertThat(sequence).isEqualTo(next[pg]++);
                        of.add(sequence);
                    }
                } else if (!of.isEmpty()) {
                    identities.release(pg, of.remove(random.nextInt(of.size())));
                }
                assertThat(identities.oldest(pg)).isEqualTo(of.isEmpty() ? next[pg] : of.getFirst());
            }
        });
    }

    @Test
    void claimAndReleaseAllocateNothing() {
        final RequestIdentities identities = new RequestIdentities(8);
        assertThat(AllocationProbe.bytesAllocated(100_000, () -> identities.release(5, identities.claim(5))))
                .isZero();
    }

    @Test
    void versionsOrderByEpochThenCounter() {
        assertThat(Versions.of(2, 0)).isGreaterThan(Versions.of(1, Versions.COUNTER_MAX));
        assertThat(Versions.of(2, 6)).isGreaterThan(Versions.of(2, 5));
        final long highest = Versions.of(Versions.EPOCH_MAX, Versions.COUNTER_MAX);
        assertThat(highest).isPositive();
        assertThat(Versions.epoch(highest)).isEqualTo(Versions.EPOCH_MAX);
        assertThat(Versions.counter(highest)).isEqualTo(Versions.COUNTER_MAX);
    }
}
