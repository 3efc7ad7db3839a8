package io.basalt.meta.service;

import io.basalt.placement.ClusterMap;
import io.basalt.wire.meta.PgState;
import java.util.ArrayList;
import java.util.List;

/// The configuration of one placement group, taken out of a map.
public final class PgStates {
    private PgStates() {}

    /// The configuration of a placement group.
    ///
    /// @param pg 0 to `pgCount - 1`
    public static PgState of(ClusterMap map, int pg) {
        final List<PgState.Replica> replicas = new ArrayList<>();
        for (int index = 0; index < map.pgTable().replicaCount(pg); index++) {
            replicas.add(new PgState.Replica(map.replica(pg, index), map.inSync(pg, index)));
        }
        return new PgState(pg, map.epoch(pg), replicas);
    }
}
