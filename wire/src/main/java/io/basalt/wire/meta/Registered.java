package io.basalt.wire.meta;

import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/// What a node is told when it has registered.
///
/// @param clusterId of the cluster: a node that was given another one before must not join
/// @param nodeId the node's number
/// @param heartbeatNs how often the metaserver wants to hear of it
/// @param timeoutNs after how long without it the node counts as down
/// @param deviceIds the numbers of its devices, in the order of its registration
public record Registered(UUID clusterId, int nodeId, long heartbeatNs, long timeoutNs, List<Integer> deviceIds) {
    public Registered {
        deviceIds = List.copyOf(deviceIds);
    }

    /// The answer as content.
    public byte[] toContent() {
        final FieldWriter writer = MetaMessage.begin()
                .putLong(clusterId.getMostSignificantBits())
                .putLong(clusterId.getLeastSignificantBits())
                .putInt(nodeId)
                .putLong(heartbeatNs)
                .putLong(timeoutNs)
                .putInt(deviceIds.size());
        deviceIds.forEach(writer::putInt);
        return writer.toByteArray();
    }

    /// The answer in a content.
    ///
    /// @throws MetaFormatException if there is none
    public static Registered of(FieldReader content) {
        MetaMessage.begin(content);
        final UUID clusterId = new UUID(content.takeLong("cluster id"), content.takeLong("cluster id"));
        final int nodeId = content.takeInt("node id", 1, Integer.MAX_VALUE);
        final long heartbeatNs = content.takeLong("heartbeat", 1, Long.MAX_VALUE);
        final long timeoutNs = content.takeLong("timeout", 1, Long.MAX_VALUE);
        final int count = content.takeCount("devices", Limits.DEVICES_PER_NODE_MAX, Integer.BYTES);
        final List<Integer> deviceIds = new ArrayList<>(count);
        for (int index = 0; index < count; index++) {
            deviceIds.add(content.takeInt("device id", 1, Integer.MAX_VALUE));
        }
        content.requireEnd("registered");
        return new Registered(clusterId, nodeId, heartbeatNs, timeoutNs, deviceIds);
    }
}
