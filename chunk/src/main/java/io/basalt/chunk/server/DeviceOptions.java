package io.basalt.chunk.server;

import io.basalt.net.NodeAddress;
import io.basalt.store.chunk.Durability;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// One storage device of a chunk server.
///
/// @param path file or block device
/// @param createBytes size of the sparse file that is made and formatted if there is nothing at the path; 0 to
///     demand that a formatted device be there
/// @param deviceClass for people and placement, such as `ssd`
/// @param address where the device's reactor listens; port 0 lets the system choose
/// @param durability what it takes on this device to make a write durable: `PLP` or `FUA`
/// @param direct whether to ask for O_DIRECT
/// @param advertised where others are told to connect, when something on the way forwards to [#address]; null for
///     where the reactor listens
public record DeviceOptions(
        Path path,
        long createBytes,
        String deviceClass,
        NodeAddress address,
        Durability durability,
        boolean direct,
        @Nullable NodeAddress advertised) {
    public DeviceOptions {
        if (createBytes < 0) {
            throw new IllegalArgumentException("device " + path + ": createBytes is " + createBytes
                    + ", expected a size, or 0 for a device that is formatted");
        }
        if (durability == Durability.FLUSH) {
            throw new IllegalArgumentException(
                    "device " + path + ": durability class flush cannot serve in a cluster; use plp or fua");
        }
    }

    /// A device whose reactor is reached where it listens.
    public DeviceOptions(
            Path path,
            long createBytes,
            String deviceClass,
            NodeAddress address,
            Durability durability,
            boolean direct) {
        this(path, createBytes, deviceClass, address, durability, direct, null);
    }

    /// A file of the given size, made if it is not there, on the loopback interface at any port.
    public static DeviceOptions file(Path path, long createBytes) {
        return new DeviceOptions(path, createBytes, "ssd", new NodeAddress("127.0.0.1", 0), Durability.FUA, true);
    }

    /// The same at another address.
    public DeviceOptions withAddress(NodeAddress newAddress) {
        return new DeviceOptions(path, createBytes, deviceClass, newAddress, durability, direct, advertised);
    }

    /// The same with another durability class.
    public DeviceOptions withDurability(Durability newDurability) {
        return new DeviceOptions(path, createBytes, deviceClass, address, newDurability, direct, advertised);
    }

    /// The same where others are told to connect to another address than is listened on.
    public DeviceOptions withAdvertised(NodeAddress newAdvertised) {
        return new DeviceOptions(path, createBytes, deviceClass, address, durability, direct, newAdvertised);
    }
}
