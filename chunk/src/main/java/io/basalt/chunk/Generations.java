package io.basalt.chunk;

/// The newest attach generation known of each volume: a hash table of numbers that only grows. Reading allocates
/// nothing. One owner reactor.
final class Generations {
    private long[] volumes = new long[64];
    private long[] generations = new long[64];
    private int count;

    /// The newest generation known, 0 if none.
    long of(long volumeId) {
        return generations[slot(volumes, volumeId)];
    }

    /// Learn a generation; an older one than is known changes nothing.
    void raise(long volumeId, long generation) {
        final int slot = slot(volumes, volumeId);
        if (volumes[slot] == 0) {
            volumes[slot] = volumeId;
            generations[slot] = generation;
            if (++count * 2 > volumes.length) {
                grow();
            }
        } else if (generation > generations[slot]) {
            generations[slot] = generation;
        }
    }

    private static int slot(long[] table, long volumeId) {
        assert volumeId > 0;
        final int mask = table.length - 1;
        int slot = (int) ((volumeId * 0x9E3779B97F4A7C15L) >>> 32) & mask;
        while (table[slot] != 0 && table[slot] != volumeId) {
            slot = slot + 1 & mask;
        }
        return slot;
    }

    private void grow() {
        final long[] moreVolumes = new long[volumes.length * 2];
        final long[] moreGenerations = new long[moreVolumes.length];
        for (int old = 0; old < volumes.length; old++) {
            if (volumes[old] != 0) {
                final int slot = slot(moreVolumes, volumes[old]);
                moreVolumes[slot] = volumes[old];
                moreGenerations[slot] = generations[old];
            }
        }
        volumes = moreVolumes;
        generations = moreGenerations;
    }
}
