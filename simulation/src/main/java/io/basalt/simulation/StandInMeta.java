package io.basalt.simulation;

import io.basalt.chunk.Membership;
import io.basalt.placement.ClusterMap;
import io.basalt.placement.Device;
import io.basalt.placement.DeviceState;
import io.basalt.placement.FailureDomain;
import io.basalt.placement.Location;
import io.basalt.placement.Placement;
import io.basalt.placement.ReplicaSet;
import io.basalt.placement.RoutingRule;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.LongConsumer;

/// A metaserver reduced to what replication needs of one: decides about placement groups' configurations by
/// comparing
/// epochs, grants attachments after every live node knows of them, and tells everybody, each after a delay of
/// its own.
final class StandInMeta {
    private static final long DELAY_MIN_NS = 50_000;
    private static final long DELAY_MAX_NS = 20_000_000;

    /// Longest time that a client does without news now and then.
    private static final long SLOW_NS = 900_000_000;

    private final World world;
    private final SimRandom random;
    private final List<StorageNode> nodes = new ArrayList<>();
    private final List<Consumer<ClusterMap>> watchers = new ArrayList<>();
    private final Map<Long, Long> generations = new LinkedHashMap<>();
    private final Map<Integer, Long> cutOff = new LinkedHashMap<>();
    private ClusterMap map;

    StandInMeta(World world, SimRandom random, int pgCount, int copies, int devices) {
        this.world = world;
        this.random = random;
        ClusterMap made = ClusterMap.builder(new RoutingRule(pgCount, copies, FailureDomain.HOST))
                .build();
        for (int id = 1; id <= devices; id++) {
            final String host = host(id);
            made = made.withDevice(new Device(
                    id, id, new Location("room", "rack", host), Device.WEIGHT_ONE, DeviceState.UP_IN, host + ":7710"));
        }
        map = made.toBuilder()
                .pgTable(Placement.of(made).placeAll().toPgTable(1))
                .build();
    }

    static String host(int deviceId) {
        return "node" + deviceId;
    }

    ClusterMap map() {
        return map;
    }

    void add(StorageNode node) {
        nodes.add(node);
    }

    /// Tell of every map, now and later.
    void watch(Consumer<ClusterMap> watcher) {
        watchers.add(watcher);
        watcher.accept(map);
    }

    /// A node has begun a life: tell it everything.
    void registered(StorageNode node) {
        final long life = node.life();
        world.after(delayNs(node), () -> {
            if (node.isInLife(life)) {
                generations.forEach(node::generationRaised);
                node.generationsAreKnown();
                node.mapChanged(map);
            }
        });
    }

    /// What a node wishes.
    Membership membership() {
        return new Membership() {
            @Override
            public void removeFromInSync(int pg, int epoch, int deviceId) {
                world.after(delayNs(), () -> change(pg, epoch, deviceId, false));
            }

            @Override
            public void addToInSync(int pg, int epoch, int deviceId) {
                world.after(delayNs(), () -> change(pg, epoch, deviceId, true));
            }
        };
    }

    /// Tell a node nothing for a while: what happens meanwhile, it learns later.
    void cutOff(StorageNode node, long untilNs) {
        cutOff.put(node.deviceId(), untilNs);
    }

    /// A device is gone for good, as far as anybody knows: no copy on it is in sync any more, where there is
    /// another.
    void deviceLost(int deviceId) {
        for (int pg = 0; pg < map.pgCount(); pg++) {
            if (map.pgTable().indexOf(pg, deviceId) >= 0) {
                change(pg, map.epoch(pg), deviceId, false);
            }
        }
    }

    /// Give the place of primary that a device has to another copy, as a fail-over would.
    void passOver(int deviceId) {
        for (int pg = 0; pg < map.pgCount(); pg++) {
            if (map.primaryDevice(pg) == deviceId && map.pgTable().inSyncCount(pg) > 1) {
                change(pg, map.epoch(pg), deviceId, false);
            }
        }
    }

    /// Make another in-sync copy the primary, as an operator would.
    void movePrimary(int pg) {
        final int[] order = map.pgTable().replicas(pg).toArray();
        final int from = random.below(order.length);
        if (map.inSync(pg, from)) {
            final int mask = map.pgTable().inSyncMask(pg);
            final int first = order[from];
            final boolean firstInSync = (mask & 1) != 0;
            order[from] = order[0];
            order[0] = first;
            final int moved = (mask & ~(1 << from) & ~1) | 1 | (firstInSync ? 1 << from : 0);
            publish(map.withPg(pg, map.epoch(pg) + 1, ReplicaSet.of(order), moved));
            world.note("pg " + pg + " epoch " + map.epoch(pg) + ": primary is to be " + first);
        }
    }

    /// Grant the next attachment of a volume, once no older one can have an effect.
    void attach(long volumeId, LongConsumer granted) {
        final long generation = generations.getOrDefault(volumeId, 0L) + 1;
        generations.put(volumeId, generation);
        final List<StorageNode> missing = new ArrayList<>(nodes);
        for (final StorageNode node : nodes) {
            tell(node, volumeId, generation, missing, granted);
        }
    }

    private void tell(
            StorageNode node, long volumeId, long generation, List<StorageNode> missing, LongConsumer granted) {
        world.after(delayNs(node), () -> {
            // A node that is down learns it when it registers, before it serves.
            if (node.isServing()) {
                node.generationRaised(volumeId, generation);
            }
            missing.remove(node);
            if (missing.isEmpty()) {
                granted.accept(generation);
            }
        });
    }

    private void change(int pg, int epoch, int deviceId, boolean inSync) {
        final int index = map.pgTable().indexOf(pg, deviceId);
        if (map.epoch(pg) != epoch || index < 0 || map.inSync(pg, index) == inSync) {
            return;
        }
        final int mask = map.pgTable().inSyncMask(pg) ^ 1 << index;
        if (mask == 0) {
            return;
        }
        publish(map.withPg(pg, epoch + 1, map.pgTable().replicas(pg), mask));
        world.note(
                "pg " + pg + " epoch " + (epoch + 1) + ": device " + deviceId + (inSync ? " in sync" : " out of sync"));
    }

    private void publish(ClusterMap next) {
        map = next;
        for (final StorageNode node : nodes) {
            final long life = node.life();
            world.after(delayNs(node), () -> {
                if (node.isInLife(life) && node.isServing()) {
                    node.mapChanged(next);
                }
            });
        }
        for (final Consumer<ClusterMap> watcher : watchers) {
            final boolean isNodeCutOff = cutOff.values().stream().anyMatch(untilNs -> untilNs > world.nowNs());
            final long slowNs = random.chance(isNodeCutOff ? 60 : 15) ? random.between(0, SLOW_NS) : 0;
            world.after(delayNs() + slowNs, () -> watcher.accept(next));
        }
    }

    private long delayNs(StorageNode node) {
        return delayNs() + Math.max(0, cutOff.getOrDefault(node.deviceId(), 0L) - world.nowNs());
    }

    private long delayNs() {
        return random.between(DELAY_MIN_NS, DELAY_MAX_NS);
    }
}
