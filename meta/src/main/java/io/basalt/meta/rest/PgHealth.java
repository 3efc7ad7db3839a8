package io.basalt.meta.rest;

import io.basalt.meta.state.MetaState;
import io.basalt.meta.state.SetRecord;
import io.basalt.placement.ClusterMap;

/// How the placement groups of a set are doing.
///
/// | state | meaning |
/// |---|---|
/// | `new` | has no replicas yet |
/// | `clean` | every copy is there, in sync, on a device that answers |
/// | `degraded` | some are not; enough are, and I/O goes on |
/// | `waiting` | too few copies in sync answer: changes wait, until one is back |
/// | `unavailable` | no copy in sync answers: all I/O waits |
///
/// Besides, copies of a group that are not in sync may be on their way: it is being **repaired**.
final class PgHealth {
    static final String NEW = "new";
    static final String CLEAN = "clean";
    static final String DEGRADED = "degraded";
    static final String WAITING = "waiting";
    static final String UNAVAILABLE = "unavailable";

    private final String[] states;
    private final int repairing;

    private PgHealth(String[] states, int repairing) {
        this.states = states;
        this.repairing = repairing;
    }

    static PgHealth of(MetaState state, SetRecord set) {
        final ClusterMap map = set.map();
        final String[] states = new String[map.pgCount()];
        int repairing = 0;
        for (int pg = 0; pg < states.length; pg++) {
            int good = 0;
            int missing = 0;
            boolean coming = false;
            for (int index = 0; index < map.pgTable().replicaCount(pg); index++) {
                final boolean answers = state.answers(map.replica(pg, index));
                final boolean inSync = map.inSync(pg, index);
                good += inSync && answers ? 1 : 0;
                missing += inSync && !answers ? 1 : 0;
                coming |= !inSync && answers;
            }
            states[pg] = map.epoch(pg) == 0 ? NEW : state(map, good, missing);
            repairing += coming && good > 0 ? 1 : 0;
        }
        return new PgHealth(states, repairing);
    }

    /// @param good copies that are in sync and answer
    /// @param missing copies that are in sync and do not
    private static String state(ClusterMap map, int good, int missing) {
        if (good == 0) {
            return UNAVAILABLE;
        }
        if (missing > 0 || good < map.minCopies()) {
            return WAITING;
        }
        return good >= map.copies() ? CLEAN : DEGRADED;
    }

    /// How many groups have copies on their way.
    int repairing() {
        return repairing;
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
