package io.basalt.wire.meta;

/// How a device is doing, as its chunk server says in every heartbeat.
///
/// @param deviceId number of the device
/// @param usedBytes what shards take of it
/// @param capacityBytes what shards may take of it; may shrink or grow
/// @param failed the device gives errors and serves nothing any more
/// @param loadPermille how busy its reactor is, 0 to 1000
public record DeviceReport(int deviceId, long usedBytes, long capacityBytes, boolean failed, int loadPermille) {
    static final int BYTES = 4 + 8 + 8 + 1 + 2;

    void write(FieldWriter writer) {
        writer.putInt(deviceId).putLong(usedBytes).putLong(capacityBytes);
        writer.putFlag(failed).putShort(loadPermille);
    }

    static DeviceReport read(FieldReader reader) {
        final int deviceId = reader.takeInt("device id", 1, Integer.MAX_VALUE);
        final long usedBytes = reader.takeLong("used bytes", 0, Long.MAX_VALUE);
        final long capacityBytes = reader.takeLong("capacity bytes", 0, Long.MAX_VALUE);
        final boolean failed = reader.takeFlag("failed");
        return new DeviceReport(deviceId, usedBytes, capacityBytes, failed, reader.takeShort("load"));
    }
}
