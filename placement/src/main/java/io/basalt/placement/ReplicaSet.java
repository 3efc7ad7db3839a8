package io.basalt.placement;

import java.util.Arrays;

/// An ordered set of device ids: where the copies of one placement group are, or should be. Immutable.
public final class ReplicaSet {
    /// Most devices of one: the copies that a rule may ask for, and a guest; see [PgTable].
    public static final int SIZE_MAX = RoutingRule.COPIES_MAX + 1;

    private static final ReplicaSet EMPTY = new ReplicaSet(new int[0]);

    private final int[] deviceIds;

    private ReplicaSet(int[] deviceIds) {
        this.deviceIds = deviceIds;
    }

    /// The set of these devices, in this order.
    ///
    /// @throws InvalidClusterMapException if there are more than [#SIZE_MAX], one is not positive, or one comes
    ///     twice
    public static ReplicaSet of(int... deviceIds) {
        if (deviceIds.length == 0) {
            return EMPTY;
        }
        if (deviceIds.length > SIZE_MAX) {
            throw new InvalidClusterMapException(
                    "replicas " + Arrays.toString(deviceIds) + " are more than " + SIZE_MAX + "; name fewer devices");
        }
        for (int index = 0; index < deviceIds.length; index++) {
            if (deviceIds[index] < 1) {
                throw new InvalidClusterMapException("replicas " + Arrays.toString(deviceIds) + " name device "
                        + deviceIds[index] + "; device ids start at 1");
            }
            for (int earlier = 0; earlier < index; earlier++) {
                if (deviceIds[earlier] == deviceIds[index]) {
                    throw new InvalidClusterMapException("replicas " + Arrays.toString(deviceIds) + " name device "
                            + deviceIds[index] + " twice; every copy needs a device of its own");
                }
            }
        }
        return new ReplicaSet(deviceIds.clone());
    }

    /// How many there are.
    public int size() {
        return deviceIds.length;
    }

    /// The device at a place of the order, from 0.
    public int device(int index) {
        return deviceIds[index];
    }

    /// Whether a device is one of them.
    public boolean contains(int deviceId) {
        return indexOf(deviceId) >= 0;
    }

    /// The place of a device in the order, or -1.
    public int indexOf(int deviceId) {
        for (int index = 0; index < deviceIds.length; index++) {
            if (deviceIds[index] == deviceId) {
                return index;
            }
        }
        return -1;
    }

    /// The ids, in order; the caller's own copy.
    public int[] toArray() {
        return deviceIds.clone();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ReplicaSet that && Arrays.equals(deviceIds, that.deviceIds);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(deviceIds);
    }

    @Override
    public String toString() {
        return Arrays.toString(deviceIds);
    }
}
