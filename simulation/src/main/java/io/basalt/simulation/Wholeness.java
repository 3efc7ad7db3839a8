package io.basalt.simulation;

import io.basalt.meta.state.SetRecord;
import io.basalt.placement.ClusterMap;
import io.basalt.store.chunk.StoreCapacity;
import java.util.ArrayList;
import java.util.List;

/// What a cluster comes to when nothing is done to it any more: questions that are asked until they are answered yes.
final class Wholeness {
    private static final int WALKS = 3;

    private final MetaNode meta;
    private final List<StorageNode> nodes;
    private final Scenario scenario;
    private final Nemesis nemesis;
    private final List<Long> scrubbedFrom = new ArrayList<>();

    /// @param nodes all that there are, at any time
    Wholeness(MetaNode meta, List<StorageNode> nodes, Scenario scenario, Nemesis nemesis) {
        this.meta = meta;
        this.nodes = nodes;
        this.scenario = scenario;
        this.nemesis = nemesis;
    }

    /// Every node has registered its device, and placement groups have copies on them.
    boolean isLaidOut() {
        final SetRecord set = meta.set();
        return set != null
                && set.laidOut()
                && set.map().devices().size() == nodes.size()
                && set.map().devices().stream()
                        .allMatch(device -> device.state().up());
    }

    /// Every copy on a device that works is in sync, and has a place there.
    boolean isEveryCopyInSync() {
        return isWhole(false);
    }

    /// Every copy on a device that works is in sync, but for those that a full disk has no place for: how many shards a
    /// disk can hold depends on how it was formatted, and on what else it has copies of.
    boolean isWhole() {
        return isWhole(scenario.strains().fullDisks());
    }

    private boolean isWhole(boolean mayBeFull) {
        for (final StorageNode node : nodes) {
            if (!node.isServing() && !node.isRefused()) {
                return false;
            }
        }
        final ClusterMap map = meta.map();
        if (map == null) {
            return false;
        }
        final StorageNode unlucky = nemesis.unlucky();
        for (int pg = 0; pg < map.pgCount(); pg++) {
            for (int index = 0; index < map.pgTable().replicaCount(pg); index++) {
                final boolean works = map.replica(pg, index) != unlucky.deviceId()
                        || (!scenario.faults().diskFails() && !unlucky.isRefused());
                if (works && !map.inSync(pg, index) && !(mayBeFull && isFull(map.replica(pg, index)))) {
                    return false;
                }
            }
        }
        return areMoved(map);
    }

    /// Whether a device has no slot left for a shard that it does not have yet.
    private boolean isFull(int deviceId) {
        for (final StorageNode node : nodes) {
            if (node.deviceId() == deviceId && node.isServing()) {
                final StoreCapacity capacity = node.storeOf().capacity();
                return capacity.slotsUsed() + capacity.slotsReserved() >= capacity.slotsTotal();
            }
        }
        return false;
    }

    /// Whether each device that works has looked at everything twice: what the first walk found may be repaired.
    boolean isScrubbed() {
        if (scrubbedFrom.isEmpty()) {
            nodes.forEach(node -> scrubbedFrom.add(node.walks()));
        }
        for (int index = 0; index < nodes.size(); index++) {
            if (nodes.get(index).isServing() && nodes.get(index).walks() < scrubbedFrom.get(index) + WALKS) {
                return false;
            }
        }
        return true;
    }

    /// What their scrubs say, for people.
    String scrubs() {
        final StringBuilder text = new StringBuilder();
        for (final StorageNode node : nodes) {
            if (node.device() != null) {
                text.append(node.host())
                        .append(' ')
                        .append(node.device().scrub().status())
                        .append("; ");
            }
        }
        return text.toString();
    }

    /// Nothing is left on devices that were drained, and no placement group has a copy too many.
    private boolean areMoved(ClusterMap map) {
        for (int pg = 0; pg < map.pgCount(); pg++) {
            for (final StorageNode node : nodes) {
                if (node.isDrained() && map.pgTable().indexOf(pg, node.deviceId()) >= 0) {
                    return false;
                }
            }
            if (map.pgTable().replicaCount(pg) > scenario.cluster().copies()) {
                return false;
            }
        }
        return true;
    }

    /// Every placement group is served.
    boolean isServed() {
        final ClusterMap map = meta.map();
        for (int pg = 0; map != null && pg < map.pgCount(); pg++) {
            final int primary = map.primaryDevice(pg);
            final int at = pg;
            if (nodes.stream().noneMatch(node -> node.deviceId() == primary && node.serves(at))) {
                return false;
            }
        }
        return map != null;
    }
}
