package io.basalt.chunk;

import io.basalt.placement.PgTable;

/// The configuration of one placement group, as a cluster map says: its epoch, the devices in order, and
/// which of them are in sync. Immutable.
final class PgConfiguration {
    /// What holds before the first map.
    static final PgConfiguration NONE = new PgConfiguration(0, new int[0], 0);

    private final int epoch;
    private final int[] devices;
    private final int inSyncMask;

    PgConfiguration(int epoch, int[] devices, int inSyncMask) {
        this.epoch = epoch;
        this.devices = devices;
        this.inSyncMask = inSyncMask;
    }

    static PgConfiguration of(PgTable table, int pg) {
        return new PgConfiguration(table.epoch(pg), table.replicas(pg).toArray(), table.inSyncMask(pg));
    }

    int epoch() {
        return epoch;
    }

    int count() {
        return devices.length;
    }

    int device(int index) {
        return devices[index];
    }

    boolean contains(int deviceId) {
        return indexOf(deviceId) >= 0;
    }

    boolean inSync(int deviceId) {
        final int index = indexOf(deviceId);
        return index >= 0 && (inSyncMask >>> index & 1) != 0;
    }

    int inSyncCount() {
        return Integer.bitCount(inSyncMask);
    }

    /// The first in-sync device, 0 if there is none.
    int primary() {
        final int first = Integer.numberOfTrailingZeros(inSyncMask);
        return first < devices.length ? devices[first] : 0;
    }

    /// A device whose copy is not in sync, 0 if there is none.
    int outOfSync() {
        final int index = Integer.numberOfTrailingZeros(~inSyncMask);
        return index < devices.length ? devices[index] : 0;
    }

    private int indexOf(int deviceId) {
        for (int index = 0; index < devices.length; index++) {
            if (devices[index] == deviceId) {
                return index;
            }
        }
        return -1;
    }
}
