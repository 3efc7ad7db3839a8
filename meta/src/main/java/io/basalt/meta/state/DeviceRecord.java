package io.basalt.meta.state;

import io.basalt.wire.meta.FieldReader;
import io.basalt.wire.meta.FieldWriter;
import io.basalt.wire.meta.Limits;
import java.util.UUID;

/// What is known of a storage device besides its entry in the map of its set (place, weight, state, address).
///
/// @param id 1 and up, never used again
/// @param uuid what it is recognised by
/// @param nodeId the node that has it, or had it last
/// @param setId the set that it belongs to, for ever
/// @param deviceClass for people
/// @param capacityBytes what shards may take
/// @param usedBytes what they take, as it was recorded last
/// @param failed whether it gives errors
/// @param present whether its node has presented it when it registered last
public record DeviceRecord(
        int id,
        UUID uuid,
        int nodeId,
        int setId,
        String deviceClass,
        long capacityBytes,
        long usedBytes,
        boolean failed,
        boolean present) {
    DeviceRecord withUsage(long used, long capacity, boolean nowFailed) {
        return new DeviceRecord(id, uuid, nodeId, setId, deviceClass, capacity, used, nowFailed, present);
    }

    DeviceRecord withPresent(boolean nowPresent) {
        return new DeviceRecord(id, uuid, nodeId, setId, deviceClass, capacityBytes, usedBytes, failed, nowPresent);
    }

    void write(FieldWriter writer) {
        writer.putInt(id).putLong(uuid.getMostSignificantBits()).putLong(uuid.getLeastSignificantBits());
        writer.putInt(nodeId).putInt(setId).putText(deviceClass);
        writer.putLong(capacityBytes).putLong(usedBytes).putFlag(failed).putFlag(present);
    }

    static DeviceRecord read(FieldReader reader) {
        return new DeviceRecord(
                reader.takeInt("device id", 1, Integer.MAX_VALUE),
                new UUID(reader.takeLong("device uuid"), reader.takeLong("device uuid")),
                reader.takeInt("node id", 1, Integer.MAX_VALUE),
                reader.takeInt("set id", 1, Integer.MAX_VALUE),
                reader.takeText("device class", Limits.TEXT_BYTES_MAX),
                reader.takeLong("capacity", 0, Long.MAX_VALUE),
                reader.takeLong("used", 0, Long.MAX_VALUE),
                reader.takeFlag("failed"),
                reader.takeFlag("present"));
    }
}
