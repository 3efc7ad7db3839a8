package io.basalt.bench.load;

import io.basalt.bench.Median;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// Medians and ratios of contenders under the same load as rows of a Markdown table, and every figure as JSON.
///
/// The last contender is the one the others are compared with.
final class ComparisonTable {
    private final ArrayNode rows;

    ComparisonTable(ArrayNode rows) {
        this.rows = rows;
        System.out.println(
                "| disk | load | QD | system | IOPS | ratio | CPU ns/IO | ratio | p50 us | p99 us | spread |");
        System.out.println("|---|---|---|---|---|---|---|---|---|---|---|");
    }

    void add(String disk, LoadShape shape, List<Contender> contenders) {
        final Contender reference = contenders.getLast();
        for (final Contender contender : contenders) {
            System.out.printf(
                    Locale.ROOT,
                    "| %s | %s | %d | %s | %.0f | %.2f | %.0f | %.2f | %.1f | %.1f | %.2f |%n",
                    disk,
                    shape.pattern(),
                    shape.depth(),
                    contender.name(),
                    median(contender, LoadResult::iops),
                    median(contender, LoadResult::iops) / median(reference, LoadResult::iops),
                    median(contender, LoadResult::cpuNs),
                    median(contender, LoadResult::cpuNs) / median(reference, LoadResult::cpuNs),
                    median(contender, LoadResult::p50Ns) / 1000,
                    median(contender, LoadResult::p99Ns) / 1000,
                    Median.spread(
                            contender.results().stream().map(LoadResult::iops).toList()));
            final ObjectNode row = rows.addObject();
            row.put("disk", disk)
                    .put("pattern", shape.pattern())
                    .put("depth", shape.depth())
                    .put("system", contender.name());
            final ArrayNode runs = row.putArray("runs");
            contender.results().forEach(result -> result.putInto(runs.addObject()));
        }
    }

    private static double median(Contender contender, ToDoubleFunction<LoadResult> figure) {
        return Median.of(contender.results().stream()
                .map(result -> figure.applyAsDouble(result))
                .toList());
    }
}
