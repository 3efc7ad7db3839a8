package io.basalt.meta.rest;

import io.basalt.meta.state.MetaState;
import io.basalt.meta.state.NodeRecord;
import io.basalt.meta.state.SetRecord;
import io.basalt.placement.ClusterMap;
import io.basalt.placement.Device;

/// How the placement groups of a set are doing.
///
/// | state | meaning |
/// |---|---|
/// | `new` | has no replicas yet |
/// | `clean` | every copy is there, in sync, on a device that is up |
/// | `degraded` | some are not; at least one is |
/// | `unavailable` | no copy in sync is on a device that is up: I/O to its shards waits |
final class PgHealth {
    static final String NEW = "new";
    static final String CLEAN = "clean";
    static final String DEGRADED = "degraded";
    static final String UNAVAILABLE = "unavailable";

    private final String[] states;

    private PgHealth(String[] states) {
        this.states = states;
    }

    static PgHealth of(MetaState state, SetRecord set) {
        final ClusterMap map = set.map();
        final String[] states = new String[map.pgCount()];
        for (int pg = 0; pg < states.length; pg++) {
            int good = 0;
            for (int index = 0; index < map.pgTable().replicaCount(pg); index++) {
                final Device device = map.device(map.replica(pg, index));
                final NodeRecord node = device == null ? null : state.node(device.nodeId());
                if (map.inSync(pg, index) && device != null && device.state().up() && node != null && node.up()) {
                    good++;
                }
            }
            if (map.epoch(pg) == 0) {
                states[pg] = NEW;
            } else if (good == 0) {
                states[pg] = UNAVAILABLE;
            } else {
                states[pg] = good == map.copies() ? CLEAN : DEGRADED;
            }
        }
        return new PgHealth(states);
    }

    String state(int pg) {
        return states[pg];
    }

    int count(String state) {
        int count = 0;
        for (final String each : states) {
            count += each.equals(state) ? 1 : 0;
        }
        return count;
    }
}
