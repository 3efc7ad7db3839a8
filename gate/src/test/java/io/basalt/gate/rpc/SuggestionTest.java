package io.basalt.gate.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class SuggestionTest {
    @Test
    void countsInsertionsRemovalsAndReplacements() {
        assertThat(Suggestion.distance("", "abc")).isEqualTo(3);
        assertThat(Suggestion.distance("kitten", "sitting")).isEqualTo(3);
        assertThat(Suggestion.distance("same", "same")).isZero();
    }

    @Test
    void suggestsTheNearestWordOrNone() {
        final List<String> known = List.of("bdev_null_create", "bdev_null_delete");
        assertThat(Suggestion.of("bdev_nul_create", known, "none")).isEqualTo("did you mean 'bdev_null_create'?");
        assertThat(Suggestion.of("x", known, "none")).isEqualTo("none");
        assertThat(Suggestion.of("y".repeat(100_000), known, "none")).isEqualTo("none");
    }
}
