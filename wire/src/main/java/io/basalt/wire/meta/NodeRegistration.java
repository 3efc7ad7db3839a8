package io.basalt.wire.meta;

import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/// A node as it presents itself, each time that it connects. A node that is known by its uuid keeps its number and
/// may have moved, been upgraded, or gained devices meanwhile.
///
/// @param uuid made when the node's data folder was, kept in it
/// @param name for people, 1 to [Limits#NAME_LENGTH_MAX] characters; unique among nodes
/// @param role what it does
/// @param software its version, for people
/// @param room failure domain above the rack
/// @param rack failure domain above the host
/// @param host failure domain of its devices: the machine
/// @param setName the set that new devices join
/// @param devices all of a chunk server's devices; none for a gate
public record NodeRegistration(
        UUID uuid,
        String name,
        NodeRole role,
        String software,
        String room,
        String rack,
        String host,
        String setName,
        List<DeviceRegistration> devices) {
    public NodeRegistration {
        devices = List.copyOf(devices);
    }

    /// The registration as content.
    public byte[] toContent() {
        final FieldWriter writer = MetaMessage.begin();
        write(writer);
        return writer.toByteArray();
    }

    /// The registration in a content.
    ///
    /// @throws MetaFormatException if there is none
    public static NodeRegistration of(FieldReader content) {
        final NodeRegistration registration = read(MetaMessage.begin(content));
        content.requireEnd("registration");
        return registration;
    }

    /// Append the registration.
    public void write(FieldWriter writer) {
        writer.putLong(uuid.getMostSignificantBits()).putLong(uuid.getLeastSignificantBits());
        writer.putText(name);
        role.write(writer);
        writer.putText(software).putText(room).putText(rack).putText(host).putText(setName);
        writer.putInt(devices.size());
        devices.forEach(device -> device.write(writer));
    }

    /// Read a registration.
    public static NodeRegistration read(FieldReader reader) {
        final UUID uuid = new UUID(reader.takeLong("node uuid"), reader.takeLong("node uuid"));
        final String name = reader.takeText("node name", Limits.NAME_LENGTH_MAX);
        final NodeRole role = NodeRole.read(reader);
        final String software = reader.takeText("software", Limits.TEXT_BYTES_MAX);
        final String room = reader.takeText("room", Limits.LOCATION_BYTES_MAX);
        final String rack = reader.takeText("rack", Limits.LOCATION_BYTES_MAX);
        final String host = reader.takeText("host", Limits.LOCATION_BYTES_MAX);
        final String setName = reader.takeText("set", Limits.NAME_LENGTH_MAX);
        final int count = reader.takeCount("devices", Limits.DEVICES_PER_NODE_MAX, DeviceRegistration.bytesMin());
        final List<DeviceRegistration> devices = new ArrayList<>(count);
        for (int index = 0; index < count; index++) {
            devices.add(DeviceRegistration.read(reader));
        }
        return new NodeRegistration(uuid, name, role, software, room, rack, host, setName, devices);
    }
}
