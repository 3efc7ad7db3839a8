package io.basalt.wire.meta;

import java.util.UUID;

/// A storage device as its chunk server presents it.
///
/// @param uuid written on the device when it was formatted: it keeps its number wherever it turns up
/// @param capacityBytes what shards may take of it
/// @param deviceClass for people and placement, such as `ssd`
/// @param host where its reactor listens: IP address as text
/// @param port where its reactor listens, 1 to 65535
public record DeviceRegistration(UUID uuid, long capacityBytes, String deviceClass, String host, int port) {
    private static final int BYTES_MIN = 16 + 8 + 2 + 2 + 2;

    void write(FieldWriter writer) {
        writer.putLong(uuid.getMostSignificantBits())
                .putLong(uuid.getLeastSignificantBits())
                .putLong(capacityBytes)
                .putText(deviceClass)
                .putText(host)
                .putShort(port);
    }

    static DeviceRegistration read(FieldReader reader) {
        return new DeviceRegistration(
                new UUID(reader.takeLong("device uuid"), reader.takeLong("device uuid")),
                reader.takeLong("device capacity", 0, Long.MAX_VALUE),
                reader.takeText("device class", Limits.TEXT_BYTES_MAX),
                reader.takeText("device host", Limits.TEXT_BYTES_MAX),
                reader.takeShort("device port"));
    }

    static int bytesMin() {
        return BYTES_MIN;
    }
}
