package io.basalt.placement;

import java.util.Arrays;

/// Where every copy of every placement group of a map belongs: the routing rule's answer, computed once. Immutable.
public final class PgMapping {
    private final int copies;
    private final int[] replicas;

    PgMapping(int copies, int[] replicas) {
        this.copies = copies;
        this.replicas = replicas;
    }

    /// How many placement groups there are.
    public int pgCount() {
        return replicas.length / copies;
    }

    /// How many copies a placement group should have.
    public int copies() {
        return copies;
    }

    /// The device at a place of the order, or [PgTable#NO_DEVICE] where no copy could be placed.
    public int replica(int pg, int index) {
        return replicas[pg * copies + index];
    }

    /// Whether a copy of a placement group belongs on a device.
    public boolean contains(int pg, int deviceId) {
        for (int index = 0; index < copies; index++) {
            if (replica(pg, index) == deviceId) {
                return true;
            }
        }
        return false;
    }

    /// The devices of a placement group, in order; fewer than its copies where some could not be placed.
    public ReplicaSet replicas(int pg) {
        int count = 0;
        while (count < copies && replica(pg, count) != PgTable.NO_DEVICE) {
            count++;
        }
        return ReplicaSet.of(Arrays.copyOfRange(replicas, pg * copies, pg * copies + count));
    }

    /// The table of a set that is created with this mapping: every placement group at one epoch, every copy in
    /// sync.
    ///
    /// @param epoch 1 to [PgTable#EPOCH_MAX]
    public PgTable toPgTable(int epoch) {
        final PgTable.Builder table = new PgTable.Builder(pgCount(), copies);
        for (int pg = 0; pg < pgCount(); pg++) {
            final ReplicaSet devices = replicas(pg);
            table.set(pg, epoch, devices, (1 << devices.size()) - 1);
        }
        return table.build();
    }

    /// How many copies could not be placed.
    public int missing() {
        int missing = 0;
        for (final int device : replicas) {
            missing += device == PgTable.NO_DEVICE ? 1 : 0;
        }
        return missing;
    }

    /// How many copies have to be made to get from this mapping to another of as many placement groups: those on
    /// devices that had none of the same placement group. A new order costs nothing.
    public int movedTo(PgMapping next) {
        if (next.pgCount() != pgCount()) {
            throw new IllegalArgumentException(
                    "mappings of " + pgCount() + " and " + next.pgCount() + " placement groups cannot be compared");
        }
        int moved = 0;
        for (int pg = 0; pg < pgCount(); pg++) {
            for (int index = 0; index < next.copies; index++) {
                final int device = next.replica(pg, index);
                moved += device != PgTable.NO_DEVICE && !contains(pg, device) ? 1 : 0;
            }
        }
        return moved;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof PgMapping that && copies == that.copies && Arrays.equals(replicas, that.replicas);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(replicas);
    }

    @Override
    public String toString() {
        return "PgMapping[" + pgCount() + " pgs, " + copies + " copies]";
    }
}
