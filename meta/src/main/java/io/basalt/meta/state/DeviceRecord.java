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
/// @param outByItself whether it is out only because it did not answer for long: it is in again when it answers
public record DeviceRecord(
        int id,
        UUID uuid,
        int nodeId,
        int setId,
        String deviceClass,
        long capacityBytes,
        long usedBytes,
        boolean failed,
        boolean present,
        boolean outByItself) {
    DeviceRecord withUsage(long used, long capacity, boolean nowFailed) {
        return new DeviceRecord(id, uuid, nodeId, setId, deviceClass, capacity, used, nowFailed, present, outByItself);
    }

    DeviceRecord withPresent(boolean nowPresent) {
        return new DeviceRecord(
                id, uuid, nodeId, setId, deviceClass, capacityBytes, usedBytes, failed, nowPresent, outByItself);
    }

    DeviceRecord withOutByItself(boolean nowOut) {
        return new DeviceRecord(
                id, uuid, nodeId, setId, deviceClass, capacityBytes, usedBytes, failed, present, nowOut);
    }

    void write(FieldWriter writer) {
        writer.putInt(id).putLong(uuid.getMostSignificantBits()).putLong(uuid.getLeastSignificantBits());
        writer.putInt(nodeId).putInt(setId).putText(deviceClass);
        writer.putLong(capacityBytes)
                .putLong(usedBytes)
                .putFlag(failed)
                .putFlag(present)
                .putFlag(outByItself);
    }

    /// @param version of the snapshot: in version 1 no device went out by itself
    static DeviceRecord read(FieldReader reader, int version) {
        return new DeviceRecord(
                reader.takeInt("device id", 1, Integer.MAX_VALUE),
                new UUID(reader.takeLong("device uuid"), reader.takeLong("device uuid")),
                reader.takeInt("node id", 1, Integer.MAX_VALUE),
                reader.takeInt("set id", 1, Integer.MAX_VALUE),
                reader.takeText("device class", Limits.TEXT_BYTES_MAX),
                reader.takeLong("capacity", 0, Long.MAX_VALUE),
                reader.takeLong("used", 0, Long.MAX_VALUE),
                reader.takeFlag("failed"),
                reader.takeFlag("present"),
                version > 1 && reader.takeFlag("out by itself"));
    }
}
