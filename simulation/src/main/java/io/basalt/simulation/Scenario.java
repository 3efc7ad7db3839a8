package io.basalt.simulation;

import io.basalt.chunk.ChunkSettings;
import io.basalt.net.sim.SimFaults;

/// What one seed stands for: the cluster, the load, and which faults are on. Every seed draws another
/// combination (swarm),
/// so that rare ones come together and none hides another.
///
/// @param devices storage nodes, each with one device
/// @param copies copies of each placement group
/// @param operations operations that clients do while faults happen
/// @param pauseNs longest pause of a client between two operations
/// @param depth operations that a client has under way at once
/// @param settings of the chunk servers, often with tiny bounds
/// @param faults of the network
/// @param disconnects times that connections between two processes break
/// @param kills times that a process is killed
/// @param powerCuts times that a node loses power
/// @param allPowerCut whether all nodes lose power at once in the end
/// @param rots times that content on the unlucky disk rots
/// @param disksLie whether writes of the unlucky disk are also lost or done elsewhere, not only rot. Not
///     together with
///     discards and crashes: a discard leaves no version behind when a shard becomes empty, so a log record
///     that was lost
///     cannot be missed after a crash
/// @param diskFails whether the unlucky disk fails for good
/// @param moves times that another copy is made primary
/// @param attaches times that a newer client takes the volume over
/// @param clientsDie whether clients are killed before that, with operations under way, and not merely superseded
/// @param isolations times that a node is cut off from the other nodes and the metaserver, but not from
///     clients, and its
///     copies are declared out of sync or lose their place as primary
record Scenario(
        int devices,
        int copies,
        int pgs,
        int shards,
        int operations,
        long pauseNs,
        int depth,
        SimClient.Mix mix,
        ChunkSettings settings,
        SimFaults faults,
        int disconnects,
        int kills,
        int powerCuts,
        boolean allPowerCut,
        int rots,
        boolean disksLie,
        boolean diskFails,
        int moves,
        int attaches,
        boolean clientsDie,
        int isolations) {
    /// The scenario of a seed.
    static Scenario of(SimRandom random) {
        final SimRandom draw = random.fork("scenario");
        final int copies = 2 + draw.below(2);
        final boolean tight = draw.chance(25);
        final ChunkSettings settings = new ChunkSettings(
                tight ? 2 + draw.below(4) : 64,
                tight ? 3 + draw.below(4) : 128,
                tight ? 2 : 8,
                16,
                draw.between(20, 300) * 1_000_000,
                draw.between(1, 6) * 1_000_000,
                draw.between(300, 1500) * 1_000_000,
                draw.between(5, 50) * 1_000_000,
                draw.between(50, 200) * 1_000_000);
        SimFaults faults =
                SimFaults.NONE.withDelay(10_000, draw.between(20_000, draw.chance(30) ? 5_000_000 : 300_000));
        if (draw.chance(30)) {
            faults = faults.withBreaks((int) draw.between(100, 3000));
        }
        if (draw.chance(20)) {
            faults = faults.withSplitPieces();
        }
        // The fault atlas: content must not rot on the only copy that is left.
        final int rots = draw.chance(30) ? 1 + draw.below(4) : 0;
        final boolean diskFails = draw.chance(15);
        final int isolations = draw.chance(40) && rots == 0 && !diskFails ? 1 + draw.below(2) : 0;
        final int discards = draw.chance(40) ? 10 : 0;
        final int zeroes = draw.chance(40) ? 10 : 0;
        return new Scenario(
                copies + draw.below(2),
                copies,
                1 + draw.below(3),
                1 + draw.below(4),
                (int) draw.between(60, 200),
                draw.between(5, 80) * 1_000_000,
                2 + draw.below(7),
                new SimClient.Mix(
                        30 + draw.below(40),
                        20 + draw.below(50),
                        draw.chance(40) ? 20 : 0,
                        discards,
                        zeroes,
                        isolations > 0 || draw.chance(20)),
                settings,
                faults,
                draw.chance(40) ? draw.below(6) : 0,
                draw.chance(50) ? draw.below(6) : 0,
                draw.chance(40) ? draw.below(4) : 0,
                draw.chance(20),
                rots,
                discards + zeroes == 0,
                diskFails,
                draw.chance(30) ? draw.below(4) : 0,
                draw.chance(40) ? 1 + draw.below(3) : 0,
                draw.chance(50),
                isolations);
    }

    /// The same with nodes that are cut off and passed over, and hardly anything else that disturbs: where
    /// leases and
    /// promises count.
    Scenario withFailOvers(long leaseNs) {
        final ChunkSettings leases =
                new ChunkSettings(64, 128, 8, 16, leaseNs, 5_000_000, 1_500_000_000, 20_000_000, 100_000_000);
        return new Scenario(
                3,
                3,
                1,
                1,
                operations,
                40_000_000,
                8,
                new SimClient.Mix(30, 60, 0, 0, 0, true),
                leases,
                faults,
                0,
                0,
                0,
                false,
                0,
                false,
                false,
                0,
                0,
                false,
                3);
    }
}
