package io.basalt.meta.state;

import io.basalt.placement.ClusterMap;
import io.basalt.placement.ClusterMapBuilder;
import io.basalt.placement.PgTable;
import io.basalt.placement.ReplicaSet;
import io.basalt.wire.meta.MetaCode;
import java.util.NavigableMap;
import java.util.TreeMap;

/// Changes of placement groups on their way to one new version of a set's map. Each change of a group
/// raises its epoch by one, and the next sees what it has led to.
final class PgEdits {
    private final ClusterMap map;
    private final NavigableMap<Integer, Configuration> changed = new TreeMap<>();

    /// The configuration of a placement group.
    ///
    /// @param inSyncMask bit i for replica i
    record Configuration(int epoch, ReplicaSet replicas, int inSyncMask) {
        /// The place of a device, or -1.
        int indexOf(int deviceId) {
            return replicas.indexOf(deviceId);
        }

        boolean inSync(int index) {
            return (inSyncMask >>> index & 1) != 0;
        }

        /// The device that serves, or [PgTable#NO_DEVICE].
        int primary() {
            final int first = Integer.numberOfTrailingZeros(inSyncMask);
            return first < replicas.size() ? replicas.device(first) : PgTable.NO_DEVICE;
        }
    }

    PgEdits(ClusterMap map) {
        this.map = map;
    }

    ClusterMap map() {
        return map;
    }

    /// A placement group as it stands.
    Configuration of(int pg) {
        final Configuration edited = changed.get(pg);
        final PgTable table = map.pgTable();
        return edited != null ? edited : new Configuration(table.epoch(pg), table.replicas(pg), table.inSyncMask(pg));
    }

    /// Change a placement group.
    ///
    /// @throws Refusal if its epoch cannot grow any more
    void put(int pg, ReplicaSet replicas, int inSyncMask) {
        changed.put(pg, new Configuration(nextEpoch(of(pg).epoch), replicas, inSyncMask));
    }

    /// Let the copies of every placement group go, and those lead, that [FailOver] says. A group whose
    /// epoch cannot grow stays as it is.
    ///
    /// @param version of the command under way
    void settle(DeviceView devices, int version) {
        for (int pg = 0; pg < map.pgCount(); pg++) {
            settle(pg, devices, version);
        }
    }

    private void settle(int pg, DeviceView devices, int version) {
        final Configuration now = of(pg);
        final int minCopies = map.minCopies();
        final int mask = FailOver.settled(now.replicas, now.inSyncMask, minCopies, devices, version);
        final int leader = FailOver.leader(now.replicas, mask, minCopies, devices, version);
        if ((mask != now.inSyncMask || leader >= 0) && now.epoch > 0 && now.epoch < PgTable.EPOCH_MAX) {
            if (leader < 0) {
                put(pg, now.replicas, mask);
            } else {
                put(pg, toFront(now.replicas, leader), maskToFront(mask, leader));
            }
        }
    }

    /// Replicas in an order in which one of them leads, if it is in sync.
    static ReplicaSet toFront(ReplicaSet replicas, int index) {
        final int[] order = replicas.toArray();
        final int first = order[index];
        System.arraycopy(order, 0, order, 1, index);
        order[0] = first;
        return ReplicaSet.of(order);
    }

    /// The in-sync flags in the order that [#toFront] makes.
    static int maskToFront(int mask, int index) {
        final int before = mask & ((1 << index) - 1);
        final int after = mask & -(1 << (index + 1));
        return after | (before << 1) | (mask >>> index & 1);
    }

    boolean isEmpty() {
        return changed.isEmpty();
    }

    /// Writes the changes down.
    ClusterMapBuilder into(ClusterMapBuilder builder) {
        changed.forEach((pg, next) -> builder.pg(pg, next.epoch, next.replicas, next.inSyncMask));
        return builder;
    }

    /// @throws Refusal if there is none
    static int nextEpoch(int epoch) {
        if (epoch >= PgTable.EPOCH_MAX) {
            throw new Refusal(
                    MetaCode.LIMIT,
                    "epoch",
                    "has reached its largest value, " + PgTable.EPOCH_MAX,
                    "move the data to another set");
        }
        return epoch + 1;
    }
}
