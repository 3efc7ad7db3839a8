package io.basalt.chunk;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class RepairBudgetTest {
    private static final long SECOND_NS = 1_000_000_000L;

    @Test
    void givesOverTimeWhatTheRateSays() {
        final RepairBudget budget = new RepairBudget(1 << 20, 0);
        long given = 0;
        for (long nowNs = 0; nowNs < 10 * SECOND_NS; nowNs += SECOND_NS / 1000) {
            given += budget.take(4096, nowNs) ? 4096 : 0;
        }
        assertThat(given).isBetween(10L << 20, 11L << 20);
    }

    @Test
    void givesAPieceThatIsLargerThanTheBucketAndMakesTheNextWait() {
        final RepairBudget budget = new RepairBudget(1000, 0);
        assertThat(budget.take(65_536, 0)).isTrue();
        assertThat(budget.take(1, 60 * SECOND_NS))
                .as("at most a second is made up for at once")
                .isFalse();
    }

    @Test
    void keepsNoMoreThanATenthOfASecond() {
        final RepairBudget budget = new RepairBudget(10_000, 0);
        int given = 0;
        while (budget.take(100, 3600 * SECOND_NS)) {
            given++;
        }
        assertThat(given).isEqualTo(10);
    }

    @Test
    void isNotLostToManySmallSteps() {
        final RepairBudget budget = new RepairBudget(10, 0);
        assertThat(budget.take(1, 0)).isTrue();
        assertThat(budget.take(1, 1)).isFalse();
        long nowNs = 0;
        while (!budget.take(1, nowNs)) {
            nowNs += 1000;
        }
        assertThat(nowNs).isBetween(SECOND_NS / 30, SECOND_NS / 5);
    }
}
