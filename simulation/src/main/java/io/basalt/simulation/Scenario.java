package io.basalt.simulation;

import io.basalt.chunk.ChunkSettings;
import io.basalt.chunk.schedule.ScheduleSettings;
import io.basalt.gate.cluster.ClusterTimes;
import io.basalt.net.sim.SimFaults;
import io.basalt.net.sim.SimNetwork;

/// What one seed stands for: the cluster, the load, and which faults are on. Every seed draws another combination
/// (swarm), so that rare ones come together and none hides another.
///
/// @param handOvers times that the gate is handed over to a new process on its host; guests then use rings
record Scenario(Cluster cluster, Load load, Faults faults, Strains strains, int handOvers) {
    private static final long MS_NS = 1_000_000;
    private static final long FAULTS_NS = 1500 * MS_NS;
    private static final int FLIPS = 3000;
    private static final int OUT_AFTER_MS = 300;
    private static final int ENDURANCE_OPERATIONS = 30_000;

    /// The processes and their bounds.
    ///
    /// @param devices storage nodes, each with one device
    /// @param copies copies of each placement group
    /// @param volumes volumes, each served by the gate of the day
    /// @param settings of the chunk servers, often with tiny bounds
    /// @param control how often nodes and the metaserver speak
    /// @param gate times of the gates' data paths
    record Cluster(
            int devices,
            int copies,
            int pgs,
            int volumes,
            ChunkSettings settings,
            ControlTimes control,
            ClusterTimes gate) {}

    /// What guests do.
    ///
    /// @param shards shards of each volume
    /// @param operations that guests do while faults happen
    /// @param pauseNs longest pause between two operations of a slot
    /// @param depth operations that a guest has under way at once
    /// @param blockBytes 512 or 4096
    /// @param sealed whether guest memory is sealed, so that data goes to the network from where it lies
    /// @param faultsNs how long faults go on; the load lasts longer, but not three times as long
    record Load(
            int shards,
            int operations,
            long pauseNs,
            int depth,
            int blockBytes,
            boolean sealed,
            GuestMix mix,
            long faultsNs) {
        /// One that faults disturb for a moment.
        Load(int shards, int operations, long pauseNs, int depth, int blockBytes, boolean sealed, GuestMix mix) {
            this(shards, operations, pauseNs, depth, blockBytes, sealed, mix, FAULTS_NS);
        }
    }

    /// What goes wrong, and how often.
    ///
    /// @param network what the network does by itself
    /// @param disconnects times that connections between two processes break
    /// @param clogs times that everything from one process to another is held back
    /// @param kills times that a storage process is killed
    /// @param powerCuts times that a storage node loses power
    /// @param allPowerCut whether everything loses power at once in the end
    /// @param pauses times that a process, or one reactor of a gate, does not run for a while
    /// @param stalls times that a disk takes very long
    /// @param rots times that content on the unlucky disk rots
    /// @param disksLie whether writes of the unlucky disk are also lost or done elsewhere; not where guests
    ///     discard, but see [Scenario#withLiesAndDiscards()]
    /// @param diskFails whether the unlucky disk fails for good
    /// @param moves times that an operator makes another copy primary
    /// @param attaches times that a newer gate takes the volumes over
    /// @param isolations times that a node is cut off from the other nodes and the metaserver, but not from
    ///     gates, and an operator declares its copies out of sync where they are primary
    /// @param metaCrashes times that the metaserver is killed or loses power
    /// @param metaOutage whether the healed cluster has to do I/O without a metaserver
    record Faults(
            SimFaults network,
            int disconnects,
            int clogs,
            int kills,
            int powerCuts,
            boolean allPowerCut,
            int pauses,
            int stalls,
            int rots,
            boolean disksLie,
            boolean diskFails,
            int moves,
            int attaches,
            int isolations,
            int metaCrashes,
            boolean metaOutage) {}

    /// One without hand-overs.
    Scenario(Cluster cluster, Load load, Faults faults, Strains strains) {
        this(cluster, load, faults, strains, 0);
    }

    /// The scenario of a seed.
    static Scenario of(SimRandom random) {
        final SimRandom draw = random.fork("scenario");
        final Cluster cluster = cluster(draw, schedule(random.fork("schedule")));
        final Load load = load(draw);
        final Faults faults = faults(draw, load.mix, cluster.copies);
        return new Scenario(cluster, load, faults, Strains.of(random.fork("strains"), faults));
    }

    /// Often so few requests at once that most have to wait, and some are refused.
    private static ScheduleSettings schedule(SimRandom draw) {
        if (draw.chance(60)) {
            return ScheduleSettings.SSD;
        }
        return ScheduleSettings.SSD.withDepth(1 + draw.below(3)).withQueueMax(2 + draw.below(30));
    }

    private static Cluster cluster(SimRandom draw, ScheduleSettings schedule) {
        final int copies = 2 + draw.below(2);
        final boolean tight = draw.chance(25);
        final ChunkSettings settings = new ChunkSettings(
                        tight ? 2 + draw.below(4) : 64,
                        tight ? 3 + draw.below(4) : 128,
                        tight ? 2 : 8,
                        16,
                        draw.between(20, 300) * MS_NS,
                        draw.between(1, 6) * MS_NS,
                        draw.between(300, 1500) * MS_NS,
                        draw.between(5, 50) * MS_NS,
                        draw.between(50, 200) * MS_NS,
                        draw.between(50, 500) * MS_NS)
                .withSchedule(schedule);
        final ClusterTimes gate = new ClusterTimes(
                (draw.chance(30) ? draw.between(20, 200) : 5000) * MS_NS,
                draw.between(10, 100) * MS_NS,
                draw.between(1, 10) * MS_NS / 10,
                draw.between(10, 50) * MS_NS,
                draw.between(2, 20) * MS_NS,
                draw.between(50, 500) * MS_NS,
                2 * MS_NS);
        return new Cluster(
                copies + draw.below(2),
                copies,
                1 + draw.below(3),
                draw.chance(30) ? 2 : 1,
                settings,
                ControlTimes.of(draw),
                gate);
    }

    private static Load load(SimRandom draw) {
        final GuestMix mix = new GuestMix(
                30 + draw.below(40),
                20 + draw.below(50),
                draw.chance(40) ? 20 : 0,
                draw.chance(40) ? 10 : 0,
                draw.chance(40) ? 10 : 0,
                draw.chance(30) ? 10 : 0,
                draw.chance(25),
                draw.chance(25));
        return new Load(
                1 + draw.below(4),
                (int) draw.between(60, 200),
                draw.between(5, 80) * MS_NS,
                2 + draw.below(7),
                mix.partialWrite() > 0 || draw.chance(20) ? 512 : 4096,
                draw.chance(50),
                mix);
    }

    private static Faults faults(SimRandom draw, GuestMix mix, int copies) {
        SimFaults network =
                SimFaults.NONE.withDelay(10_000, draw.between(20_000, draw.chance(30) ? 5_000_000 : 300_000));
        if (draw.chance(30)) {
            network = network.withBreaks((int) draw.between(100, 3000));
        }
        if (draw.chance(20)) {
            network = network.withSplitPieces();
        }
        if (draw.chance(15)) {
            network = network.withDamage((int) draw.between(100, 2000));
        }
        // The fault atlas: content must not rot on the only copy that is left.
        final int rots = draw.chance(30) ? 1 + draw.below(4) : 0;
        // With two copies, the other one must not be lost besides: that is the kind of its own.
        final boolean diskFails = draw.chance(15) && copies > 2;
        final int isolations = draw.chance(40) && rots == 0 && !diskFails ? 1 + draw.below(2) : 0;
        return new Faults(
                network,
                draw.chance(40) ? draw.below(6) : 0,
                draw.chance(30) ? 1 + draw.below(4) : 0,
                draw.chance(50) ? draw.below(6) : 0,
                draw.chance(40) ? draw.below(4) : 0,
                draw.chance(20),
                draw.chance(30) ? 1 + draw.below(4) : 0,
                draw.chance(20) ? 1 + draw.below(3) : 0,
                rots,
                mix.discard() + mix.zeroes() == 0,
                diskFails,
                draw.chance(30) ? draw.below(4) : 0,
                draw.chance(40) ? 1 + draw.below(3) : 0,
                isolations,
                draw.chance(40) ? 1 + draw.below(3) : 0,
                draw.chance(30));
    }

    /// Fewest copies that a change must be on. Where content is damaged, one copy alone must never be enough: it may be
    /// the damaged one, and others leave the in-sync sets as soon as they do not answer.
    int minCopies(SimRandom draw) {
        final boolean isDamaged = faults.rots > 0 || strains.logRots() > 0 || strains.flips() > 0 || faults.diskFails;
        if (cluster.copies > 2) {
            return isDamaged || draw.chance(40) ? 2 : 1;
        }
        return isDamaged && !faults.diskFails ? 2 : 1;
    }

    /// The same with nodes that are cut off and passed over, and hardly anything else that disturbs: where
    /// leases and promises count.
    Scenario withFailOvers(long leaseNs) {
        final ChunkSettings leases = new ChunkSettings(
                64, 128, 8, 16, leaseNs, 5 * MS_NS, 1500 * MS_NS, 20 * MS_NS, 100 * MS_NS, 200 * MS_NS);
        return new Scenario(
                new Cluster(3, 3, 1, 1, leases, cluster.control, cluster.gate),
                new Load(
                        1,
                        load.operations,
                        40 * MS_NS,
                        8,
                        4096,
                        load.sealed,
                        new GuestMix(30, 60, 0, 0, 0, 0, true, true)),
                new Faults(faults.network, 0, 0, 0, 0, false, 0, 0, 0, false, false, 0, 0, 3, 0, false),
                Strains.NONE);
    }

    /// The same with many changes of few blocks under way at once while primaries change and connections
    /// break: where the order counts in which gates try again.
    Scenario withRetries() {
        return new Scenario(
                new Cluster(3, 3, 1, 1, cluster.settings, cluster.control, cluster.gate),
                new Load(1, 300, 15 * MS_NS, 8, 4096, load.sealed, new GuestMix(40, 60, 0, 0, 0, 0, false, false)),
                new Faults(
                        faults.network.withBreaks(3000), 6, 2, 3, 1, false, 3, 0, 0, false, false, 6, 0, 0, 1, false),
                Strains.NONE);
    }

    /// Whether the slowest messages take so long that copies miss leases though nothing has happened to them.
    boolean isNetworkSlow() {
        return faults.network.delayMaxNs() > patientDelayNs();
    }

    /// With delays up to this, question and answer always come within a lease.
    private long patientDelayNs() {
        return cluster.settings.leaseNs() / (2 * SimNetwork.LONG_DELAY_FACTOR);
    }

    /// The same with a disk that fails, and hardly anything else that disturbs: with two copies, the good one must not
    /// be let go for being slow just before it is the last.
    Scenario withDiskFailure() {
        final SimFaults network = isNetworkSlow() ? faults.network.withDelay(10_000, patientDelayNs()) : faults.network;
        return new Scenario(
                new Cluster(2, 2, 1, 1, cluster.settings, cluster.control, cluster.gate),
                new Load(1, 800, 10 * MS_NS, 8, 4096, load.sealed, new GuestMix(50, 50, 0, 0, 0, 0, false, false)),
                new Faults(network, 0, 0, 0, 0, false, 0, 0, 0, false, true, 0, 0, 0, 0, false),
                Strains.NONE);
    }

    /// The same with discards, and with writes of the unlucky disk that are lost or done elsewhere: what a
    /// disk has lost must not pass for discarded, nor come back.
    Scenario withLiesAndDiscards() {
        final GuestMix mix = load.mix;
        final Faults all = faults;
        return new Scenario(
                cluster,
                new Load(
                        load.shards,
                        load.operations,
                        load.pauseNs,
                        load.depth,
                        load.blockBytes,
                        load.sealed,
                        new GuestMix(
                                mix.read(),
                                mix.write(),
                                mix.partialWrite(),
                                Math.max(10, mix.discard()),
                                mix.zeroes(),
                                mix.flush(),
                                mix.splitsReads(),
                                mix.sharesBlocks())),
                new Faults(
                        all.network,
                        all.disconnects,
                        all.clogs,
                        all.kills,
                        all.powerCuts,
                        all.allPowerCut,
                        all.pauses,
                        all.stalls,
                        Math.max(1, all.rots),
                        true,
                        all.diskFails,
                        all.moves,
                        all.attaches,
                        0,
                        all.metaCrashes,
                        all.metaOutage),
                strains);
    }

    /// One client with a hundred requests a second for minutes, with the times that a data centre has, and a fault now
    /// and then: what the speed of the simulation is told for.
    Scenario withEndurance() {
        final ChunkSettings settings = ChunkSettings.DEFAULT.withSweepNs(1000 * MS_NS);
        return new Scenario(
                new Cluster(3, 3, 1, 1, settings, ControlTimes.DEFAULT, cluster.gate),
                new Load(
                        4,
                        ENDURANCE_OPERATIONS,
                        80 * MS_NS,
                        4,
                        4096,
                        load.sealed,
                        new GuestMix(70, 30, 0, 0, 0, 0, false, false),
                        ENDURANCE_OPERATIONS * 10 * MS_NS),
                new Faults(faults.network, 4, 2, 3, 2, false, 4, 2, 0, false, false, 2, 0, 0, 2, false),
                Strains.NONE);
    }

    /// Bits flip all the time on one of three disks, in data, metadata and log; connections break, and a
    /// process is killed: metadata and log are read anew when it begins again.
    Scenario withFlips() {
        return new Scenario(
                new Cluster(3, 3, cluster.pgs, 1, cluster.settings, cluster.control, cluster.gate),
                new Load(load.shards, load.operations, 15 * MS_NS, load.depth, load.blockBytes, load.sealed, load.mix),
                new Faults(
                        faults.network, faults.disconnects, 0, 1, 0, false, 0, 0, 1, false, false, 0, 0, 0, 0, false),
                Strains.ofFlips(FLIPS));
    }

    /// The same with nodes that are added and devices that are drained, on disks that do not rot.
    Scenario withMoves() {
        final Faults all = faults;
        return new Scenario(
                new Cluster(
                        cluster.copies + 1,
                        cluster.copies,
                        1 + cluster.pgs,
                        cluster.volumes,
                        cluster.settings,
                        cluster.control,
                        cluster.gate),
                load,
                new Faults(
                        all.network,
                        all.disconnects,
                        all.clogs,
                        all.kills,
                        all.powerCuts,
                        all.allPowerCut,
                        all.pauses,
                        all.stalls,
                        0,
                        false,
                        false,
                        all.moves,
                        all.attaches,
                        0,
                        all.metaCrashes,
                        all.metaOutage),
                strains.withMoves(1, 2, OUT_AFTER_MS));
    }

    /// The same with clocks that are fast and slow by up to so much.
    Scenario withDrift(int perMillion) {
        return new Scenario(cluster, load, faults, strains.withDrift(perMillion));
    }

    /// The same with everything that strains a cluster without breaking it.
    Scenario withStrains() {
        return new Scenario(cluster, load, faults, Strains.ALL);
    }
}
