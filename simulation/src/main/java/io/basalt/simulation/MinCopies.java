package io.basalt.simulation;

import io.basalt.placement.ClusterMap;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;

/// The oracle of min copies (S4): a change is acknowledged only by a primary that, as far as it knows, has so many
/// copies in sync as the set wants for a change.
///
/// Which device has acknowledged a change, and in which configuration, a guest does not see. So it is asked whether any
/// device could have: one that was told, at some time between the beginning of the change and its end, that it is the
/// primary and enough copies are in sync.
final class MinCopies {
    /// What was told so long before the newest word to the same device is forgotten: no change takes as long.
    private static final int MAPS_KEPT = 200;

    private final World world;
    private final int minCopies;
    private final Map<Integer, ArrayDeque<Told>> told = new HashMap<>();

    /// @param sinceNs when the device heard of it, in the world's time
    private record Told(long sinceNs, ClusterMap map) {}

    MinCopies(World world, int minCopies) {
        this.world = world;
        this.minCopies = minCopies;
    }

    /// A device acts by a map from now on.
    void told(int deviceId, ClusterMap map) {
        final ArrayDeque<Told> maps = told.computeIfAbsent(deviceId, id -> new ArrayDeque<>());
        maps.addFirst(new Told(world.nowNs(), map));
        if (maps.size() > MAPS_KEPT) {
            maps.removeLast();
        }
    }

    /// A change has been acknowledged.
    ///
    /// @param beganNs when the guest asked for it
    void acknowledged(DiskHistory disk, long offset, long length, long beganNs) {
        final long end = (offset + length + DiskStorage.SHARD_BYTES - 1) / DiskStorage.SHARD_BYTES;
        for (long shard = offset / DiskStorage.SHARD_BYTES; shard < end; shard++) {
            if (!mayHaveBeen(disk.partId(), (int) shard, beganNs)) {
                throw new SimulationFailure("S4: a change of shard " + shard + " of " + disk.volumeName()
                        + " was acknowledged while no primary knew of " + minCopies + " copies in sync");
            }
        }
    }

    private boolean mayHaveBeen(long partId, int shard, long beganNs) {
        for (final Map.Entry<Integer, ArrayDeque<Told>> each : told.entrySet()) {
            if (mayHaveBeen(each.getKey(), each.getValue(), partId, shard, beganNs)) {
                return true;
            }
        }
        return false;
    }

    private boolean mayHaveBeen(int deviceId, ArrayDeque<Told> maps, long partId, int shard, long beganNs) {
        final Iterator<Told> newestFirst = maps.iterator();
        while (newestFirst.hasNext()) {
            final Told each = newestFirst.next();
            final int pg = each.map.pgOf(partId, shard);
            if (each.map.primaryDevice(pg) == deviceId && each.map.pgTable().inSyncCount(pg) >= minCopies) {
                return true;
            }
            if (each.sinceNs < beganNs) {
                // What was told before was not in force any more when the change began.
                return false;
            }
        }
        return maps.size() == MAPS_KEPT;
    }
}
