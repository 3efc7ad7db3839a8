package io.basalt.meta.service;

import io.basalt.meta.state.MetaCommand.MovePgs;
import io.basalt.meta.state.MetaCommand.MovePgs.Move;
import io.basalt.meta.state.MetaState;
import io.basalt.meta.state.SetRecord;
import io.basalt.placement.ClusterMap;
import io.basalt.placement.ClusterMapBuilder;
import io.basalt.placement.Device;
import io.basalt.placement.DeviceState;
import io.basalt.placement.PgTable;
import io.basalt.placement.Placement;
import io.basalt.placement.ReplicaSet;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// Which copies are to move next: away from devices that are out or draining, to where the routing rule says; and when
/// every group has all of its copies, to where the rule wants them, so that a device that is new or has returned gets
/// its share.
///
/// Computed anew from the map each time, so that nothing is kept of it and a new leader goes on where the one before
/// has stopped; what is computed goes into the log as it is. A device takes part in a bounded number of copies at once,
/// counting all that are being made, also those of groups whose device has only been away; in half as many when nothing
/// is missing, since then there is no hurry.
final class Moves {
    private final MetaState state;
    private final SetRecord set;
    private final ClusterMap map;
    private int most;
    private final Map<Integer, Integer> busy = new TreeMap<>();
    private final List<Move> moves = new ArrayList<>();
    private @Nullable Placement placement;

    private Moves(MetaState state, SetRecord set, int most) {
        this.state = state;
        this.set = set;
        this.map = set.map();
        this.most = most;
    }

    /// The command that moves what can be moved now.
    ///
    /// @param most copies that one device sends or receives at once
    /// @return null if there is nothing to do
    static @Nullable MovePgs of(MetaState state, SetRecord set, int most) {
        final Moves planned = new Moves(state, set, most);
        planned.countBusy();
        for (int pg = 0; pg < planned.map.pgCount() && planned.moves.size() < MovePgs.COUNT_MAX; pg++) {
            planned.plan(pg);
        }
        if (planned.moves.isEmpty() && set.volumeCount() > 0 && planned.isComplete()) {
            planned.balance();
        }
        return planned.moves.isEmpty() ? null : new MovePgs(set.id(), planned.moves);
    }

    private void countBusy() {
        final PgTable table = map.pgTable();
        for (int pg = 0; pg < map.pgCount(); pg++) {
            for (int index = 0; index < table.replicaCount(pg); index++) {
                if (!table.inSync(pg, index) && state.answers(table.replica(pg, index))) {
                    occupy(table.replica(pg, index), table.primaryDevice(pg));
                }
            }
        }
    }

    private void occupy(int to, int primary) {
        busy.merge(to, 1, Integer::sum);
        busy.merge(primary, 1, Integer::sum);
    }

    private boolean hasRoom(int device) {
        return busy.getOrDefault(device, 0) < most;
    }

    private void plan(int pg) {
        final PgTable table = map.pgTable();
        final int count = table.replicaCount(pg);
        final int leaving = leaving(pg, Math.min(count, map.copies()));
        if (count > map.copies()) {
            tidy(pg, count - 1, leaving >= 0 ? leaving : displaced(pg));
        } else if (leaving >= 0) {
            replace(pg, leaving);
        }
    }

    /// Whether every group has as many copies in sync as it should have.
    private boolean isComplete() {
        for (int pg = 0; pg < map.pgCount(); pg++) {
            if (map.pgTable().inSyncCount(pg) < map.copies()) {
                return false;
            }
        }
        return true;
    }

    private void balance() {
        most = Math.max(1, most / 2);
        for (int pg = 0; pg < map.pgCount() && moves.size() < MovePgs.COUNT_MAX; pg++) {
            final int displaced = map.pgTable().replicaCount(pg) > map.copies() ? -1 : displaced(pg);
            if (displaced >= 0) {
                replace(pg, displaced, placement().place(pg).replicas());
            }
        }
    }

    /// The replica whose place belongs to another device, the last of several; -1 if all are where the routing rule
    /// wants them, or the rule does not find places for all.
    private int displaced(int pg) {
        final ReplicaSet home = placement().place(pg).replicas();
        if (home.size() < map.copies()) {
            return -1;
        }
        for (int index = map.copies() - 1; index >= 0; index--) {
            if (!home.contains(map.replica(pg, index))) {
                return index;
            }
        }
        return -1;
    }

    /// The replica that is to go first: one on a device that is out, else on one that is draining; or -1.
    private int leaving(int pg, int count) {
        int draining = -1;
        for (int index = 0; index < count; index++) {
            final DeviceState where = stateOf(map.replica(pg, index));
            if (where == DeviceState.OUT) {
                return index;
            }
            draining = where == DeviceState.DRAINING && draining < 0 ? index : draining;
        }
        return draining;
    }

    private DeviceState stateOf(int deviceId) {
        final Device device = map.device(deviceId);
        return device == null ? DeviceState.OUT : device.state();
    }

    /// A guest that cannot come, or need not come any more, gives its place up; so does what it has replaced, if that
    /// could not go at once.
    private void tidy(int pg, int guest, int leaving) {
        final boolean joined = map.inSync(pg, guest);
        final boolean spare = map.pgTable().inSyncCount(pg) > map.copies();
        final boolean cannotCome = !stateOf(map.replica(pg, guest)).in();
        final boolean needless = joined ? leaving < 0 && spare : leaving < 0 || cannotCome;
        if (needless) {
            giveUp(pg, guest);
        } else if (joined && leaving >= 0 && (spare || !map.inSync(pg, leaving))) {
            giveUp(pg, leaving);
        }
    }

    private void giveUp(int pg, int index) {
        moves.add(new Move(pg, map.epoch(pg), map.replica(pg, index), MovePgs.NOWHERE));
    }

    private void replace(int pg, int leaving) {
        final ReplicaSet staying =
                ReplicaSet.of(Arrays.stream(map.pgTable().replicas(pg).toArray())
                        .filter(device -> stateOf(device).in())
                        .toArray());
        replace(pg, leaving, placement().complete(pg, staying).replicas());
    }

    private void replace(int pg, int leaving, ReplicaSet wanted) {
        final int primary = map.primaryDevice(pg);
        if (primary == PgTable.NO_DEVICE || !state.answers(primary) || !hasRoom(primary)) {
            return;
        }
        final ReplicaSet now = map.pgTable().replicas(pg);
        for (int index = 0; index < wanted.size(); index++) {
            final int to = wanted.device(index);
            if (!now.contains(to) && stateOf(to) == DeviceState.UP_IN && state.answers(to) && hasRoom(to)) {
                moves.add(new Move(pg, map.epoch(pg), now.device(leaving), to));
                occupy(to, primary);
                return;
            }
        }
    }

    /// The routing rule for a map in which devices that do not answer take nothing new, but keep their failure domains.
    private Placement placement() {
        Placement made = placement;
        if (made == null) {
            final ClusterMapBuilder builder = set.map().toBuilder();
            for (final Device device : map.devices()) {
                if (device.state() == DeviceState.DOWN_IN) {
                    builder.device(device.withState(DeviceState.FULL));
                }
            }
            made = Placement.of(builder.build());
            placement = made;
        }
        return made;
    }
}
