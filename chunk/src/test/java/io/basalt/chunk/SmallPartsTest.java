package io.basalt.chunk;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.testkit.AllocationProbe;
import io.basalt.testkit.SeededTest;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// Generations, promises, identity windows, and the tables of successors.
class SmallPartsTest {
    @Test
    void generationsOnlyRise() {
        SeededTest.run(50, random -> {
            final Generations generations = new Generations();
            final Map<Long, Long> expected = new HashMap<>();
            for (int step = 0; step < 2000; step++) {
                final long volume = 1L + random.nextInt(500);
                final long generation = 1L + random.nextInt(50);
                generations.raise(volume, generation);
                expected.merge(volume, generation, Math::max);
            }
            expected.forEach(
                    (volume, generation) -> assertThat(generations.of(volume)).isEqualTo(generation));
            assertThat(generations.of(501)).isZero();
        });
    }

    @Test
    void lookingUpAGenerationAllocatesNothing() {
        final Generations generations = new Generations();
        generations.raise(7, 3);
        assertThat(AllocationProbe.bytesAllocated(100_000, () -> generations.raise(7, generations.of(7))))
                .isZero();
    }

    @Test
    void aSessionThatWasLeftIsPromisedNothingMore() {
        final Promises promises = new Promises();
        assertThat(promises.untilNs(4, -1)).isEqualTo(-1);
        assertThat(promises.give(4, 100, 1000)).isTrue();
        promises.left(4, 100);
        assertThat(promises.give(4, 100, 2000)).isFalse();
        assertThat(promises.untilNs(4, -1))
                .as("what was promised stays promised")
                .isEqualTo(1000);
        assertThat(promises.give(4, 101, 3000)).isTrue();
        assertThat(promises.untilNs(4, -1)).isEqualTo(3000);
    }

    @Test
    void aFullTableOfWindowsForgetsTheOneThatWasNotUsedForLongest() {
        final IdentityWindows windows = new IdentityWindows(2);
        final IdentityWindow first = windows.of(1, 0, 1, 10);
        final IdentityWindow second = windows.of(2, 0, 1, 20);
        assertThat(windows.of(1, 0, 1, 30)).isSameAs(first);
        assertThat(windows.of(3, 0, 1, 40)).isNotNull();
        assertThat(windows.of(2, 0, 1, 50)).isNotSameAs(second);
        windows.forget(0);
        assertThat(windows.of(3, 0, 1, 60)).isNotNull();
    }

    @Test
    void aWindowKnowsWhatIsBelowAndBeyondIt() {
        final IdentityWindow window = new IdentityWindow();
        window.begin(1, 0, 5);
        assertThat(window.isBelow(4)).isTrue();
        assertThat(window.isBelow(5)).isFalse();
        assertThat(window.isBeyond(132)).isFalse();
        assertThat(window.isBeyond(133)).isTrue();
        window.advance(1_000_000);
        assertThat(window.isBelow(999_999)).isTrue();
        assertThat(window.isBeyond(1_000_127)).isFalse();
    }

    @Test
    void aPrimaryServesOnlyAfterItHasReconciled() {
        for (final PgState state : PgState.values()) {
            assertThat(state.canBecome(PgState.SERVING)).isEqualTo(state == PgState.RECONCILING);
            assertThat(state.canBecome(PgState.ABSENT)).isEqualTo(state != PgState.ABSENT);
        }
        assertThat(PgState.PREPARING.canBecome(PgState.RECONCILING)).isTrue();
        assertThat(PgState.SECONDARY.canBecome(PgState.RECONCILING)).isFalse();
    }

    @Test
    void aChangeIsFreeOnlyOnceItHasEnded() {
        assertThat(ChangeState.FREE.canBecome(ChangeState.APPLYING)).isFalse();
        assertThat(ChangeState.ABANDONED.canBecome(ChangeState.APPLYING)).isFalse();
        assertThat(ChangeState.APPLYING.canBecome(ChangeState.GATHERING)).isTrue();
    }
}
