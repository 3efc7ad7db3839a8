package io.basalt.wire.meta;

import java.util.ArrayList;
import java.util.List;

/// A sign of life.
///
/// @param nodeId who sends it
/// @param devices how each of a chunk server's devices is doing
public record Heartbeat(int nodeId, List<DeviceReport> devices) {
    public Heartbeat {
        devices = List.copyOf(devices);
    }

    /// The heartbeat as content.
    public byte[] toContent() {
        final FieldWriter writer = MetaMessage.begin().putInt(nodeId).putInt(devices.size());
        devices.forEach(device -> device.write(writer));
        return writer.toByteArray();
    }

    /// The heartbeat in a content.
    ///
    /// @throws MetaFormatException if there is none
    public static Heartbeat of(FieldReader content) {
        MetaMessage.begin(content);
        final int nodeId = content.takeInt("node id", 1, Integer.MAX_VALUE);
        final int count = content.takeCount("devices", Limits.DEVICES_PER_NODE_MAX, DeviceReport.BYTES);
        final List<DeviceReport> devices = new ArrayList<>(count);
        for (int index = 0; index < count; index++) {
            devices.add(DeviceReport.read(content));
        }
        content.requireEnd("heartbeat");
        return new Heartbeat(nodeId, devices);
    }
}
