package io.basalt.simulation;

import io.basalt.chunk.ChunkSettings;
import io.basalt.gate.cluster.ClusterTimes;
import io.basalt.net.sim.SimFaults;
import io.basalt.simulation.Scenario.Cluster;
import io.basalt.simulation.Scenario.Faults;
import io.basalt.simulation.Scenario.Load;

/// What seeds' scenarios are made into so that one part of the design is under strain all the time: guests have
/// many requests under way at every moment, and the faults are those that this part is there for, again and
/// again.
final class Emphasis {
    private static final long MS_NS = 1_000_000;

    /// Heartbeats that tell soon, so that a fail-over comes while leases and promises run.
    private static final ControlTimes PROMPT =
            new ControlTimes(20 * MS_NS, 60 * MS_NS, 100 * MS_NS, 3000 * MS_NS, 300 * MS_NS, 10 * MS_NS);

    /// Heartbeats that tell late, so that a node without a metaserver is not passed over at once.
    private static final ControlTimes PATIENT =
            new ControlTimes(100 * MS_NS, 600 * MS_NS, 100 * MS_NS, 3000 * MS_NS, 300 * MS_NS, 10 * MS_NS);

    private static final long LONG_LEASE_NS = 600 * MS_NS;
    private static final long FAULTS_NS = 500 * MS_NS;
    private static final long HANGS_NS = 8_000 * MS_NS;
    private static final int AWAY_MS = 60;
    private static final int DAMAGED_PER_MILLION = 20_000;

    private Emphasis() {}

    /// Copies go and come back all the time: what a copy has missed, and what it must not bring back, counts.
    static Scenario returns(Scenario all) {
        final Cluster cluster = all.cluster();
        final GuestMix mix = all.load().mix();
        return new Scenario(
                new Cluster(3, 3, 1, 1, settings(60 * MS_NS), PROMPT, cluster.gate()),
                dense(all, 1 + all.load().shards(), new GuestMix(30, 50, mix.partialWrite(), 40, 0, 0, false, false)),
                new Faults(all.faults().network(), 8, 2, 6, 3, false, 2, 0, 0, false, false, 0, 0, 3, 0, false),
                Strains.NONE.withAbsences(AWAY_MS, 1).withSlowness(2, 1));
    }

    /// Two copies of which one is enough, and one of them is nearly always away: what the other one has
    /// acknowledged must be on its own disk.
    static Scenario loners(Scenario all) {
        final Cluster cluster = all.cluster();
        return new Scenario(
                new Cluster(2, 2, 1, 1, settings(60 * MS_NS), PROMPT, cluster.gate()),
                dense(
                        all,
                        all.load().shards(),
                        new GuestMix(40, 60, all.load().mix().partialWrite(), 0, 0, 10, false, false)),
                new Faults(all.faults().network(), 0, 0, 6, 8, true, 0, 0, 0, false, false, 0, 0, 0, 1, false),
                Strains.NONE.withAbsences(2 * AWAY_MS, 0).withSlowness(2, 0));
    }

    /// One copy, so that nobody repairs what a disk makes of power cuts: what recovery does wrong, guests see.
    static Scenario powerCuts(Scenario all) {
        final Cluster cluster = all.cluster();
        final GuestMix mix = all.load().mix();
        return new Scenario(
                new Cluster(1, 1, 1, 1, settings(60 * MS_NS), PROMPT, cluster.gate()),
                dense(
                        all,
                        1 + all.load().shards(),
                        new GuestMix(30, 60, mix.partialWrite(), 20, mix.zeroes(), 10, false, false)),
                new Faults(all.faults().network(), 0, 0, 3, 12, true, 0, 0, 0, false, false, 0, 0, 0, 0, false),
                Strains.NONE.withAbsences(AWAY_MS / 3, 0));
    }

    /// Primaries change without a failure, by an operator's wish, while many changes of few blocks are under
    /// way, and gates are impatient: who finishes a change, and how often it is executed, counts.
    static Scenario handOffs(Scenario all) {
        final Cluster cluster = all.cluster();
        final ClusterTimes gate = cluster.gate();
        final ClusterTimes impatient = new ClusterTimes(
                20 * MS_NS,
                gate.mapWaitNs(),
                gate.backOffMinNs(),
                gate.backOffMaxNs(),
                gate.reconnectMinNs(),
                gate.reconnectMaxNs(),
                gate.creditWaitNs());
        return new Scenario(
                new Cluster(3, 3, 1, 1, settings(40 * MS_NS), PROMPT, impatient),
                dense(all, 1, new GuestMix(40, 60, all.load().mix().partialWrite(), 0, 0, 0, false, false)),
                new Faults(
                        all.faults().network().withBreaks(1000),
                        6,
                        6,
                        0,
                        0,
                        false,
                        4,
                        2,
                        0,
                        false,
                        false,
                        24,
                        0,
                        0,
                        0,
                        false),
                Strains.NONE.withSlowness(2, 3));
    }

    /// Leases are long and fail-overs come early: what was promised to the primary that is cut off still runs when
    /// another one wants to lead.
    static Scenario longLeases(Scenario all) {
        final Cluster cluster = all.cluster();
        final int copies = cluster.copies();
        return new Scenario(
                new Cluster(copies, copies, 2, 1, settings(LONG_LEASE_NS), PROMPT, cluster.gate()),
                new Load(
                        2, 700, 30 * MS_NS, 8, 4096, all.load().sealed(), new GuestMix(50, 50, 0, 0, 0, 0, true, true)),
                new Faults(all.faults().network(), 4, 0, 5, 5, false, 4, 0, 0, false, false, 6, 0, 3, 0, false),
                Strains.NONE.withAbsences(AWAY_MS, 4));
    }

    /// Gates take the volumes from each other under load, while chunk servers come and go and hear late of what the
    /// metaserver has granted.
    static Scenario takeOvers(Scenario all) {
        final Cluster cluster = all.cluster();
        final Load load = all.load();
        return new Scenario(
                new Cluster(3, 3, 1, 1, settings(60 * MS_NS), PATIENT, cluster.gate()),
                new Load(1, 1600, 30 * MS_NS, 8, 4096, load.sealed(), new GuestMix(30, 70, 0, 0, 0, 0, false, true)),
                new Faults(all.faults().network(), 2, 8, 6, 0, false, 4, 0, 0, false, false, 2, 8, 0, 1, false),
                Strains.NONE.withAbsences(3 * AWAY_MS, 5).withSlowness(2, 3));
    }

    /// The reactor of a device hangs, and hardly anything else disturbs: others must take the device's place
    /// though its process is there.
    static Scenario hangs(Scenario all) {
        final Cluster cluster = all.cluster();
        final Load load = all.load();
        return new Scenario(
                new Cluster(3, 3, cluster.pgs(), 1, cluster.settings(), cluster.control(), cluster.gate()),
                new Load(load.shards(), 1200, 40 * MS_NS, 4, load.blockBytes(), load.sealed(), load.mix(), HANGS_NS),
                new Faults(all.faults().network(), 0, 0, 0, 0, false, 0, 0, 0, false, false, 0, 0, 0, 0, false),
                Strains.ofHangs(2));
    }

    /// Bytes change on the wire all the time.
    static Scenario noise(Scenario all) {
        final Load load = all.load();
        return new Scenario(
                all.cluster(),
                new Load(load.shards(), 300, 20 * MS_NS, 8, load.blockBytes(), load.sealed(), load.mix()),
                new Faults(
                        SimFaults.NONE.withDelay(10_000, 100_000).withDamage(DAMAGED_PER_MILLION),
                        0,
                        0,
                        0,
                        0,
                        false,
                        0,
                        0,
                        0,
                        false,
                        false,
                        1,
                        1,
                        0,
                        0,
                        false),
                Strains.NONE);
    }

    /// Many requests at every moment of a short time of faults.
    private static Load dense(Scenario all, int shards, GuestMix mix) {
        return new Load(
                shards,
                900,
                8 * MS_NS,
                8,
                mix.partialWrite() > 0 ? 512 : 4096,
                all.load().sealed(),
                mix,
                FAULTS_NS);
    }

    private static ChunkSettings settings(long leaseNs) {
        return new ChunkSettings(64, 128, 8, 16, leaseNs, 2 * MS_NS, 500 * MS_NS, 5 * MS_NS, 20 * MS_NS, 100 * MS_NS);
    }
}
