package io.basalt.endtoend.chaos;

import io.basalt.cli.output.Style;
import io.basalt.cli.output.Table;
import io.basalt.endtoend.chaos.proxy.WireFault;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;

/// What will be done to a cluster, in which order: drawn from a seed, so that it can be done again. What the cluster
/// makes of it is not: real processes and a real network have a will of their own.
///
/// @param seed it was drawn from
/// @param faults in order
record FaultPlan(long seed, List<Fault> faults) {
    private static final long MS = 1_000_000;
    private static final int LOG_SHARE = 5;
    private static final List<WireFault> WIRE_FAULTS = List.of(
            WireFault.PARTITION,
            WireFault.PARTITION_REQUESTS,
            WireFault.PARTITION_ANSWERS,
            WireFault.DELAY,
            WireFault.DROP,
            WireFault.DUPLICATE,
            WireFault.FLIP,
            WireFault.HALF_OPEN);

    /// How many of each kind, and how long some of them last.
    ///
    /// @param counts faults of each kind; none for those that are missing
    /// @param wires what may be done to connections; empty for anything
    /// @param metaHoldNs how long the metaserver stays away
    /// @param absenceNs how long a chunk server stays away for [FaultKind#ABSENCE]
    /// @param flips bits that are flipped by one [FaultKind#BIT_FLIPS]; a fifth as many by a [FaultKind#LOG_FLIPS]
    record Wish(Map<FaultKind, Integer> counts, List<WireFault> wires, long metaHoldNs, long absenceNs, int flips) {}

    /// Draw a plan.
    ///
    /// @param chunkServers their names
    static FaultPlan draw(long seed, Wish wish, List<String> chunkServers) {
        final Random random = new Random(seed);
        final List<FaultKind> kinds = new ArrayList<>();
        new EnumMap<>(wish.counts).forEach((kind, count) -> kinds.addAll(Collections.nCopies(count, kind)));
        Collections.shuffle(kinds, random);
        final List<Fault> faults = new ArrayList<>();
        for (final FaultKind kind : kinds) {
            faults.add(draw(random, kind, wish, chunkServers));
        }
        return new FaultPlan(seed, List.copyOf(faults));
    }

    private static Fault draw(Random random, FaultKind kind, Wish wish, List<String> chunkServers) {
        final String chunk = chunkServers.get(random.nextInt(chunkServers.size()));
        final long pauseNs = between(random, 300, 1200);
        return switch (kind) {
            case KILL -> plain(kind, chunk, between(random, 700, 1500), pauseNs);
            case STOP -> plain(kind, chunk, between(random, 2000, 4000), pauseNs);
            case META_KILL -> plain(kind, ChaosCluster.META, wish.metaHoldNs, pauseNs);
            case ABSENCE -> plain(kind, chunk, wish.absenceNs, pauseNs);
            case POWER_CUT -> plain(kind, "all", between(random, 0, 500), pauseNs);
            case DISK_FULL -> plain(kind, "all", between(random, 2000, 4000), pauseNs);
            case LOG_FLIPS ->
                new Fault(kind, chunk, "", WireFault.NONE, Math.max(1, wish.flips / LOG_SHARE), 0, pauseNs);
            case BIT_FLIPS -> new Fault(kind, chunk, "", WireFault.NONE, wish.flips, 0, pauseNs);
            case WIRE -> wire(random, wish.wires.isEmpty() ? WIRE_FAULTS : wish.wires, chunkServers, pauseNs);
        };
    }

    private static Fault plain(FaultKind kind, String target, long holdNs, long pauseNs) {
        return new Fault(kind, target, "", WireFault.NONE, 1, holdNs, pauseNs);
    }

    private static Fault wire(Random random, List<WireFault> wires, List<String> chunkServers, long pauseNs) {
        final WireFault wire = wires.get(random.nextInt(wires.size()));
        final List<String> from = new ArrayList<>(chunkServers);
        from.add(ChaosCluster.GATE);
        final List<String> to = new ArrayList<>(chunkServers);
        to.add(ChaosCluster.META);
        final String target = to.get(random.nextInt(to.size()));
        from.remove(target);
        return new Fault(
                FaultKind.WIRE,
                target,
                from.get(random.nextInt(from.size())),
                wire,
                1,
                between(random, 1000, 3000),
                pauseNs);
    }

    private static long between(Random random, long leastMs, long mostMs) {
        return random.nextLong(leastMs * MS, mostMs * MS + 1);
    }

    /// The plan for people, with a line break at its end.
    String text(Style style) {
        final Table table = Table.of(">#", "fault", "where", ">holds");
        for (int i = 0; i < faults.size(); i++) {
            final Fault fault = faults.get(i);
            table.row(
                    Integer.toString(i + 1),
                    fault.label(),
                    fault.where(),
                    String.format(Locale.ROOT, "%.1f s", fault.holdNs() / 1e9));
        }
        return table.text(style);
    }
}
