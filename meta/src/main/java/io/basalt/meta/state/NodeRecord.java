package io.basalt.meta.state;

import io.basalt.placement.Location;
import io.basalt.wire.meta.FieldReader;
import io.basalt.wire.meta.FieldWriter;
import io.basalt.wire.meta.Limits;
import io.basalt.wire.meta.NodeRole;
import java.util.UUID;

/// A node that has registered.
///
/// @param id 1 and up, never used again
/// @param uuid what it is recognised by
/// @param name for people, unique
/// @param role what it does
/// @param software its version, for people
/// @param location where it stands
/// @param up whether it answers
/// @param registeredMs when it registered last, milliseconds since 1970
public record NodeRecord(
        int id,
        UUID uuid,
        String name,
        NodeRole role,
        String software,
        Location location,
        boolean up,
        long registeredMs) {
    NodeRecord withUp(boolean nowUp) {
        return new NodeRecord(id, uuid, name, role, software, location, nowUp, registeredMs);
    }

    void write(FieldWriter writer) {
        writer.putInt(id).putLong(uuid.getMostSignificantBits()).putLong(uuid.getLeastSignificantBits());
        writer.putText(name);
        role.write(writer);
        writer.putText(software);
        writer.putText(location.room()).putText(location.rack()).putText(location.host());
        writer.putFlag(up).putLong(registeredMs);
    }

    static NodeRecord read(FieldReader reader) {
        final int id = reader.takeInt("node id", 1, Integer.MAX_VALUE);
        final UUID uuid = new UUID(reader.takeLong("node uuid"), reader.takeLong("node uuid"));
        final String name = reader.takeText("node name", Limits.NAME_LENGTH_MAX);
        final NodeRole role = NodeRole.read(reader);
        final String software = reader.takeText("software", Limits.TEXT_BYTES_MAX);
        final Location location = new Location(
                reader.takeText("room", Limits.LOCATION_BYTES_MAX),
                reader.takeText("rack", Limits.LOCATION_BYTES_MAX),
                reader.takeText("host", Limits.LOCATION_BYTES_MAX));
        final boolean up = reader.takeFlag("up");
        return new NodeRecord(id, uuid, name, role, software, location, up, reader.takeLong("registered"));
    }
}
