package io.basalt.placement;

import java.util.Arrays;

/// The configuration of every placement group, as the metaserver has recorded it: epoch, ordered replicas,
/// and which of them are in sync. Immutable.
///
/// This, not the draw, is what an I/O follows: the draw says where copies should be, the table where they
/// are. Reads are array look-ups that allocate nothing; any thread.
///
/// While a copy moves to another device, the group has one replica more than the rule's copies, the **guest**:
/// the device that will take over has its place beside the one that it replaces, until it is in sync. So a
/// move of a good copy never leaves fewer good ones than there were.
public final class PgTable {
    /// Largest epoch; it is the upper part of a write's version.
    public static final int EPOCH_MAX = (1 << 23) - 1;
    /// Stands for no device.
    public static final int NO_DEVICE = 0;

    private final int copies;
    private final int places;
    private final int[] epochs;
    private final int[] replicas;
    private final byte[] counts;
    private final byte[] inSync;
    private final int[] primaries;

    private PgTable(Builder builder) {
        copies = builder.copies;
        places = builder.places;
        epochs = builder.epochs.clone();
        replicas = builder.replicas.clone();
        counts = builder.counts.clone();
        inSync = builder.inSync.clone();
        primaries = new int[epochs.length];
        for (int pg = 0; pg < primaries.length; pg++) {
            final int first = Integer.numberOfTrailingZeros(inSync[pg]);
            primaries[pg] = first < counts[pg] ? replicas[pg * places + first] : NO_DEVICE;
        }
    }

    /// A table in which no placement group has been created: epoch 0, no replicas.
    public static PgTable empty(int pgCount, int copies) {
        return new Builder(pgCount, copies).build();
    }

    /// How many placement groups there are.
    public int pgCount() {
        return epochs.length;
    }

    /// How many copies a placement group should have.
    public int copies() {
        return copies;
    }

    /// Most replicas of a placement group: its copies and a guest.
    public int places() {
        return places;
    }

    /// The epoch of a placement group: 1 to [#EPOCH_MAX], or 0 if it has not been created.
    public int epoch(int pg) {
        return epochs[pg];
    }

    /// The device that serves a placement group: its first replica in sync, or [#NO_DEVICE].
    public int primaryDevice(int pg) {
        return primaries[pg];
    }

    /// How many replicas a placement group has.
    public int replicaCount(int pg) {
        return counts[pg];
    }

    /// The device at a place of the order, or [#NO_DEVICE] beyond the last.
    ///
    /// @param index 0 to `places - 1`
    public int replica(int pg, int index) {
        assert index >= 0;
        assert index < places;
        return replicas[pg * places + index];
    }

    /// Whether the replica at a place of the order has every acknowledged write.
    ///
    /// @param index 0 to `places - 1`
    public boolean inSync(int pg, int index) {
        assert index >= 0;
        assert index < places;
        return (inSyncMask(pg) >>> index & 1) != 0;
    }

    /// The in-sync flags of a placement group: bit i for replica i.
    public int inSyncMask(int pg) {
        return inSync[pg] & 0xff;
    }

    /// How many replicas are in sync.
    public int inSyncCount(int pg) {
        return Integer.bitCount(inSyncMask(pg));
    }

    /// The place of a device in a placement group's order, or -1.
    public int indexOf(int pg, int deviceId) {
        assert deviceId != NO_DEVICE;
        final int base = pg * places;
        for (int index = 0; index < places; index++) {
            if (replicas[base + index] == deviceId) {
                return index;
            }
        }
        return -1;
    }

    /// The replicas of a placement group; allocates.
    public ReplicaSet replicas(int pg) {
        final int base = pg * places;
        return ReplicaSet.of(Arrays.copyOfRange(replicas, base, base + counts[pg]));
    }

    /// A builder that starts from this table.
    public Builder toBuilder() {
        return new Builder(this);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof PgTable that
                && copies == that.copies
                && Arrays.equals(epochs, that.epochs)
                && Arrays.equals(replicas, that.replicas)
                && Arrays.equals(inSync, that.inSync);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(epochs) * 31 + Arrays.hashCode(replicas);
    }

    @Override
    public String toString() {
        return "PgTable[" + pgCount() + " pgs, " + copies + " copies]";
    }

    /// The changeable form of a table. One thread.
    public static final class Builder {
        private final int copies;
        private final int places;
        private final int[] epochs;
        private final int[] replicas;
        private final byte[] counts;
        private final byte[] inSync;

        /// A builder for a table in which no placement group has been created.
        public Builder(int pgCount, int copies) {
            if (pgCount < 1 || copies < 1 || copies > RoutingRule.COPIES_MAX) {
                throw new InvalidClusterMapException("a table of " + pgCount + " pgs with " + copies
                        + " copies cannot be; give at least 1 pg and 1 to " + RoutingRule.COPIES_MAX + " copies");
            }
            this.copies = copies;
            this.places = copies + 1;
            this.epochs = new int[pgCount];
            this.replicas = new int[pgCount * places];
            this.counts = new byte[pgCount];
            this.inSync = new byte[pgCount];
        }

        private Builder(PgTable table) {
            copies = table.copies;
            places = table.places;
            epochs = table.epochs.clone();
            replicas = table.replicas.clone();
            counts = table.counts.clone();
            inSync = table.inSync.clone();
        }

        /// Gives a placement group a configuration.
        ///
        /// @param epoch 1 to [PgTable#EPOCH_MAX]
        /// @param devices at most `places`, in order
        /// @param inSyncMask bit i for replica i; may be 0, then nothing serves the placement group
        /// @throws InvalidClusterMapException if one of these is out of range
        public Builder set(int pg, int epoch, ReplicaSet devices, int inSyncMask) {
            if (pg < 0 || pg >= epochs.length) {
                throw new InvalidClusterMapException(
                        "pg " + pg + " is not in 0 to " + (epochs.length - 1) + "; the count is fixed for a set");
            }
            if (epoch < 1 || epoch > EPOCH_MAX) {
                throw new InvalidClusterMapException(
                        "epoch " + epoch + " of pg " + pg + " is not in 1 to " + EPOCH_MAX + "; epochs only grow");
            }
            if (devices.size() > places) {
                throw new InvalidClusterMapException("pg " + pg + " has " + devices.size() + " replicas " + devices
                        + " where the rule says " + copies + " copies and room for one that moves; leave some out");
            }
            if (inSyncMask >>> devices.size() != 0) {
                throw new InvalidClusterMapException("in-sync flags 0b" + Integer.toBinaryString(inSyncMask) + " of pg "
                        + pg + " name more replicas than " + devices + "; one bit for each replica");
            }
            epochs[pg] = epoch;
            counts[pg] = (byte) devices.size();
            inSync[pg] = (byte) inSyncMask;
            for (int index = 0; index < places; index++) {
                replicas[pg * places + index] = index < devices.size() ? devices.device(index) : NO_DEVICE;
            }
            return this;
        }

        /// The table as it stands; the builder can go on.
        public PgTable build() {
            return new PgTable(this);
        }
    }
}
