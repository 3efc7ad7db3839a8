package io.basalt.endtoend.chaos;

import io.basalt.cli.output.Style;
import io.basalt.cli.output.Table;
import io.basalt.cli.output.Texts;
import io.basalt.endtoend.chaos.load.GuestLoad;
import io.basalt.endtoend.chaos.load.HistoryCheck;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToLongFunction;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// A run's result for people and for programs.
final class ChaosReport {
    private static final double MS_NS = 1e6;
    private static final double SECOND_NS = 1e9;

    private ChaosReport() {}

    /// The stalls of a kind of fault.
    private record Sum(int count, long p50Ns, long p99Ns, long maxNs) {
        static Sum of(List<FaultResult> results, ToLongFunction<FaultResult> stall) {
            final long[] sorted = results.stream().mapToLong(stall).sorted().toArray();
            return new Sum(sorted.length, percentile(sorted, 50), percentile(sorted, 99), percentile(sorted, 100));
        }

        /// The smallest value that so many of a hundred do not exceed.
        private static long percentile(long[] sorted, int percent) {
            final int rank = (sorted.length * percent + 99) / 100;
            return sorted.length == 0 ? 0 : sorted[Math.max(1, rank) - 1];
        }

        ObjectNode json() {
            return JsonNodeFactory.instance
                    .objectNode()
                    .put("p50Ms", round(p50Ns))
                    .put("p99Ms", round(p99Ns))
                    .put("maxMs", round(maxNs));
        }
    }

    /// Tables, figures and the verdict, with a line break at the end.
    static String text(ChaosResult result, Style style) {
        final StringBuilder text = new StringBuilder();
        if (!result.faults().isEmpty()) {
            text.append(System.lineSeparator())
                    .append(style.bold("Stalls by fault"))
                    .append(System.lineSeparator());
            text.append(faults(result).text(style));
            text.append(System.lineSeparator())
                    .append(style.bold("Stalls by kind"))
                    .append(System.lineSeparator());
            text.append(kinds(result).text(style));
        }
        text.append(System.lineSeparator());
        figures(result).forEach(line -> text.append(line).append(System.lineSeparator()));
        text.append(verdict(result, style)).append(System.lineSeparator());
        return text.toString();
    }

    private static Table faults(ChaosResult result) {
        final Table table = Table.of(
                ">#", "fault", "where", ">stall ms", ">silent ms", ">return ms", ">whole after ms", ">answers", "note");
        for (final FaultResult each : result.faults()) {
            table.row(
                    Integer.toString(each.number()),
                    each.fault().label(),
                    each.fault().where(),
                    ms(each.stallNs()),
                    ms(each.during().silenceNs()),
                    ms(each.returnStallNs()),
                    ms(each.calmNs()),
                    String.format(
                            Locale.ROOT,
                            "%,d",
                            each.during().requests() + each.after().requests()),
                    each.note());
        }
        return table;
    }

    private static Table kinds(ChaosResult result) {
        final Table table = Table.of(
                "fault", ">count", ">stall p50", ">p99", ">max ms", ">return p50", ">p99", ">max ms", ">whole p50 ms");
        byKind(result.faults()).forEach((label, results) -> {
            final Sum stall = Sum.of(results, FaultResult::stallNs);
            final Sum back = Sum.of(results, FaultResult::returnStallNs);
            table.row(
                    label,
                    Integer.toString(stall.count),
                    ms(stall.p50Ns),
                    ms(stall.p99Ns),
                    ms(stall.maxNs),
                    ms(back.p50Ns),
                    ms(back.p99Ns),
                    ms(back.maxNs),
                    ms(Sum.of(results, FaultResult::calmNs).p50Ns));
        });
        return table;
    }

    private static Map<String, List<FaultResult>> byKind(List<FaultResult> results) {
        final Map<String, List<FaultResult>> kinds = new LinkedHashMap<>();
        for (final FaultResult each : results) {
            kinds.computeIfAbsent(each.fault().label(), _ -> new ArrayList<>()).add(each);
        }
        return kinds;
    }

    private static List<String> figures(ChaosResult result) {
        final List<String> lines = new ArrayList<>();
        final GuestLoad.Outcome load = result.load();
        if (load != null) {
            lines.add(String.format(
                    Locale.ROOT,
                    "%,d requests in %.1f s; %,d refused, %,d with an answer that nobody heard; %,d blocks changed.",
                    load.requests(),
                    result.elapsedNs() / SECOND_NS,
                    load.errors(),
                    load.lost(),
                    load.touched()));
        }
        lines.add("Before anything was done, the longest request took " + ms(result.quietNs()) + " ms.");
        if (result.wireFaults() > 0) {
            lines.add(String.format(
                    Locale.ROOT, "%,d pieces of bytes were damaged or lost on the wire.", result.wireFaults()));
        }
        final HistoryCheck.Result history = result.history();
        if (history != null) {
            lines.add(String.format(
                    Locale.ROOT,
                    "Linearizability: %,d requests on %s: %s",
                    history.requests(),
                    Texts.count(history.registers(), "block"),
                    history.isLinearizable()
                            ? "every one has an order that explains it."
                            : history.findings().size() + " without an order, " + history.undecided()
                                    + " with too many to search."));
        }
        return lines;
    }

    private static String verdict(ChaosResult result, Style style) {
        if (result.isGood()) {
            return style.good("GOOD")
                    + ": nothing acknowledged was lost, nothing wrong was read, all copies are the same.";
        }
        final StringBuilder text =
                new StringBuilder(style.bad("BAD") + ", seed " + result.plan().seed() + ":");
        result.complaints()
                .forEach(
                        each -> text.append(System.lineSeparator()).append("  ").append(each.replace("\n", "\n    ")));
        return text.toString();
    }

    /// The same for programs.
    static ObjectNode json(ChaosResult result) {
        final ObjectNode root = JsonNodeFactory.instance.objectNode();
        root.put("seed", result.plan().seed()).put("good", result.isGood());
        final ArrayNode faults = root.putArray("faults");
        for (final FaultResult each : result.faults()) {
            faults.addObject()
                    .put("number", each.number())
                    .put("fault", each.fault().label())
                    .put("where", each.fault().where())
                    .put("holdMs", round(each.fault().holdNs()))
                    .put("stallMs", round(each.stallNs()))
                    .put("silentMs", round(each.during().silenceNs()))
                    .put("returnStallMs", round(each.returnStallNs()))
                    .put("wholeAfterMs", round(each.calmNs()))
                    .put("answers", each.during().requests() + each.after().requests())
                    .put("note", each.note());
        }
        final ArrayNode kinds = root.putArray("kinds");
        byKind(result.faults()).forEach((label, results) -> {
            final ObjectNode kind = kinds.addObject().put("fault", label).put("count", results.size());
            kind.set("stall", Sum.of(results, FaultResult::stallNs).json());
            kind.set("returnStall", Sum.of(results, FaultResult::returnStallNs).json());
            kind.set("wholeAfter", Sum.of(results, FaultResult::calmNs).json());
        });
        final GuestLoad.Outcome load = result.load();
        if (load != null) {
            root.put("requests", load.requests())
                    .put("refused", load.errors())
                    .put("unheard", load.lost())
                    .put("blocksChanged", load.touched());
        }
        final HistoryCheck.Result history = result.history();
        if (history != null) {
            root.put("linearizable", history.isLinearizable()).put("undecided", history.undecided());
        }
        root.put("undisturbedMs", round(result.quietNs()));
        root.put("elapsedMs", round(result.elapsedNs())).put("wireFaults", result.wireFaults());
        final ArrayNode complaints = root.putArray("complaints");
        result.complaints().forEach(complaints::add);
        return root;
    }

    private static String ms(long ns) {
        return String.format(Locale.ROOT, "%,.0f", ns / MS_NS);
    }

    private static double round(long ns) {
        return Math.round(ns / 1e4) / 100.0;
    }
}
