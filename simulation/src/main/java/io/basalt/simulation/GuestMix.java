package io.basalt.simulation;

/// What guests do, as weights.
///
/// @param read weight of reads
/// @param write weight of writes of whole blocks
/// @param partialWrite weight of writes that begin and end at any sector
/// @param discard weight of discards
/// @param zeroes weight of write zeroes, half of which may free the space
/// @param flush weight of flushes
/// @param splitsReads whether one of the reactors does reads only
/// @param sharesBlocks whether two reactors touch the same blocks at the same time though one of them changes them
record GuestMix(
        int read,
        int write,
        int partialWrite,
        int discard,
        int zeroes,
        int flush,
        boolean splitsReads,
        boolean sharesBlocks) {
    /// With so many discards most of them are of whole shards.
    static final int MANY_DISCARDS = 40;

    int sum() {
        return read + write + partialWrite + discard + zeroes + flush;
    }
}
