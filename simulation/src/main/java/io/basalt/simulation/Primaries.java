package io.basalt.simulation;

import io.basalt.net.sim.SimFaults;
import io.basalt.placement.ClusterMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// The oracles of who serves: one primary for each placement group and epoch (S7), never two that would answer a read
/// (S8), only in configurations that are recorded (S10), and no more of those than faults explain (L6).
final class Primaries {
    private static final int EPOCHS_BASE = 4;
    private static final int EPOCHS_PER_FAULT = 8;

    private final World world;
    private final MetaNode meta;
    private final List<StorageNode> nodes;
    private final Scenario scenario;
    private final RecordedEpochs recorded = new RecordedEpochs();
    private final Map<Long, Integer> byEpoch = new HashMap<>();
    private final Map<Integer, Integer> lastPrimaries = new HashMap<>();

    /// @param nodes all that there are, at any time
    Primaries(World world, MetaNode meta, List<StorageNode> nodes, Scenario scenario) {
        this.world = world;
        this.meta = meta;
        this.nodes = nodes;
        this.scenario = scenario;
    }

    /// What holds at every moment.
    void check() {
        checkLeases();
        recorded.look(meta.map());
    }

    /// A device begins to serve reads and changes of a placement group.
    void serves(int deviceId, int pg, int epoch) {
        recorded.look(meta.map());
        recorded.serves(deviceId, pg, epoch);
        final Integer last = lastPrimaries.put(pg, deviceId);
        if (last != null && last != deviceId) {
            world.coverage().saw(Sighting.FAIL_OVER);
            if (isDegradedBesides(pg, last)) {
                world.coverage().saw(Sighting.FAIL_OVER_WHILE_DEGRADED);
            }
        }
        final long key = (long) pg << 32 | epoch;
        final Integer before = byEpoch.putIfAbsent(key, deviceId);
        if (before != null && before != deviceId) {
            throw new SimulationFailure(
                    "S7: devices " + before + " and " + deviceId + " serve pg " + pg + " in epoch " + epoch);
        }
    }

    /// Leases hold in true time, whatever clocks show: no two devices would answer a read of the same placement group.
    private void checkLeases() {
        for (int pg = 0; pg < scenario.cluster().pgs(); pg++) {
            StorageNode found = null;
            for (final StorageNode node : nodes) {
                if (node.servesReads(pg)) {
                    if (found != null) {
                        throw new SimulationFailure(
                                "S8: " + found.host() + " and " + node.host() + " both answer reads of pg " + pg);
                    }
                    found = node;
                }
            }
        }
    }

    /// No storm of fail-overs: each fault changes the configuration of a placement group a few times at most. Only
    /// where the network does not break connections by itself, nor takes longer for a message than leases last.
    ///
    /// @param faults what was done to the cluster
    void checkEpochs(long faults) {
        final ClusterMap map = meta.map();
        final SimFaults network = scenario.faults().network();
        if (map == null
                || scenario.isNetworkSlow()
                || network.brokenPerMillion() > 0
                || network.damagedPerMillion() > 0) {
            return;
        }
        for (int pg = 0; pg < map.pgCount(); pg++) {
            if (map.epoch(pg) > EPOCHS_BASE + EPOCHS_PER_FAULT * faults) {
                throw new SimulationFailure(
                        "L6: pg " + pg + " is in epoch " + map.epoch(pg) + " after " + faults + " faults");
            }
        }
    }

    /// Whether a copy of a placement group is out of sync, besides that on a device.
    private boolean isDegradedBesides(int pg, int deviceId) {
        final ClusterMap map = meta.map();
        for (int index = 0; map != null && index < map.pgTable().replicaCount(pg); index++) {
            if (!map.inSync(pg, index) && map.replica(pg, index) != deviceId) {
                return true;
            }
        }
        return false;
    }
}
