package io.basalt.placement;

import java.util.random.RandomGenerator;

/// Cluster maps for tests.
final class Maps {
    static final int WEIGHT = 4 * Device.WEIGHT_ONE;

    private Maps() {}

    /// A device that is up and in, on the node of its host: `rack` and `host` are part of its place.
    static Device device(int id, int nodeId, String rack, String host, int weight) {
        return new Device(
                id, nodeId, new Location("room", rack, host), weight, DeviceState.UP_IN, "10.0.0." + nodeId + ":7710");
    }

    /// Devices 1, 2, ... rack by rack, each rack with hosts of as many devices, all of one weight.
    static ClusterMap even(RoutingRule rule, int racks, int hostsPerRack, int devicesPerHost) {
        final ClusterMapBuilder builder = ClusterMap.builder(rule);
        int id = 1;
        int node = 1;
        for (int rack = 0; rack < racks; rack++) {
            for (int host = 0; host < hostsPerRack; host++) {
                for (int device = 0; device < devicesPerHost; device++) {
                    builder.addDevice(device(id++, node, "rack" + rack, "host" + host, WEIGHT));
                }
                node++;
            }
        }
        return builder.build();
    }

    /// A tree of random shape and weights, with at least so many racks.
    static ClusterMap random(RandomGenerator random, RoutingRule rule, int racksMin) {
        final ClusterMapBuilder builder = ClusterMap.builder(rule);
        final int rooms = random.nextInt(1, 4);
        final int racks = random.nextInt(racksMin, racksMin + 8);
        int id = 0;
        int node = 1;
        for (int rack = 0; rack < racks; rack++) {
            final String room = "room" + random.nextInt(rooms);
            final int hosts = random.nextInt(1, 5);
            for (int host = 0; host < hosts; host++) {
                final Location location = new Location(room, "rack" + rack, "host" + host);
                final int devices = random.nextInt(1, 6);
                for (int device = 0; device < devices; device++) {
                    id += random.nextInt(1, 4);
                    builder.addDevice(new Device(
                            id, node, location, random.nextInt(1, 16 * Device.WEIGHT_ONE), DeviceState.UP_IN, "h:1"));
                }
                node++;
            }
        }
        return builder.build();
    }

    /// Like [#random], with every device in a random state.
    static ClusterMap randomStates(RandomGenerator random, RoutingRule rule) {
        final ClusterMap map = random(random, rule, 1);
        final ClusterMapBuilder builder = map.toBuilder();
        final DeviceState[] states = DeviceState.values();
        map.devices().forEach(device -> builder.device(device.withState(states[random.nextInt(states.length)])));
        return builder.build();
    }

    static Device require(ClusterMap map, int id) {
        final Device device = map.device(id);
        if (device == null) {
            throw new AssertionError("no device " + id + " in " + map);
        }
        return device;
    }

    /// The failure domain of a device, as text.
    static String domainOf(ClusterMap map, int id, FailureDomain domain) {
        return domain == FailureDomain.DEVICE
                ? "device" + id
                : require(map, id).location().pathTo(domain);
    }
}
