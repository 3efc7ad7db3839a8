package io.basalt.placement;

import java.util.Locale;

/// A storage device as the cluster map knows it. Immutable.
///
/// @param id from 1 on, never used again
/// @param nodeId the chunk server it belongs to, from 1 on
/// @param location where it stands
/// @param weight its share of the data: fixed point with 16 fraction bits, 1 to [#WEIGHT_MAX]; see [#weightOf]
/// @param state what it is to placement
/// @param address where its reactor listens, `host:port`
public record Device(int id, int nodeId, Location location, int weight, DeviceState state, String address) {
    /// Weight 1.0.
    public static final int WEIGHT_ONE = 1 << 16;
    /// Largest weight: 16384.0.
    public static final int WEIGHT_MAX = 1 << 30;

    private static final int WEIGHT_SHIFT_OF_BYTES = 40 - 16;
    private static final int PORT_MAX = 65535;

    public Device {
        if (id < 1) {
            throw new InvalidClusterMapException("device id " + id + " is not positive; ids start at 1");
        }
        if (nodeId < 1) {
            throw new InvalidClusterMapException(
                    "node id " + nodeId + " of device " + id + " is not positive; ids start at 1");
        }
        if (weight < 1 || weight > WEIGHT_MAX) {
            throw new InvalidClusterMapException("weight " + text(weight) + " of device " + id + " is not in " + text(1)
                    + " to " + text(WEIGHT_MAX) + "; to take a device out of use set its state to OUT");
        }
        if (!validAddress(address)) {
            throw new InvalidClusterMapException("address '" + address + "' of device " + id
                    + " is not host:port with a port of 1 to " + PORT_MAX + "; give where its chunk server listens");
        }
    }

    /// The customary weight of a capacity: 1.0 for each TiB, rounded down, at least the smallest weight.
    ///
    /// @param capacityBytes positive
    public static int weightOf(long capacityBytes) {
        return (int) Math.clamp(capacityBytes >>> WEIGHT_SHIFT_OF_BYTES, 1L, WEIGHT_MAX);
    }

    /// This device with another state.
    public Device withState(DeviceState next) {
        return new Device(id, nodeId, location, weight, next, address);
    }

    /// This device with another weight.
    public Device withWeight(int next) {
        return new Device(id, nodeId, location, next, state, address);
    }

    /// This device at another address.
    public Device withAddress(String next) {
        return new Device(id, nodeId, location, weight, state, next);
    }

    private static String text(int weight) {
        return String.format(Locale.ROOT, "%.5f", (double) weight / WEIGHT_ONE);
    }

    private static boolean validAddress(String address) {
        final int colon = address.lastIndexOf(':');
        final String port = address.substring(colon + 1);
        if (colon < 1 || port.isEmpty() || port.length() > 5 || !port.chars().allMatch(c -> c >= '0' && c <= '9')) {
            return false;
        }
        final int number = Integer.parseInt(port);
        return number >= 1 && number <= PORT_MAX;
    }
}
