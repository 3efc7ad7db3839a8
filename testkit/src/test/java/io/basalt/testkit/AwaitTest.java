package io.basalt.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class AwaitTest {
    @Test
    void looksUntilTheConditionHolds() {
        final int[] looks = new int[1];
        Await.until("a third look", () -> ++looks[0] == 3);
        assertThat(looks[0]).isEqualTo(3);
    }

    @Test
    void namesWhatDidNotHappen() {
        assertThatThrownBy(() -> Await.until("pigs fly", Duration.ofMillis(2), () -> false))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("pigs fly");
    }
}
