package io.basalt.meta.state;

import io.basalt.meta.state.MetaCommand.AdminDevice;
import io.basalt.meta.state.MetaCommand.MarkNode;
import io.basalt.meta.state.MetaCommand.RecordUsage;
import io.basalt.meta.state.MetaCommand.RegisterNode;
import io.basalt.meta.state.MetaCommand.TakeOut;
import io.basalt.placement.ClusterMap;
import io.basalt.placement.ClusterMapBuilder;
import io.basalt.placement.Device;
import io.basalt.placement.DeviceState;
import io.basalt.placement.Location;
import io.basalt.wire.meta.DeviceRegistration;
import io.basalt.wire.meta.Limits;
import io.basalt.wire.meta.MetaCode;
import io.basalt.wire.meta.NodeRegistration;
import io.basalt.wire.meta.NodeRole;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Commands about nodes and their devices.
///
/// A device's state in the map follows from what is known of it: its node answers, it was presented at the last
/// registration, it gives no errors, and it has room. What an operator has decided (draining, out) stands above
/// that.
final class NodeRules {
    /// A device with more than this share of its capacity in use takes no further copies.
    private static final double FULL_RATIO = 0.95;
    /// It takes copies again when less than this is in use.
    private static final double ROOM_RATIO = 0.90;

    private final Tables tables;

    NodeRules(Tables tables) {
        this.tables = tables;
    }

    CommandResult apply(RegisterNode command) {
        final NodeRegistration wanted = command.registration();
        Names.require("name", wanted.name());
        final NodeRecord known = tables.node(wanted.uuid());
        requireUnused(wanted, known);
        requireSane(wanted);
        final SetRecord set = wanted.devices().isEmpty() ? null : requireSet(wanted.setName());
        final Location location = new Location(wanted.room(), wanted.rack(), wanted.host());
        final int nodeId = known == null ? tables.lastNodeId + 1 : known.id();
        final NavigableMap<Integer, DeviceRecord> records = new TreeMap<>();
        final Map<Integer, Device> places = new TreeMap<>();
        int lastDeviceId = tables.lastDeviceId;
        for (final DeviceRegistration each : wanted.devices()) {
            final DeviceRecord before = tables.device(each.uuid());
            final int deviceId = before == null ? ++lastDeviceId : before.id();
            Objects.requireNonNull(set, "a registration with devices has a set");
            final int setId = before == null ? set.id() : before.setId();
            records.put(deviceId, record(each, deviceId, nodeId, setId, before));
            places.put(deviceId, place(each, deviceId, nodeId, location, setId));
        }
        final boolean up = known != null && known.up();
        tables.devices.values().stream()
                .filter(device -> device.nodeId() == nodeId && !records.containsKey(device.id()))
                .forEach(gone -> {
                    records.put(gone.id(), gone.withPresent(false));
                    places.put(gone.id(), atPlace(placeOf(gone), location));
                });
        final Map<Integer, ClusterMap> maps = changedMaps(records, places, up);
        tables.lastNodeId = Math.max(tables.lastNodeId, nodeId);
        tables.lastDeviceId = lastDeviceId;
        tables.put(new NodeRecord(
                nodeId, wanted.uuid(), wanted.name(), wanted.role(), wanted.software(), location, up, command.atMs()));
        commit(records, maps);
        return CommandResult.ok(nodeId);
    }

    CommandResult apply(MarkNode command) {
        final NodeRecord node = tables.nodes.get(command.nodeId());
        if (node == null) {
            throw new Refusal(MetaCode.NOT_FOUND, "node", "there is no node " + command.nodeId(), "list the nodes");
        }
        final NavigableMap<Integer, DeviceRecord> records = new TreeMap<>();
        final Map<Integer, Device> places = new TreeMap<>();
        tables.devices.values().stream()
                .filter(device -> device.nodeId() == node.id())
                .forEach(device -> {
                    records.put(device.id(), device);
                    places.put(device.id(), placeOf(device));
                });
        final Map<Integer, ClusterMap> maps = changedMaps(records, places, command.up());
        if (node.up() != command.up()) {
            tables.put(node.withUp(command.up()));
        }
        commit(records, maps);
        return CommandResult.ok(node.id());
    }

    CommandResult apply(RecordUsage command) {
        final NavigableMap<Integer, DeviceRecord> records = new TreeMap<>();
        final Map<Integer, Device> places = new TreeMap<>();
        for (final RecordUsage.Usage usage : command.usages()) {
            final DeviceRecord device = tables.devices.get(usage.deviceId());
            if (device != null) {
                records.put(device.id(), device.withUsage(usage.usedBytes(), usage.capacityBytes(), usage.failed()));
                places.put(device.id(), placeOf(device));
            }
        }
        commit(records, changedMaps(records, places, null));
        return CommandResult.ok(records.size());
    }

    CommandResult apply(AdminDevice command) {
        final DeviceRecord device = tables.devices.get(command.deviceId());
        if (device == null) {
            throw new Refusal(
                    MetaCode.NOT_FOUND, "device", "there is no device " + command.deviceId(), "list the devices");
        }
        if (command.weight() < 0 || command.weight() > Device.WEIGHT_MAX) {
            throw new Refusal(
                    MetaCode.BAD_REQUEST,
                    "weight",
                    "is out of range",
                    "give 0.00002 to " + Device.WEIGHT_MAX / Device.WEIGHT_ONE
                            + "; to take a device out of use, set it out");
        }
        final Device before = placeOf(device);
        final Device weighed = command.weight() == 0 ? before : before.withWeight(command.weight());
        final DeviceState state = switch (command.action()) {
            case KEEP -> before.state();
            case IN -> stateOf(device, DeviceState.UP_IN, nodeUp(device));
            case DRAIN -> DeviceState.DRAINING;
            case OUT -> DeviceState.OUT;
        };
        final Device after = weighed.withState(state);
        if (command.action() != AdminDevice.Action.KEEP && device.outByItself()) {
            tables.put(device.withOutByItself(false));
        }
        if (!after.equals(before)) {
            final SetRecord set = requireSetOf(device);
            tables.changeMap(set, set.map().toBuilder().device(after).build());
        }
        return CommandResult.ok(device.id());
    }

    CommandResult apply(TakeOut command) {
        final NavigableMap<Integer, DeviceRecord> records = new TreeMap<>();
        final Map<Integer, ClusterMapBuilder> builders = new TreeMap<>();
        for (final int deviceId : command.deviceIds()) {
            final DeviceRecord device = tables.devices.get(deviceId);
            if (device != null
                    && placeOf(device).state() == DeviceState.DOWN_IN
                    && !tables.deviceView().answers(deviceId)) {
                records.put(deviceId, device.withOutByItself(true));
                final SetRecord set = requireSetOf(device);
                builders.computeIfAbsent(set.id(), ignored -> set.map().toBuilder())
                        .device(placeOf(device).withState(DeviceState.OUT));
            }
        }
        final Map<Integer, ClusterMap> maps = new TreeMap<>();
        builders.forEach((setId, builder) -> maps.put(setId, builder.build()));
        commit(records, maps);
        return CommandResult.ok(records.size());
    }

    private void requireUnused(NodeRegistration wanted, @Nullable NodeRecord known) {
        final boolean nameTaken = tables.nodes.values().stream()
                .anyMatch(node ->
                        node.name().equals(wanted.name()) && !node.uuid().equals(wanted.uuid()));
        if (nameTaken) {
            throw new Refusal(
                    MetaCode.EXISTS,
                    "name",
                    "another node is called '" + wanted.name() + "'",
                    "choose another name, or give the node its old data folder back");
        }
        if (known != null && known.role() != wanted.role()) {
            throw new Refusal(
                    MetaCode.CONFLICT,
                    "role",
                    "node '" + known.name() + "' is registered as " + known.role(),
                    "use a data folder of its own for each daemon");
        }
        if (known == null && tables.nodes.size() >= Limits.NODES_MAX) {
            throw new Refusal(MetaCode.LIMIT, "nodes", "there are " + Limits.NODES_MAX + " already", "");
        }
    }

    private void requireSane(NodeRegistration wanted) {
        if (wanted.role() == NodeRole.GATE && !wanted.devices().isEmpty()) {
            throw new Refusal(MetaCode.BAD_REQUEST, "devices", "a gate has no devices", "register a chunk server");
        }
        final Set<UUID> seen = new HashSet<>();
        int added = 0;
        for (final DeviceRegistration each : wanted.devices()) {
            if (!seen.add(each.uuid())) {
                throw new Refusal(
                        MetaCode.BAD_REQUEST,
                        "devices",
                        "device " + each.uuid() + " comes twice",
                        "a device was copied: format one of the two anew");
            }
            if (each.capacityBytes() <= 0) {
                throw new Refusal(MetaCode.BAD_REQUEST, "devices", "device " + each.uuid() + " has no capacity", "");
            }
            added += tables.device(each.uuid()) == null ? 1 : 0;
        }
        if (tables.devices.size() + added > Limits.DEVICES_MAX) {
            throw new Refusal(MetaCode.LIMIT, "devices", "there are " + Limits.DEVICES_MAX + " already", "");
        }
    }

    private SetRecord requireSet(String name) {
        final SetRecord set = tables.set(name);
        if (set == null) {
            throw new Refusal(
                    MetaCode.NOT_FOUND,
                    "set",
                    "there is no set '" + name + "'",
                    "create it, or name one of those there are");
        }
        return set;
    }

    private SetRecord requireSetOf(DeviceRecord device) {
        final SetRecord set = tables.sets.get(device.setId());
        Objects.requireNonNull(set, "a set with devices stays");
        return set;
    }

    private Device placeOf(DeviceRecord device) {
        final Device place = requireSetOf(device).map().device(device.id());
        Objects.requireNonNull(place, "every device has a place in the map of its set");
        return place;
    }

    private boolean nodeUp(DeviceRecord device) {
        final NodeRecord node = tables.nodes.get(device.nodeId());
        return node != null && node.up();
    }

    private static DeviceRecord record(
            DeviceRegistration wanted, int id, int nodeId, int setId, @Nullable DeviceRecord before) {
        return new DeviceRecord(
                id,
                wanted.uuid(),
                nodeId,
                setId,
                wanted.deviceClass(),
                wanted.capacityBytes(),
                before == null ? 0 : before.usedBytes(),
                false,
                true,
                before != null && before.outByItself());
    }

    private Device place(DeviceRegistration wanted, int id, int nodeId, Location location, int setId) {
        final SetRecord set = tables.sets.get(setId);
        Objects.requireNonNull(set, "a set with devices stays");
        final Device before = set.map().device(id);
        final String address = wanted.host().indexOf(':') < 0
                ? wanted.host() + ":" + wanted.port()
                : "[" + wanted.host() + "]:" + wanted.port();
        return new Device(
                id,
                nodeId,
                location,
                before == null ? Device.weightOf(wanted.capacityBytes()) : before.weight(),
                before == null ? DeviceState.DOWN_IN : before.state(),
                address);
    }

    private static Device atPlace(Device device, Location location) {
        return new Device(device.id(), device.nodeId(), location, device.weight(), device.state(), device.address());
    }

    /// The maps that differ once these devices are as given: the states that follow from it, and the copies that
    /// leave the in-sync sets. A device that was out by itself and answers again is no longer. Changes nothing but
    /// the given records.
    ///
    /// @param nodesUp whether their nodes answer; null for whatever is known
    private Map<Integer, ClusterMap> changedMaps(
            NavigableMap<Integer, DeviceRecord> records, Map<Integer, Device> places, @Nullable Boolean nodesUp) {
        final Map<Integer, ClusterMapBuilder> builders = new TreeMap<>();
        final Set<Integer> sets = new TreeSet<>();
        for (final DeviceRecord device : List.copyOf(records.values())) {
            final Device place = places.get(device.id());
            Objects.requireNonNull(place, "records and places go together");
            final boolean up = nodesUp == null ? nodeUp(device) : nodesUp;
            final Device next = place.withState(stateOf(device, place.state(), up));
            final SetRecord set = requireSetOf(device);
            sets.add(set.id());
            if (!next.equals(set.map().device(device.id()))) {
                builders.computeIfAbsent(set.id(), ignored -> set.map().toBuilder())
                        .device(next);
            }
            if (next.state().in() && device.outByItself()) {
                records.put(device.id(), device.withOutByItself(false));
            }
        }
        final DeviceView view = viewWith(records, nodesUp);
        for (final int setId : sets) {
            final SetRecord set = tables.requireSet(setId);
            final PgEdits edits = new PgEdits(set.map());
            edits.settle(view, tables.commandVersion);
            if (!edits.isEmpty()) {
                edits.into(builders.computeIfAbsent(setId, ignored -> set.map().toBuilder()));
            }
        }
        final Map<Integer, ClusterMap> maps = new TreeMap<>();
        builders.forEach((setId, builder) -> maps.put(setId, builder.build()));
        return maps;
    }

    /// The devices as they are once these records are in force.
    private DeviceView viewWith(Map<Integer, DeviceRecord> records, @Nullable Boolean nodesUp) {
        final DeviceView before = tables.deviceView();
        if (tables.commandVersion == 1) {
            return before;
        }
        return new DeviceView() {
            @Override
            public boolean answers(int deviceId) {
                final DeviceRecord device = records.get(deviceId);
                if (device == null) {
                    return before.answers(deviceId);
                }
                final boolean up = nodesUp == null ? nodeUp(device) : nodesUp;
                return up && device.present() && !device.failed();
            }

            @Override
            public boolean failed(int deviceId) {
                final DeviceRecord device = records.get(deviceId);
                return device == null ? before.failed(deviceId) : device.failed();
            }
        };
    }

    private static DeviceState stateOf(DeviceRecord device, DeviceState before, boolean nodeUp) {
        final boolean answers = nodeUp && device.present() && !device.failed();
        final boolean returns = before == DeviceState.OUT && device.outByItself() && answers;
        if (!before.in() && !returns) {
            return before;
        }
        if (!answers) {
            return DeviceState.DOWN_IN;
        }
        final double used = (double) device.usedBytes() / Math.max(1, device.capacityBytes());
        final double bound = before == DeviceState.FULL ? ROOM_RATIO : FULL_RATIO;
        return used >= bound ? DeviceState.FULL : DeviceState.UP_IN;
    }

    private void commit(Map<Integer, DeviceRecord> records, Map<Integer, ClusterMap> maps) {
        records.values().forEach(tables::put);
        maps.forEach((setId, map) -> {
            final SetRecord set = tables.sets.get(setId);
            Objects.requireNonNull(set, "a set with devices stays");
            tables.changeMap(set, map);
        });
    }
}
