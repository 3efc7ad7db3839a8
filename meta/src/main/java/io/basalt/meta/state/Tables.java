package io.basalt.meta.state;

import io.basalt.placement.ClusterMap;
import io.basalt.wire.meta.FieldReader;
import io.basalt.wire.meta.FieldWriter;
import io.basalt.wire.meta.Limits;
import io.basalt.wire.meta.PartRecord;
import io.basalt.wire.meta.UnknownVersionException;
import io.basalt.wire.meta.VolumeRecord;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Everything that [MetaState] holds, with its indexes, and the events of the command under way. Ordered tables are
/// iterated; the unordered ones are only looked up in, so that nothing depends on their order.
final class Tables {
    /// Newest version of snapshots. Written only once a command of version 3 was applied: a replica that takes the
    /// snapshot must understand those anyway.
    static final int SNAPSHOT_VERSION = 3;

    private static final int SNAPSHOT_BEFORE_COMMAND_3 = 2;

    UUID clusterId = new UUID(0, 0);
    long createdMs;
    int lastNodeId;
    int lastDeviceId;
    int lastSetId;
    long lastVolumeId;
    long lastPartId;

    final NavigableMap<Integer, NodeRecord> nodes = new TreeMap<>();
    final NavigableMap<Integer, DeviceRecord> devices = new TreeMap<>();
    final NavigableMap<Integer, SetRecord> sets = new TreeMap<>();
    final NavigableMap<String, VolumeRecord> volumes = new TreeMap<>();
    final NavigableMap<String, TokenRecord> tokens = new TreeMap<>();
    final RequestHistory history = new RequestHistory();

    private static final DeviceView EVERY_DEVICE_ANSWERS = new DeviceView() {
        @Override
        public boolean answers(int deviceId) {
            return true;
        }

        @Override
        public boolean failed(int deviceId) {
            return false;
        }
    };

    private final DeviceView recorded = new DeviceView() {
        @Override
        public boolean answers(int deviceId) {
            return Tables.this.answers(deviceId);
        }

        @Override
        public boolean failed(int deviceId) {
            final DeviceRecord device = devices.get(deviceId);
            return device != null && device.failed();
        }
    };

    private final Map<UUID, Integer> nodeOfUuid = new HashMap<>();
    private final Map<UUID, Integer> deviceOfUuid = new HashMap<>();
    private final Map<String, Integer> setOfName = new HashMap<>();
    private final Map<Long, VolumeRecord> volumeOfId = new HashMap<>();
    private final Set<Long> parts = new HashSet<>();

    /// Version of the command under way. Its effect is that of the release which has written it.
    int commandVersion = CommandCodec.VERSION;

    /// Newest version of the commands that were applied; 0 before the first.
    int newestCommand;

    final List<MetaEvent> events = new ArrayList<>();

    /// Whether the cluster's first command was applied.
    boolean created() {
        return createdMs != 0;
    }

    @Nullable
    NodeRecord node(UUID uuid) {
        final Integer id = nodeOfUuid.get(uuid);
        return id == null ? null : nodes.get(id);
    }

    @Nullable
    DeviceRecord device(UUID uuid) {
        final Integer id = deviceOfUuid.get(uuid);
        return id == null ? null : devices.get(id);
    }

    @Nullable
    SetRecord set(String name) {
        final Integer id = setOfName.get(name);
        return id == null ? null : sets.get(id);
    }

    @Nullable
    VolumeRecord volume(long id) {
        return volumeOfId.get(id);
    }

    void put(NodeRecord node) {
        nodes.put(node.id(), node);
        nodeOfUuid.put(node.uuid(), node.id());
    }

    void put(DeviceRecord device) {
        devices.put(device.id(), device);
        deviceOfUuid.put(device.uuid(), device.id());
    }

    void put(SetRecord set) {
        sets.put(set.id(), set);
        setOfName.put(set.name(), set.id());
    }

    /// What the rules about copies know of the devices. Commands of version 1 knew nothing of them.
    DeviceView deviceView() {
        return commandVersion == 1 ? EVERY_DEVICE_ANSWERS : recorded;
    }

    /// With how many copies in sync a placement group goes on. Commands of version 1 did with one.
    int minCopies(ClusterMap map) {
        return commandVersion == 1 ? 1 : map.minCopies();
    }

    /// Whether a device serves, as is recorded.
    boolean answers(int deviceId) {
        final DeviceRecord device = devices.get(deviceId);
        final NodeRecord node = device == null ? null : nodes.get(device.nodeId());
        return device != null && device.present() && !device.failed() && node != null && node.up();
    }

    SetRecord requireSet(int id) {
        final SetRecord set = sets.get(id);
        Objects.requireNonNull(set, "a set stays");
        return set;
    }

    /// Replaces a set's map and tells of it.
    void changeMap(SetRecord set, ClusterMap next) {
        put(set.withMap(next));
        events.add(new MetaEvent.MapChanged(set.id(), set.map(), next));
    }

    void put(VolumeRecord volume) {
        volumes.put(volume.name(), volume);
        volumeOfId.put(volume.volumeId(), volume);
        volume.parts().forEach(part -> parts.add(part.partId()));
    }

    void remove(VolumeRecord volume) {
        volumes.remove(volume.name());
        volumeOfId.remove(volume.volumeId());
        volume.parts().forEach(part -> parts.remove(part.partId()));
    }

    /// Whether a volume has a part.
    boolean hasPart(long partId) {
        return parts.contains(partId);
    }

    /// Counts a volume's parts in or out of their sets.
    ///
    /// @param sign 1 or -1
    void provision(VolumeRecord volume, int sign) {
        for (final PartRecord part : volume.parts()) {
            final SetRecord set = sets.get(part.setId());
            Objects.requireNonNull(set, "a set with volumes stays");
            put(set.provisioned(sign, sign * part.lengthBytes()));
        }
    }

    byte[] write() {
        final FieldWriter out = new FieldWriter();
        if (newestCommand > SNAPSHOT_BEFORE_COMMAND_3) {
            out.putByte(SNAPSHOT_VERSION).putByte(newestCommand);
        } else {
            out.putByte(SNAPSHOT_BEFORE_COMMAND_3);
        }
        out.putLong(clusterId.getMostSignificantBits()).putLong(clusterId.getLeastSignificantBits());
        out.putLong(createdMs);
        out.putInt(lastNodeId).putInt(lastDeviceId).putInt(lastSetId);
        out.putLong(lastVolumeId).putLong(lastPartId);
        out.putInt(nodes.size());
        nodes.values().forEach(each -> each.write(out));
        out.putInt(devices.size());
        devices.values().forEach(each -> each.write(out));
        out.putInt(sets.size());
        sets.values().forEach(each -> each.write(out));
        out.putInt(volumes.size());
        volumes.values().forEach(each -> each.write(out));
        out.putInt(tokens.size());
        tokens.values().forEach(each -> each.write(out));
        history.write(out);
        return out.toByteArray();
    }

    static Tables read(byte[] snapshot) {
        final FieldReader in = new FieldReader(snapshot);
        final int version = in.takeByte("version");
        if (version < 1 || version > SNAPSHOT_VERSION) {
            throw new UnknownVersionException("snapshot", version, SNAPSHOT_VERSION);
        }
        final Tables tables = new Tables();
        tables.newestCommand = version < SNAPSHOT_VERSION ? version : in.takeByte("newest command");
        tables.clusterId = new UUID(in.takeLong("cluster id"), in.takeLong("cluster id"));
        tables.createdMs = in.takeLong("created");
        tables.lastNodeId = in.takeInt("last node id", 0, Integer.MAX_VALUE);
        tables.lastDeviceId = in.takeInt("last device id", 0, Integer.MAX_VALUE);
        tables.lastSetId = in.takeInt("last set id", 0, Integer.MAX_VALUE);
        tables.lastVolumeId = in.takeLong("last volume id", 0, Long.MAX_VALUE);
        tables.lastPartId = in.takeLong("last part id", 0, Long.MAX_VALUE);
        for (int left = in.takeCount("nodes", Limits.NODES_MAX, 1); left > 0; left--) {
            tables.put(NodeRecord.read(in));
        }
        for (int left = in.takeCount("devices", Limits.DEVICES_MAX, 1); left > 0; left--) {
            tables.put(DeviceRecord.read(in, version));
        }
        for (int left = in.takeCount("sets", Limits.SETS_MAX, 1); left > 0; left--) {
            tables.put(SetRecord.read(in, version));
        }
        for (int left = in.takeCount("volumes", Limits.VOLUMES_MAX, 1); left > 0; left--) {
            tables.put(VolumeRecord.read(in));
        }
        for (int left = in.takeCount("tokens", Limits.TOKENS_MAX, 1); left > 0; left--) {
            final TokenRecord token = TokenRecord.read(in);
            tables.tokens.put(token.name(), token);
        }
        tables.history.read(in);
        in.requireEnd("snapshot");
        return tables;
    }
}
