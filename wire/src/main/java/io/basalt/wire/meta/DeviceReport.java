package io.basalt.wire.meta;

/// How a device is doing, as its chunk server says in every heartbeat.
///
/// @param deviceId number of the device
/// @param usedBytes what shards take of it
/// @param capacityBytes what shards may take of it; may shrink or grow
/// @param failed the device gives errors and serves nothing any more
/// @param loadPermille how busy its reactor is, 0 to 1000
/// @param contentBytes what has been written to the shards and not discarded; less than they take
/// @param errors operations on the device that failed since the chunk server began
/// @param io what it has done for gates
public record DeviceReport(
        int deviceId,
        long usedBytes,
        long capacityBytes,
        boolean failed,
        int loadPermille,
        long contentBytes,
        long errors,
        ClientIo io) {
    static final int BYTES = 4 + 8 + 8 + 1 + 2 + 8 + 8 + ClientIo.BYTES;

    /// A device that has done nothing for anybody yet.
    public DeviceReport(int deviceId, long usedBytes, long capacityBytes, boolean failed, int loadPermille) {
        this(deviceId, usedBytes, capacityBytes, failed, loadPermille, 0, 0, ClientIo.NONE);
    }

    void write(FieldWriter writer) {
        writer.putInt(deviceId).putLong(usedBytes).putLong(capacityBytes);
        writer.putFlag(failed).putShort(loadPermille).putLong(contentBytes).putLong(errors);
        io.write(writer);
    }

    static DeviceReport read(FieldReader reader) {
        final int deviceId = reader.takeInt("device id", 1, Integer.MAX_VALUE);
        final long usedBytes = reader.takeLong("used bytes", 0, Long.MAX_VALUE);
        final long capacityBytes = reader.takeLong("capacity bytes", 0, Long.MAX_VALUE);
        final boolean failed = reader.takeFlag("failed");
        final int load = reader.takeShort("load");
        final long contentBytes = reader.takeLong("content bytes", 0, Long.MAX_VALUE);
        final long errors = reader.takeLong("errors", 0, Long.MAX_VALUE);
        return new DeviceReport(
                deviceId, usedBytes, capacityBytes, failed, load, contentBytes, errors, ClientIo.read(reader));
    }
}
