package io.basalt.gate.cluster;

import io.basalt.placement.ClusterMap;
import io.basalt.placement.ClusterMapBuilder;
import io.basalt.placement.Device;
import io.basalt.placement.DeviceState;
import io.basalt.placement.FailureDomain;
import io.basalt.placement.Location;
import io.basalt.placement.ReplicaSet;
import io.basalt.placement.RoutingRule;
import io.basalt.wire.meta.PartRecord;
import io.basalt.wire.meta.VolumeRecord;
import java.util.List;

/// Maps and volume records of tests: three devices, each of which is the primary of a third of the placement
/// groups.
final class TestMaps {
    static final int SET = 1;
    static final int DEVICES = 3;
    static final int GENERATION = 7;
    static final long VOLUME_ID = 42;

    private TestMaps() {}

    static String host(int device) {
        return "chunk" + device;
    }

    static String address(int device) {
        return host(device) + ":" + (7100 + device);
    }

    /// A map whose placement groups have epoch 1.
    static ClusterMap map(int pgCount) {
        final ClusterMapBuilder builder = ClusterMap.builder(new RoutingRule(pgCount, DEVICES, FailureDomain.HOST));
        for (int id = 1; id <= DEVICES; id++) {
            final Location location = new Location("room", "rack", host(id));
            builder.addDevice(new Device(id, id, location, Device.WEIGHT_ONE, DeviceState.UP_IN, address(id)));
        }
        for (int pg = 0; pg < pgCount; pg++) {
            builder.pg(pg, 1, replicas(pg % DEVICES + 1), 7);
        }
        return builder.build();
    }

    /// The next map, in which a placement group has another primary and the next epoch.
    static ClusterMap moved(ClusterMap map, int pg, int primary) {
        return map.withPg(pg, map.epoch(pg) + 1, replicas(primary), 7);
    }

    private static ReplicaSet replicas(int primary) {
        return ReplicaSet.of(primary, primary % DEVICES + 1, (primary + 1) % DEVICES + 1);
    }

    /// A volume in one part.
    static VolumeRecord record(long sizeBytes, int shardBytes) {
        return record(sizeBytes, shardBytes, GENERATION, List.of(new PartRecord(9, SET, 0, sizeBytes)));
    }

    static VolumeRecord record(long sizeBytes, int shardBytes, int generation, List<PartRecord> parts) {
        return new VolumeRecord(VOLUME_ID, "vol", sizeBytes, shardBytes, 512, "ssd", 0, generation, 5, 77, parts);
    }
}
