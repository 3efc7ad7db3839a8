package io.basalt.cli.why;

import io.basalt.block.LatencyDistribution;
import io.basalt.block.Stage;
import java.util.Locale;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/// Parts of a gate's answer. A newer gate may know stages that this command does not.
final class Told {
    private Told() {}

    static LatencyDistribution distribution(JsonNode told) {
        final TreeMap<Long, Long> buckets = new TreeMap<>();
        for (final JsonNode bucket : told.path("buckets")) {
            buckets.merge(bucket.path(0).longValue(0), bucket.path(1).longValue(0), Long::sum);
        }
        return LatencyDistribution.of(buckets, told.path("sum_ns").longValue(0));
    }

    static @Nullable Stage stage(String word) {
        for (final Stage stage : Stage.values()) {
            if (word(stage).equals(word)) {
                return stage;
            }
        }
        return null;
    }

    static String word(Stage stage) {
        return stage.name().toLowerCase(Locale.ROOT);
    }

    /// A counter may have begun anew meanwhile.
    static long since(long now, long earlier) {
        return now < earlier ? now : now - earlier;
    }
}
