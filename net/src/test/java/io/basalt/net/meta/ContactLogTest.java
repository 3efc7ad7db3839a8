package io.basalt.net.meta;

import static org.assertj.core.api.Assertions.assertThat;

import io.basalt.testkit.ManualClock;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ContactLogTest {
    private final ManualClock clock = new ManualClock();
    private final List<String> lines = new ArrayList<>();
    private final ContactLog log =
            new ContactLog(clock::nanoTime, line -> lines.add("W " + line), line -> lines.add("I " + line));

    private void tryFor(int seconds) {
        for (int attempt = 0; attempt < seconds * 10; attempt++) {
            log.lost("meta1:7700: refused");
            clock.advance(100_000_000);
        }
    }

    @Test
    void saysOnceThatTheMetaserverIsGoneAndThenOnceAMinute() {
        tryFor(59);
        assertThat(lines)
                .containsExactly("W no metaserver can be reached, what is known stays in force: meta1:7700: refused");
        tryFor(2);
        assertThat(lines)
                .hasSize(2)
                .last()
                .isEqualTo(
                        "W no metaserver can be reached for 60 s, in 601 attempts; the last one: meta1:7700: refused");
        tryFor(180);
        assertThat(lines).hasSize(5);
    }

    @Test
    void saysOnceThatItIsBackAndBeginsAnewWithTheNextLoss() {
        log.back();
        assertThat(lines).isEmpty();
        tryFor(5);
        log.back();
        log.back();
        assertThat(lines).hasSize(2).last().isEqualTo("I the metaserver is back after 5 s");
        tryFor(1);
        assertThat(lines).hasSize(3);
    }
}
