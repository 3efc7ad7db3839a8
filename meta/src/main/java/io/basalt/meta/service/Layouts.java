package io.basalt.meta.service;

import io.basalt.meta.state.MetaCommand;
import io.basalt.meta.state.SetRecord;
import io.basalt.placement.ClusterMap;
import io.basalt.placement.ClusterMapBuilder;
import io.basalt.placement.Device;
import io.basalt.placement.DeviceState;
import io.basalt.placement.PgMapping;
import io.basalt.placement.Placement;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Which devices the placement groups of a set without volumes belong on. As long as there is nothing to move, the
/// groups follow the devices; with the first volume the layout stands, and only changes of single groups follow.
///
/// The computed placement goes into the log as it is, so that a replica with another version of the placement code
/// comes to the same state.
final class Layouts {
    private Layouts() {}

    /// The command that lays a set out as its devices want it.
    ///
    /// @return null if there is nothing to do, or not every group can be placed
    static MetaCommand.@Nullable LayoutPgs of(SetRecord set) {
        if (set.volumeCount() > 0 || set.map().devices().isEmpty()) {
            return null;
        }
        final ClusterMap map = set.map();
        final PgMapping mapping = Placement.of(onlyAnswering(map)).placeAll();
        if (mapping.missing() > 0) {
            return null;
        }
        final List<int[]> replicas = new ArrayList<>(map.pgCount());
        boolean changed = false;
        for (int pg = 0; pg < map.pgCount(); pg++) {
            final int[] devices = new int[map.copies()];
            for (int index = 0; index < devices.length; index++) {
                devices[index] = mapping.replica(pg, index);
                changed |= map.epoch(pg) == 0 || map.replica(pg, index) != devices[index];
            }
            replicas.add(devices);
        }
        return changed ? new MetaCommand.LayoutPgs(set.id(), map.version(), replicas) : null;
    }

    /// The map as if devices that do not answer were out.
    private static ClusterMap onlyAnswering(ClusterMap map) {
        final ClusterMapBuilder builder = map.toBuilder();
        for (final Device device : map.devices()) {
            if (device.state() == DeviceState.DOWN_IN) {
                builder.device(device.withState(DeviceState.OUT));
            }
        }
        return builder.build();
    }
}
