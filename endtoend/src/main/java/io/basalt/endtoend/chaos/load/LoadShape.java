package io.basalt.endtoend.chaos.load;

/// What a guest asks of its disk.
///
/// @param depth requests under way at a time
/// @param readPercent how many of a hundred requests read
/// @param discardPercent how many of the others discard, of a hundred
/// @param blockBytes of each request: 512 or 4096
/// @param regionBytes of the disk, from its beginning
/// @param seed of which block is next, and what is done to it
public record LoadShape(int depth, int readPercent, int discardPercent, int blockBytes, long regionBytes, long seed) {
    private static final int DEPTH_MAX = 64;

    public LoadShape {
        if (depth < 1 || depth > DEPTH_MAX) {
            throw new IllegalArgumentException("--iodepth: " + depth + " is not 1 to " + DEPTH_MAX);
        }
        if (readPercent < 0 || readPercent > 100) {
            throw new IllegalArgumentException("--rw: " + readPercent + " is not 0 to 100, the percentage of reads");
        }
        if (blockBytes != 512 && blockBytes != 4096) {
            throw new IllegalArgumentException("--bs: " + blockBytes + " is not 512 or 4096");
        }
        if (regionBytes / blockBytes < DEPTH_MAX) {
            throw new IllegalArgumentException("--region: " + regionBytes + " bytes are too few");
        }
    }

    /// Blocks of the region.
    int blocks() {
        return Math.toIntExact(regionBytes / blockBytes);
    }

    /// Sectors of a block.
    int sectors() {
        return blockBytes / Stamps.SECTOR_BYTES;
    }
}
