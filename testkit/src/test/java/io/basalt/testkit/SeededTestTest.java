package io.basalt.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.HashSet;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

@Isolated("sets a system property")
class SeededTestTest {
    private static final Pattern SEED = Pattern.compile("-Dbasalt\\.seed=(0x[0-9a-f]+)");

    private String given = "";

    @BeforeEach
    void forgetGivenSeed() {
        given = System.getProperty(Seeds.PROPERTY, "");
        System.clearProperty(Seeds.PROPERTY);
    }

    @AfterEach
    void restoreGivenSeed() {
        if (given.isEmpty()) {
            System.clearProperty(Seeds.PROPERTY);
        } else {
            System.setProperty(Seeds.PROPERTY, given);
        }
    }

    @Test
    void givesEveryCaseItsOwnNumbers() {
        final Set<Long> drawn = new HashSet<>();
        SeededTest.run(200, random -> drawn.add(random.nextLong()));
        assertThat(drawn).hasSize(200);
    }

    @Test
    void drawsTheSameSeedsFromTheSameTextAndOthersFromAnother() {
        final Set<Long> seeds = new HashSet<>();
        final String given = System.getProperty(Seeds.ALL_PROPERTY);
        try {
            for (int i = 0; i < 100; i++) {
                System.setProperty(Seeds.ALL_PROPERTY, i < 50 ? "a" : "b");
                seeds.add(Seeds.next());
            }
            assertThat(seeds).hasSize(100);
            assertThat(Seeds.drawn("a", "x", 3)).isEqualTo(Seeds.drawn("a", "x", 3));
            assertThat(Seeds.drawn("a", "x", 3))
                    .isNotIn(Seeds.drawn("a", "x", 4), Seeds.drawn("b", "x", 3), Seeds.drawn("a", "y", 3));
        } finally {
            if (given == null) {
                System.clearProperty(Seeds.ALL_PROPERTY);
            } else {
                System.setProperty(Seeds.ALL_PROPERTY, given);
            }
        }
    }

    @Test
    void reportsTheSeedThatReplaysTheFailingCase() {
        final long[] failing = new long[1];
        final SeededTest.Property fails = random -> {
            final long drawn = random.nextLong();
            if (drawn % 7 == 0) {
                failing[0] = drawn;
                throw new AssertionError("a multiple of seven");
            }
        };
        final AssertionError failure = catchThrowableOfType(AssertionError.class, () -> SeededTest.run(10_000, fails));
        assertThat(failure).hasMessageContaining("a multiple of seven");
        assertThat(failure).hasMessageContaining("SeededTestTest#reportsTheSeedThatReplaysTheFailingCase");

        final Matcher matcher = SEED.matcher(String.valueOf(failure.getMessage()));
        assertThat(matcher.find()).isTrue();
        System.setProperty(Seeds.PROPERTY, matcher.group(1));
        final Set<Long> replayed = new HashSet<>();
        SeededTest.run(1000, random -> replayed.add(random.nextLong()));
        assertThat(replayed).containsExactly(failing[0]);
    }

    @Test
    void refusesASeedThatIsNoNumber() {
        System.setProperty(Seeds.PROPERTY, "twelve");
        assertThatThrownBy(Seeds::next)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("basalt.seed")
                .hasMessageContaining("twelve");
    }
}
