package io.basalt.store.chunk;

import java.util.ArrayList;
import java.util.List;

/// What one shard may hold, by the rules of a block device.
///
/// For each sector there is the list of pieces that covered it since the content that is surely durable, in
/// the order they take effect. After a crash the sector shows that content or one of theirs.
final class ModelShard {
    static final int BLOCK_SECTORS = 8;

    /// A sector's history: `base` is durable, whatever happens.
    private static final class Sector {
        long base;
        final List<ModelPiece> pieces = new ArrayList<>();
    }

    final long partId;
    final int shardIndex;
    private final Sector[] sectors;
    private final ModelVersions versions;
    private final List<ModelPiece> pieces = new ArrayList<>();

    ModelShard(long partId, int shardIndex, int blocks) {
        this.partId = partId;
        this.shardIndex = shardIndex;
        sectors = new Sector[blocks * BLOCK_SECTORS];
        for (int i = 0; i < sectors.length; i++) {
            sectors[i] = new Sector();
        }
        versions = new ModelVersions(blocks);
    }

    /// What the versions of the blocks may be.
    ModelVersions versions() {
        return versions;
    }

    int sectorCount() {
        return sectors.length;
    }

    void submitted(ModelPiece piece) {
        for (final ModelPiece before : pieces) {
            if (before.firstBlock() <= piece.lastBlock() && piece.firstBlock() <= before.lastBlock()) {
                before.overlapped = true;
            }
        }
        pieces.add(piece);
        versions.submitted(piece);
        for (int i = 0; i < piece.sectorCount; i++) {
            sectors[piece.firstSector + i].pieces.add(piece);
        }
    }

    /// A piece is surely on the medium: nothing older can be seen any more.
    void durable(ModelPiece piece) {
        for (int i = 0; i < piece.sectorCount; i++) {
            final Sector sector = sectors[piece.firstSector + i];
            final int at = sector.pieces.indexOf(piece);
            if (at >= 0) {
                sector.base = piece.value();
                sector.pieces.subList(0, at + 1).clear();
            }
        }
        pieces.remove(piece);
        versions.durable(piece);
    }

    boolean has(ModelPiece piece) {
        return pieces.contains(piece);
    }

    void refused(ModelPiece piece) {
        for (int i = 0; i < piece.sectorCount; i++) {
            sectors[piece.firstSector + i].pieces.remove(piece);
        }
        pieces.remove(piece);
        versions.refused(piece);
    }

    /// What a read of some sectors that is submitted now may find, whatever is submitted later.
    Sight sight(int first, int count) {
        final Sector[] now = new Sector[count];
        for (int i = 0; i < count; i++) {
            now[i] = new Sector();
            now[i].base = sectors[first + i].base;
            now[i].pieces.addAll(sectors[first + i].pieces);
        }
        return new Sight(this, List.of(now));
    }

    /// The histories of some sectors at one moment.
    record Sight(ModelShard shard, List<Sector> sectors) {
        /// Checks a value that was read: that of the last piece that did not fail, or of one that failed since.
        void check(int place, long value) {
            final Sector at = sectors.get(place);
            for (int i = at.pieces.size() - 1; i >= 0; i--) {
                final ModelPiece piece = at.pieces.get(i);
                if (piece.fate == ModelPiece.Fate.REFUSED) {
                    continue;
                }
                if (piece.value() == value) {
                    return;
                }
                if (!piece.isDoubtful()) {
                    throw new AssertionError(
                            shard + " place " + place + " reads " + value + ", not " + at.base + " " + at.pieces);
                }
            }
            if (at.base != value) {
                throw new AssertionError(
                        shard + " place " + place + " reads " + value + ", not " + at.base + " " + at.pieces);
            }
        }
    }

    /// Takes what a recovered shard holds for the truth from now on, if it may hold that.
    ///
    /// @param values of all sectors
    /// @param found versions of all blocks
    void recovered(long[] values, long[] found) {
        versions.recovered(found, this);
        final int[] seen = new int[sectors.length];
        for (int i = 0; i < sectors.length; i++) {
            seen[i] = seen(i, values[i]);
        }
        for (final ModelPiece piece : pieces) {
            if (!piece.overlapped && piece.sectorCount > 1) {
                checkWhole(piece, seen);
            }
            checkVersion(piece, values, found);
        }
        pieces.clear();
        for (int i = 0; i < sectors.length; i++) {
            sectors[i].base = values[i];
            sectors[i].pieces.clear();
        }
    }

    /// The newest piece that a value can be of; -1 for the durable content.
    private int seen(int sector, long value) {
        final Sector at = sectors[sector];
        for (int i = at.pieces.size() - 1; i >= 0; i--) {
            if (at.pieces.get(i).value() == value) {
                return i;
            }
        }
        if (at.base != value) {
            throw new AssertionError(this + " sector " + sector + " holds " + value + " after recovery; durable is "
                    + at.base + ", since then " + at.pieces);
        }
        return -1;
    }

    private void checkWhole(ModelPiece piece, int[] seen) {
        boolean there = false;
        boolean missing = false;
        for (int i = 0; i < piece.sectorCount; i++) {
            final int sector = piece.firstSector + i;
            final int at = sectors[sector].pieces.indexOf(piece);
            there |= seen[sector] == at && isOnly(sectors[sector], piece);
            missing |= seen[sector] < at;
        }
        if (there && missing) {
            throw new AssertionError(this + " holds a part of " + piece);
        }
    }

    /// Whether no other content of a sector looks like a piece's.
    private static boolean isOnly(Sector sector, ModelPiece piece) {
        return sector.base != piece.value()
                && sector.pieces.stream().noneMatch(other -> other != piece && other.value() == piece.value());
    }

    private static void checkVersion(ModelPiece piece, long[] values, long[] versions) {
        for (int i = 0; i < piece.sectorCount; i++) {
            final int sector = piece.firstSector + i;
            if (versions[sector / BLOCK_SECTORS] == piece.version && values[sector] != piece.value()) {
                throw new AssertionError("block of sector " + sector + " has the version of " + piece
                        + " and the value " + values[sector]);
            }
        }
    }

    @Override
    public String toString() {
        return "shard " + partId + "/" + shardIndex;
    }
}
