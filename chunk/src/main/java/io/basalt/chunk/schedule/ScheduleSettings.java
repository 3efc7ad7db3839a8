package io.basalt.chunk.schedule;

import java.util.Map;

/// Bounds of a [Scheduler]. Immutable.
///
/// @param depthMin requests that are at the store at once at least, before others wait
/// @param depthMax such requests at most. The same as `depthMin` sets the depth; otherwise it is found
/// @param latencyNs mean time of a request at the store beyond which the depth is lowered
/// @param queueMax jobs of clients that wait at once at most
/// @param queueNs how long all that wait may take together: more is refused
/// @param repairPermille part of the device that repair gets even if clients could use all of it, in
///     thousandths
/// @param migrationPermille the same for migration
/// @param scrubPermille the same for the scrub
/// @param shares what some volumes get, by their numbers; others have the weights that their gates say
public record ScheduleSettings(
        int depthMin,
        int depthMax,
        long latencyNs,
        int queueMax,
        long queueNs,
        int repairPermille,
        int migrationPermille,
        int scrubPermille,
        Map<Long, Share> shares) {
    private static final long MS_NS = 1_000_000L;
    private static final int PERMILLE_MAX = 500;

    /// For flash: many requests at once, each of them short.
    public static final ScheduleSettings SSD =
            new ScheduleSettings(64, 512, 5 * MS_NS, 512, 500 * MS_NS, 100, 50, 20, Map.of());

    /// For a rotating disk: as many requests as it can sort, and no more.
    public static final ScheduleSettings HDD =
            new ScheduleSettings(32, 128, 300 * MS_NS, 512, 500 * MS_NS, 100, 50, 20, Map.of());

    public ScheduleSettings {
        shares = Map.copyOf(shares);
        require("depthMin", depthMin, 1, 1 << 16);
        require("depthMax", depthMax, depthMin, 1 << 16);
        require("latencyNs", latencyNs, 1000, Long.MAX_VALUE >> 8);
        require("queueMax", queueMax, 1, 1 << 16);
        require("queueNs", queueNs, 1000, Long.MAX_VALUE >> 8);
        require("repairPermille", repairPermille, 1, PERMILLE_MAX);
        require("migrationPermille", migrationPermille, 1, PERMILLE_MAX);
        require("scrubPermille", scrubPermille, 1, PERMILLE_MAX);
    }

    /// The same with a depth that is set.
    public ScheduleSettings withDepth(int depth) {
        return withDepth(depth, depth);
    }

    /// The same with other bounds of the depth.
    public ScheduleSettings withDepth(int least, int most) {
        return new ScheduleSettings(
                least, most, latencyNs, queueMax, queueNs, repairPermille, migrationPermille, scrubPermille, shares);
    }

    /// The same with another target for the time of a request at the store.
    public ScheduleSettings withLatencyNs(long newLatencyNs) {
        return new ScheduleSettings(
                depthMin,
                depthMax,
                newLatencyNs,
                queueMax,
                queueNs,
                repairPermille,
                migrationPermille,
                scrubPermille,
                shares);
    }

    /// The same with another bound on what waits.
    public ScheduleSettings withQueueMax(int jobs) {
        return new ScheduleSettings(
                depthMin, depthMax, latencyNs, jobs, queueNs, repairPermille, migrationPermille, scrubPermille, shares);
    }

    /// The same with other shares.
    public ScheduleSettings withShares(Map<Long, Share> newShares) {
        return new ScheduleSettings(
                depthMin,
                depthMax,
                latencyNs,
                queueMax,
                queueNs,
                repairPermille,
                migrationPermille,
                scrubPermille,
                newShares);
    }

    /// What a class of background work gets even if clients could use all of the device, in thousandths.
    int permille(Background work) {
        return switch (work) {
            case REPAIR -> repairPermille;
            case MIGRATION -> migrationPermille;
            case SCRUB -> scrubPermille;
        };
    }

    private static void require(String field, long value, long least, long most) {
        if (value < least || value > most) {
            throw new IllegalArgumentException(
                    "schedule setting " + field + " is " + value + ", expected " + least + " to " + most);
        }
    }
}
