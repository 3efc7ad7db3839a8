package io.basalt.simulation;

import io.basalt.meta.service.MetaServiceOptions;

/// What does not break a cluster and still wears on it: clocks, slowness, want of space, changes of leaders.
///
/// @param driftPerMillion by how much clocks are fast or slow at most; leases allow for a difference of an eighth
/// @param slowDisks times that a disk is slower for a while, up to a thousand times
/// @param slowLinks times that everything from and to one host takes longer for a while
/// @param longPauses times that a process is stopped for up to five seconds
/// @param leaderChanges times that the metaserver ceases to lead for a moment, with what it was appending uncertain
/// @param logRots times that a bit of the unlucky disk's log or superblock flips
/// @param fullDisks whether disks have hardly more space than the load needs, or less
/// @param restarts whether all storage nodes are begun anew, one after the other
/// @param joins times that a storage node is added
/// @param flips bits of the unlucky disk that flip, wherever something was written
/// @param drains times that a device is drained, as long as there are others for all copies
/// @param awayMs how long a storage process that was killed, or lost power, is away at most; milliseconds
/// @param metaCuts times that a node cannot reach the metaserver for a while, but everybody else
/// @param outAfterMs after how long without an answer the copies of a device are made anew elsewhere; 0 for never in
///     the time of a run
/// @param hangs times that a storage node's device hangs for long while its process gives signs of life
record Strains(
        int driftPerMillion,
        int slowDisks,
        int slowLinks,
        int longPauses,
        int leaderChanges,
        int logRots,
        boolean fullDisks,
        boolean restarts,
        int joins,
        int flips,
        int drains,
        int awayMs,
        int metaCuts,
        int outAfterMs,
        int hangs) {
    private static final int AWAY_MS = 800;

    /// Nothing of all that.
    static final Strains NONE = new Strains(0, 0, 0, 0, 0, 0, false, false, 0, 0, 0, AWAY_MS, 0, 0, 0);

    /// A good deal of it.
    static final Strains ALL = new Strains(500, 2, 2, 1, 3, 0, false, true, 0, 0, 0, AWAY_MS, 0, 0, 0);

    /// As far as a time service steers a clock.
    private static final int STEERED_PER_MILLION = 500;

    /// Whether what is written for a copy that was away is measured: absences are short, and nothing is made anew.
    boolean isRepairMeasured() {
        return awayMs < AWAY_MS && outAfterMs == 0;
    }

    /// After how long without an answer the copies of a device are made anew elsewhere, nanoseconds.
    long outAfterNs() {
        return outAfterMs == 0 ? MetaServiceOptions.DEFAULT.outAfterNs() : outAfterMs * 1_000_000L;
    }

    /// What a seed stands for.
    static Strains of(SimRandom draw, Scenario.Faults faults) {
        return new Strains(
                draw.chance(30) ? 1 + draw.below(STEERED_PER_MILLION) : 0,
                draw.chance(15) ? 1 + draw.below(2) : 0,
                draw.chance(15) ? 1 + draw.below(2) : 0,
                draw.chance(8) ? 1 : 0,
                draw.chance(20) ? 1 + draw.below(3) : 0,
                faults.rots() > 0 && draw.chance(30) ? 1 : 0,
                draw.chance(5),
                draw.chance(15),
                0,
                0,
                0,
                AWAY_MS,
                0,
                0,
                0);
    }

    Strains withDrift(int perMillion) {
        return new Strains(
                perMillion,
                slowDisks,
                slowLinks,
                longPauses,
                leaderChanges,
                logRots,
                fullDisks,
                restarts,
                joins,
                flips,
                drains,
                awayMs,
                metaCuts,
                outAfterMs,
                hangs);
    }

    /// What a cluster that is rebuilt under load goes through besides.
    Strains withMoves(int newJoins, int newDrains, int newOutAfterMs) {
        return new Strains(
                driftPerMillion,
                slowDisks,
                slowLinks,
                longPauses,
                leaderChanges,
                0,
                false,
                restarts,
                newJoins,
                0,
                newDrains,
                awayMs,
                metaCuts,
                newOutAfterMs,
                hangs);
    }

    /// Nothing but flipped bits.
    static Strains ofFlips(int flips) {
        return new Strains(0, 0, 0, 0, 0, 0, false, false, 0, flips, 0, AWAY_MS, 0, 0, 0);
    }

    /// The same with short absences, and nodes that do not reach the metaserver.
    Strains withAbsences(int newAwayMs, int newMetaCuts) {
        return new Strains(
                driftPerMillion,
                slowDisks,
                slowLinks,
                longPauses,
                leaderChanges,
                logRots,
                fullDisks,
                restarts,
                joins,
                flips,
                drains,
                newAwayMs,
                newMetaCuts,
                outAfterMs,
                hangs);
    }

    /// The same with disks and links that are slow for a while.
    Strains withSlowness(int newSlowDisks, int newSlowLinks) {
        return new Strains(
                driftPerMillion,
                newSlowDisks,
                newSlowLinks,
                longPauses,
                leaderChanges,
                logRots,
                fullDisks,
                restarts,
                joins,
                flips,
                drains,
                awayMs,
                metaCuts,
                outAfterMs,
                hangs);
    }

    /// Nothing but devices that hang.
    static Strains ofHangs(int hangs) {
        return new Strains(0, 0, 0, 0, 0, 0, false, false, 0, 0, 0, AWAY_MS, 0, 0, hangs);
    }

    /// Nothing but metaservers that cease to lead.
    static Strains ofLeaderChanges(int leaderChanges) {
        return new Strains(0, 0, 0, 0, leaderChanges, 0, false, false, 0, 0, 0, AWAY_MS, 0, 0, 0);
    }
}
