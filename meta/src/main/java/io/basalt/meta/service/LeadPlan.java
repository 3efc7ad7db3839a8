package io.basalt.meta.service;

import io.basalt.meta.state.MetaCommand;
import io.basalt.meta.state.MetaState;
import io.basalt.meta.state.SetRecord;
import io.basalt.placement.ClusterMap;
import io.basalt.placement.Device;
import io.basalt.placement.ExceptionTable;
import io.basalt.placement.PgTable;
import io.basalt.placement.Placement;
import io.basalt.wire.meta.PgChange;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// What the leader does so that each placement group is led by the device that the routing rule puts
/// first, and the work of leading is spread as evenly as the copies are.
///
/// A copy that comes back does not lead at once ([io.basalt.meta.state.MetaState]): its process may have
/// begun a moment ago, and would make every request wait while its code is still being loaded. It gets
/// its groups back when it has answered, and every copy on it has been in sync, for [#STEADY_NS]; then
/// one after the other, so that only a fraction of the load ever waits for a change of primaries. A
/// device gives or takes one group at a time. While copies of a group are missing or moving, its primary
/// has something else to do and stays.
final class LeadPlan {
    /// How long a device must have been well: a node that restarts again and again gets nothing back in
    /// between.
    static final long STEADY_NS = 3_000_000_000L;

    /// Between two groups that a device gives or takes.
    static final long PACE_NS = 100_000_000L;

    private final Proposals proposals;
    private final Map<Integer, Long> wellSinceNs = new HashMap<>();
    private final Map<Integer, Homes> homes = new HashMap<>();
    private final Map<Integer, ClusterMap> seen = new HashMap<>();
    private long nextNs;
    private boolean busy;

    /// The devices that come first by the routing rule, for one state of the devices.
    private static final class Homes {
        private final List<Device> devices;
        private final ExceptionTable exceptions;
        private final int[] first;

        Homes(ClusterMap map) {
            devices = map.devices();
            exceptions = map.exceptions();
            first = new int[map.pgCount()];
            final Placement placement = Placement.of(map);
            for (int pg = 0; pg < first.length; pg++) {
                final var replicas = placement.place(pg).replicas();
                first[pg] = replicas.size() == 0 ? PgTable.NO_DEVICE : replicas.device(0);
            }
        }

        boolean isOf(ClusterMap map) {
            return devices.equals(map.devices()) && exceptions.equals(map.exceptions());
        }
    }

    LeadPlan(Proposals proposals) {
        this.proposals = proposals;
    }

    /// Begin to lead: nothing is known of how long devices have been well.
    void begin() {
        wellSinceNs.clear();
        homes.clear();
        seen.clear();
        nextNs = 0;
        busy = false;
    }

    /// A set has a newer map. Whatever happens to a device, also for a moment, is one.
    void changed(SetRecord set, long nowNs) {
        seen.put(set.id(), set.map());
        look(proposals.state(), set.map(), nowNs);
    }

    /// See what is to be done now. Called often; looks from time to time.
    void check(long nowNs) {
        final MetaState state = proposals.state();
        for (final SetRecord set : state.sets()) {
            if (isNew(set)) {
                changed(set, nowNs);
            }
        }
        if (busy || nowNs < nextNs) {
            return;
        }
        nextNs = nowNs + PACE_NS;
        final List<PgChange> changes = new ArrayList<>();
        for (final SetRecord set : state.sets()) {
            if (set.laidOut()) {
                plan(set, nowNs, changes);
            }
        }
        if (!changes.isEmpty()) {
            busy = true;
            proposals.propose(new MetaCommand.ChangePgs(changes), result -> busy = false);
        }
    }

    /// Whether a map was not looked at: this metaserver has just begun to lead.
    @SuppressWarnings("ReferenceEquality") // maps are immutable; another object is another version
    private boolean isNew(SetRecord set) {
        return seen.get(set.id()) != set.map();
    }

    /// Note which devices are well, and since when.
    private void look(MetaState state, ClusterMap map, long nowNs) {
        final TreeSet<Integer> lacking = new TreeSet<>();
        final PgTable table = map.pgTable();
        for (int pg = 0; pg < map.pgCount(); pg++) {
            for (int index = 0; index < table.replicaCount(pg); index++) {
                if (!table.inSync(pg, index)) {
                    lacking.add(table.replica(pg, index));
                }
            }
        }
        for (final Device device : map.devices()) {
            if (device.state().up() && state.answers(device.id()) && !lacking.contains(device.id())) {
                wellSinceNs.putIfAbsent(device.id(), nowNs);
            } else {
                wellSinceNs.remove(device.id());
            }
        }
    }

    private void plan(SetRecord set, long nowNs, List<PgChange> changes) {
        final ClusterMap map = set.map();
        final int[] first = homesOf(set).first;
        final TreeSet<Integer> busyDevices = new TreeSet<>();
        for (int pg = 0; pg < map.pgCount(); pg++) {
            final int home = first[pg];
            final int primary = map.primaryDevice(pg);
            if (home != primary
                    && isWhole(map, pg)
                    && isSteady(home, nowNs)
                    && map.pgTable().indexOf(pg, home) >= 0
                    && !busyDevices.contains(home)
                    && !busyDevices.contains(primary)) {
                busyDevices.add(home);
                busyDevices.add(primary);
                changes.add(new PgChange(set.id(), pg, map.epoch(pg), PgChange.Kind.MAKE_PRIMARY, home));
            }
        }
    }

    private Homes homesOf(SetRecord set) {
        final @Nullable Homes known = homes.get(set.id());
        if (known != null && known.isOf(set.map())) {
            return known;
        }
        final Homes made = new Homes(set.map());
        homes.put(set.id(), made);
        return made;
    }

    private boolean isSteady(int device, long nowNs) {
        final Long since = wellSinceNs.get(device);
        return since != null && nowNs - since >= STEADY_NS;
    }

    private static boolean isWhole(ClusterMap map, int pg) {
        final PgTable table = map.pgTable();
        return table.replicaCount(pg) == map.copies() && table.inSyncCount(pg) == map.copies();
    }
}
