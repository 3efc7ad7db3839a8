package io.basalt.simulation;

import io.basalt.simulation.Scenario.Cluster;
import io.basalt.simulation.Scenario.Faults;
import io.basalt.simulation.Scenario.Load;

/// What a seed's scenario is made into for a gate that is handed over again and again: storage nodes fail
/// and the metaserver goes away meanwhile, as far as the seed wants that.
final class HandOverScenario {
    private static final long MS_NS = 1_000_000;
    private static final int TIMES = 9;
    private static final int OPERATIONS = 90;
    private static final long PAUSE_NS = 40 * MS_NS;

    private HandOverScenario() {}

    static Scenario of(Scenario all) {
        final Cluster cluster = all.cluster();
        final Load load = all.load();
        final Faults faults = all.faults();
        final boolean isCalm = faults.kills() + faults.powerCuts() == 0;
        return new Scenario(
                new Cluster(
                        3,
                        cluster.copies(),
                        cluster.pgs(),
                        cluster.volumes(),
                        cluster.settings(),
                        cluster.control(),
                        cluster.gate()),
                new Load(
                        load.shards(),
                        OPERATIONS * load.depth(),
                        PAUSE_NS,
                        load.depth(),
                        load.blockBytes(),
                        load.sealed(),
                        load.mix()),
                new Faults(
                        faults.network(),
                        faults.disconnects(),
                        0,
                        faults.kills(),
                        faults.powerCuts(),
                        false,
                        isCalm ? 0 : Math.min(1, faults.pauses()),
                        0,
                        0,
                        false,
                        false,
                        faults.moves(),
                        0,
                        0,
                        Math.min(1, faults.metaCrashes()),
                        faults.metaOutage()),
                isCalm ? Strains.NONE : Strains.ofLeaderChanges(1 + faults.moves()),
                TIMES);
    }
}
