package io.basalt.store.chunk;

/// One piece of a write or zeroing in the model: what takes effect all or not at all.
final class ModelPiece {
    enum Fate {
        /// Submitted and not answered.
        UNDER_WAY,
        /// Answered OK.
        ACKNOWLEDGED,
        /// Answered with an error: it may have taken effect, or do so by the next crash.
        FAILED,
        /// Answered that nothing was changed.
        REFUSED
    }

    final long number;
    final int firstSector;
    final int sectorCount;
    final boolean zeroes;
    final long version;
    Fate fate = Fate.UNDER_WAY;

    /// Its request has others: it may have failed before the request is answered.
    boolean oneOfMany;

    /// It forgets the shard with its versions.
    boolean drops;

    /// A later piece has changed one of its blocks.
    boolean overlapped;

    ModelPiece(long number, int firstSector, int sectorCount, boolean zeroes, long version) {
        this.number = number;
        this.firstSector = firstSector;
        this.sectorCount = sectorCount;
        this.zeroes = zeroes;
        this.version = version;
    }

    /// What its sectors hold.
    long value() {
        return zeroes ? 0 : number;
    }

    /// The version that its blocks have.
    long keptVersion() {
        return drops ? 0 : version;
    }

    /// Whether nothing says that it took effect.
    boolean isDoubtful() {
        return fate == Fate.FAILED || (fate == Fate.UNDER_WAY && oneOfMany);
    }

    boolean covers(int sector) {
        return sector >= firstSector && sector < firstSector + sectorCount;
    }

    int firstBlock() {
        return firstSector / ModelShard.BLOCK_SECTORS;
    }

    int lastBlock() {
        return (firstSector + sectorCount - 1) / ModelShard.BLOCK_SECTORS;
    }

    @Override
    public String toString() {
        return "#" + number + "[" + firstSector + "+" + sectorCount + (zeroes ? " zeroes " : " v") + version + " "
                + fate + "]";
    }
}
