package io.basalt.wire.meta;

import io.basalt.placement.ClusterMap;
import io.basalt.placement.ClusterMapBuilder;
import io.basalt.placement.Device;
import io.basalt.placement.ExceptionEntry;
import io.basalt.placement.ExceptionTable;
import io.basalt.placement.InvalidClusterMapException;
import io.basalt.placement.Location;
import io.basalt.placement.PgTable;
import io.basalt.placement.ReplicaSet;
import io.basalt.placement.RoutingRule;
import java.util.ArrayList;
import java.util.List;

/// The bytes of a [ClusterMap], and of the difference between two versions of one.
///
/// ```
/// whole map   3 | version u64 | rule | min copies | devices | exceptions
///               | every placement group in order, without its number
/// delta       4 | from u64 | to u64 | min copies | changed devices | removed device ids
///               | 0, or 1 and all exceptions | changed placement groups
/// ```
///
/// Kinds 1 and 2 were these without min copies and guests; nobody sends them any more. A delta carries each changed
/// element whole, so that applying it needs no arithmetic, and only what is
/// named in it changes. Both begin with the version byte of [MetaMessage].
public final class MapCodec {
    private static final int WHOLE = 3;
    private static final int DELTA = 4;

    private static final int DEVICE_BYTES_MIN = 4 + 4 + 3 * 2 + 4 + 1 + 2;
    private static final int PG_BYTES_MIN = 4 + 1 + 1;
    private static final int EXCEPTION_BYTES_MIN = 4 + 1 + 1;

    private MapCodec() {}

    /// The bytes of a whole map.
    public static byte[] encode(ClusterMap map) {
        final FieldWriter writer = MetaMessage.begin().putByte(WHOLE);
        write(writer, map);
        return writer.toByteArray();
    }

    /// The map of such bytes.
    ///
    /// @throws MetaFormatException if they are not a valid map
    public static ClusterMap decode(byte[] bytes) {
        final FieldReader reader = MetaMessage.begin(new FieldReader(bytes));
        requireKind(reader, WHOLE);
        final ClusterMap map = read(reader);
        reader.requireEnd("map");
        return map;
    }

    /// Append a whole map.
    public static void write(FieldWriter writer, ClusterMap map) {
        final RoutingRule rule = map.rule();
        writer.putLong(map.version());
        writer.putInt(rule.pgCount()).putByte(rule.copies());
        writer.putByte(MapCodes.of(rule.failureDomain())).putByte(rule.relaxations());
        writer.putByte(map.minCopies());
        writer.putInt(map.devices().size());
        map.devices().forEach(device -> write(writer, device));
        write(writer, map.exceptions());
        for (int pg = 0; pg < rule.pgCount(); pg++) {
            writePg(writer, map.pgTable(), pg);
        }
    }

    /// Read a whole map.
    ///
    /// @throws MetaFormatException if there is no valid one
    public static ClusterMap read(FieldReader reader) {
        return read(reader, true, 1);
    }

    /// Read a whole map as it was written before it said how many copies a change needs.
    ///
    /// @param minCopies that number, known otherwise
    /// @throws MetaFormatException if there is no valid one
    public static ClusterMap readVersion1(FieldReader reader, int minCopies) {
        return read(reader, false, minCopies);
    }

    private static ClusterMap read(FieldReader reader, boolean saysMinCopies, int minCopiesElse) {
        final long version = reader.takeLong("map version", 1, Long.MAX_VALUE);
        final int pgCount = reader.takeInt("pg count", 1, RoutingRule.PG_COUNT_MAX);
        final int copies = reader.takeByte("copies");
        final int domain = reader.takeByte("failure domain");
        final int relaxations = reader.takeByte("relaxations");
        final int minCopies = saysMinCopies ? reader.takeByte("min copies") : minCopiesElse;
        if ((long) pgCount * PG_BYTES_MIN > reader.remaining()) {
            throw new MetaFormatException("pg count is " + pgCount + ", more than the map has room for");
        }
        try {
            final RoutingRule rule = new RoutingRule(pgCount, copies, MapCodes.failureDomain(domain), relaxations);
            final ClusterMapBuilder builder =
                    ClusterMap.builder(rule).version(version).minCopies(minCopies);
            final int devices = reader.takeCount("devices", ClusterMapBuilder.DEVICES_MAX, DEVICE_BYTES_MIN);
            for (int index = 0; index < devices; index++) {
                builder.addDevice(readDevice(reader));
            }
            builder.exceptions(readExceptions(reader));
            for (int pg = 0; pg < pgCount; pg++) {
                readPg(reader, pg, builder);
            }
            return builder.build();
        } catch (InvalidClusterMapException e) {
            throw new MetaFormatException("map is not valid: " + e.getMessage());
        }
    }

    /// The bytes of the difference between two versions of a map.
    public static byte[] encodeDelta(ClusterMap from, ClusterMap to) {
        assert from.rule().equals(to.rule()) : "the rule of a set does not change";
        final FieldWriter writer = MetaMessage.begin().putByte(DELTA);
        writer.putLong(from.version()).putLong(to.version()).putByte(to.minCopies());
        final List<Device> changed = to.devices().stream()
                .filter(device -> !device.equals(from.device(device.id())))
                .toList();
        writer.putInt(changed.size());
        changed.forEach(device -> write(writer, device));
        final List<Device> removed = from.devices().stream()
                .filter(device -> to.device(device.id()) == null)
                .toList();
        writer.putInt(removed.size());
        removed.forEach(device -> writer.putInt(device.id()));
        final boolean exceptionsChanged = !from.exceptions().equals(to.exceptions());
        writer.putFlag(exceptionsChanged);
        if (exceptionsChanged) {
            write(writer, to.exceptions());
        }
        final List<Integer> pgs = changedPgs(from.pgTable(), to.pgTable());
        writer.putInt(pgs.size());
        for (final int pg : pgs) {
            writer.putInt(pg);
            writePg(writer, to.pgTable(), pg);
        }
        return writer.toByteArray();
    }

    /// The map that a delta leads to.
    ///
    /// @param from must be of the version that the delta begins with
    /// @throws MetaFormatException if the bytes are not a valid delta for that map
    public static ClusterMap apply(ClusterMap from, byte[] delta) {
        final FieldReader reader = MetaMessage.begin(new FieldReader(delta));
        requireKind(reader, DELTA);
        final long fromVersion = reader.takeLong("from version");
        if (fromVersion != from.version()) {
            throw new MetaFormatException(
                    "delta is for map version " + fromVersion + ", but the map has " + from.version());
        }
        final long toVersion = reader.takeLong("to version", fromVersion + 1, Long.MAX_VALUE);
        try {
            final ClusterMapBuilder builder = from.toBuilder().version(toVersion);
            builder.minCopies(reader.takeByte("min copies"));
            final ClusterMap map = changed(builder, from, reader);
            reader.requireEnd("delta");
            return map;
        } catch (InvalidClusterMapException e) {
            throw new MetaFormatException("delta does not lead to a valid map: " + e.getMessage());
        }
    }

    private static ClusterMap changed(ClusterMapBuilder builder, ClusterMap from, FieldReader reader) {
        final int changed = reader.takeCount("changed devices", ClusterMapBuilder.DEVICES_MAX, DEVICE_BYTES_MIN);
        for (int index = 0; index < changed; index++) {
            builder.device(readDevice(reader));
        }
        final int removed = reader.takeCount("removed devices", ClusterMapBuilder.DEVICES_MAX, Integer.BYTES);
        for (int index = 0; index < removed; index++) {
            builder.removeDevice(reader.takeInt("removed device"));
        }
        if (reader.takeFlag("exceptions changed")) {
            builder.exceptions(readExceptions(reader));
        }
        final int pgs = reader.takeCount("changed pgs", from.pgCount(), Integer.BYTES + PG_BYTES_MIN);
        for (int index = 0; index < pgs; index++) {
            final int pg = reader.takeInt("pg", 0, from.pgCount() - 1);
            readPg(reader, pg, builder);
        }
        return builder.build();
    }

    private static List<Integer> changedPgs(PgTable from, PgTable to) {
        final List<Integer> changed = new ArrayList<>();
        for (int pg = 0; pg < to.pgCount(); pg++) {
            if (from.epoch(pg) != to.epoch(pg)
                    || from.inSyncMask(pg) != to.inSyncMask(pg)
                    || !from.replicas(pg).equals(to.replicas(pg))) {
                changed.add(pg);
            }
        }
        return changed;
    }

    private static void write(FieldWriter writer, Device device) {
        writer.putInt(device.id()).putInt(device.nodeId());
        final Location location = device.location();
        writer.putText(location.room()).putText(location.rack()).putText(location.host());
        writer.putInt(device.weight()).putByte(MapCodes.of(device.state())).putText(device.address());
    }

    private static Device readDevice(FieldReader reader) {
        final int id = reader.takeInt("device id");
        final int nodeId = reader.takeInt("node id");
        final Location location = new Location(
                reader.takeText("room", Limits.LOCATION_BYTES_MAX),
                reader.takeText("rack", Limits.LOCATION_BYTES_MAX),
                reader.takeText("host", Limits.LOCATION_BYTES_MAX));
        final int weight = reader.takeInt("weight");
        final int state = reader.takeByte("device state");
        return new Device(
                id,
                nodeId,
                location,
                weight,
                MapCodes.deviceState(state),
                reader.takeText("address", Limits.LOCATION_BYTES_MAX));
    }

    private static void write(FieldWriter writer, ExceptionTable exceptions) {
        writer.putInt(exceptions.size());
        for (final ExceptionEntry entry : exceptions.entries()) {
            writer.putInt(entry.pg()).putByte(MapCodes.of(entry.reason()));
            write(writer, entry.replicas());
        }
    }

    private static ExceptionTable readExceptions(FieldReader reader) {
        final int count = reader.takeCount("exceptions", RoutingRule.PG_COUNT_MAX, EXCEPTION_BYTES_MIN);
        final List<ExceptionEntry> entries = new ArrayList<>(count);
        for (int index = 0; index < count; index++) {
            final int pg = reader.takeInt("pg");
            final int reason = reader.takeByte("reason");
            entries.add(new ExceptionEntry(pg, readReplicas(reader), MapCodes.exceptionReason(reason)));
        }
        return ExceptionTable.of(entries);
    }

    private static void writePg(FieldWriter writer, PgTable table, int pg) {
        writer.putInt(table.epoch(pg)).putByte(table.inSyncMask(pg));
        write(writer, table.replicas(pg));
    }

    private static void readPg(FieldReader reader, int pg, ClusterMapBuilder builder) {
        final int epoch = reader.takeInt("epoch", 0, PgTable.EPOCH_MAX);
        final int inSyncMask = reader.takeByte("in sync");
        final ReplicaSet replicas = readReplicas(reader);
        if (epoch > 0) {
            builder.pg(pg, epoch, replicas, inSyncMask);
        } else if (inSyncMask != 0 || replicas.size() != 0) {
            throw new MetaFormatException("pg " + pg + " has replicas and no epoch");
        }
    }

    private static void write(FieldWriter writer, ReplicaSet replicas) {
        writer.putByte(replicas.size());
        for (int index = 0; index < replicas.size(); index++) {
            writer.putInt(replicas.device(index));
        }
    }

    private static ReplicaSet readReplicas(FieldReader reader) {
        final int count = reader.takeByte("replicas");
        if (count > ReplicaSet.SIZE_MAX) {
            throw new MetaFormatException("replicas is " + count + ", expected 0 to " + ReplicaSet.SIZE_MAX);
        }
        final int[] devices = new int[count];
        for (int index = 0; index < count; index++) {
            devices[index] = reader.takeInt("replica device");
        }
        return ReplicaSet.of(devices);
    }

    private static void requireKind(FieldReader reader, int expected) {
        final int kind = reader.takeByte("kind");
        if (kind != expected) {
            throw new MetaFormatException("map update is of kind " + kind + ", expected " + expected);
        }
    }
}
