package io.basalt.meta.service;

import io.basalt.meta.state.MetaCommand;
import io.basalt.meta.state.MetaState;
import io.basalt.meta.state.SetRecord;
import io.basalt.placement.ClusterMap;
import io.basalt.placement.Device;
import io.basalt.placement.DeviceState;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// What the leader does so that every placement group has its copies: it takes devices out that have been away for too
/// long, moves copies off those that are out or draining, and takes a drained one out.
///
/// A map that left nothing to do is not looked at again.
final class RepairPlan {
    private static final long PERIOD_NS = 200_000_000L;

    private final Proposals proposals;
    private final int movesMax;
    private final Absences absences;
    private final Map<Integer, ClusterMap> settled = new HashMap<>();
    private long nextNs;
    private boolean busy;

    RepairPlan(Proposals proposals, MetaServiceOptions options) {
        this.proposals = proposals;
        this.movesMax = options.movesMax();
        this.absences = new Absences(options.outAfterNs());
    }

    /// Begin to lead.
    void begin() {
        absences.clear();
        settled.clear();
        nextNs = 0;
        busy = false;
    }

    /// See what is to be done now. Called often; looks from time to time.
    void check(long nowNs) {
        if (busy || nowNs < nextNs) {
            return;
        }
        nextNs = nowNs + PERIOD_NS;
        final MetaState state = proposals.state();
        final List<Integer> away = absences.look(state, nowNs);
        if (!away.isEmpty()) {
            propose(new MetaCommand.TakeOut(away));
            return;
        }
        for (final SetRecord set : state.sets()) {
            if (!isSettled(set) && repair(state, set)) {
                return;
            }
        }
    }

    @SuppressWarnings("ReferenceEquality") // maps are immutable; another object is another version
    private boolean isSettled(SetRecord set) {
        return settled.get(set.id()) == set.map();
    }

    private boolean repair(MetaState state, SetRecord set) {
        final MetaCommand.MovePgs moves = set.laidOut() ? Moves.of(state, set, movesMax) : null;
        if (moves != null) {
            propose(moves);
            return true;
        }
        for (final Device device : set.map().devices()) {
            if (device.state() == DeviceState.DRAINING && isEmpty(set.map(), device.id())) {
                propose(new MetaCommand.AdminDevice(device.id(), MetaCommand.AdminDevice.Action.OUT, 0));
                return true;
            }
        }
        settled.put(set.id(), set.map());
        return false;
    }

    private static boolean isEmpty(ClusterMap map, int deviceId) {
        for (int pg = 0; pg < map.pgCount(); pg++) {
            if (map.pgTable().indexOf(pg, deviceId) >= 0) {
                return false;
            }
        }
        return true;
    }

    private void propose(MetaCommand command) {
        busy = true;
        proposals.propose(command, result -> busy = false);
    }
}
