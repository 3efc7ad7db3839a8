package io.basalt.store.chunk;

import java.util.ArrayList;
import java.util.List;

/// What versions the blocks of one shard may have, tombstones included: a block keeps the version of the last piece
/// that touched it, with or without content, until the shard may be forgotten.
///
/// For each block there is the version that is surely durable, and the pieces since, in the order they take effect.
/// A request that forgets the shard, or lets it be forgotten when it is empty, lets every block have none; so does
/// zeroing of a shard that may be unknown, for that leaves nothing.
final class ModelVersions {
    private static final class Block {
        long base;
        boolean maybeNone;
        final List<ModelPiece> pieces = new ArrayList<>();
    }

    private final Block[] blocks;

    /// Forgetting requests that are not answered.
    private int forgetting;

    /// Number of the newest piece, and what it was when a forgetting request began or ended last.
    private long newest;

    private long newestAtForgetting;

    /// The store may not know the shard.
    private boolean maybeUnknown = true;

    ModelVersions(int count) {
        blocks = new Block[count];
        for (int i = 0; i < count; i++) {
            blocks[i] = new Block();
        }
    }

    void submitted(ModelPiece piece) {
        newest = piece.number;
        for (int block = piece.firstBlock(); block <= piece.lastBlock(); block++) {
            blocks[block].pieces.add(piece);
        }
    }

    /// A request that forgets the shard, at once or when it is empty, is submitted.
    void forgettingBegins() {
        forgetting++;
        newestAtForgetting = newest;
        maybeUnknown = true;
        for (final Block block : blocks) {
            block.maybeNone = true;
        }
    }

    /// A request that forgets the shard was answered.
    void forgettingEnds() {
        forgetting--;
        newestAtForgetting = newest;
    }

    /// A piece is surely on the medium: its blocks have its version, or a later one's.
    void durable(ModelPiece piece) {
        final boolean undisturbed = forgetting == 0 && piece.number > newestAtForgetting;
        if (undisturbed && !piece.zeroes) {
            maybeUnknown = false;
        }
        for (int i = piece.firstBlock(); i <= piece.lastBlock(); i++) {
            final Block block = blocks[i];
            final int at = block.pieces.indexOf(piece);
            if (at >= 0) {
                block.base = piece.keptVersion();
                block.maybeNone = !undisturbed || maybeUnknown;
                block.pieces.subList(0, at + 1).clear();
            }
        }
    }

    void refused(ModelPiece piece) {
        for (int i = piece.firstBlock(); i <= piece.lastBlock(); i++) {
            blocks[i].pieces.remove(piece);
        }
    }

    /// Takes the versions that a recovered shard has for the truth from now on, if it may have them.
    void recovered(long[] found, ModelShard shard) {
        check(found, shard);
        forgetting = 0;
        maybeUnknown = true;
        for (int i = 0; i < blocks.length; i++) {
            blocks[i].base = found[i];
            blocks[i].maybeNone = false;
            blocks[i].pieces.clear();
            maybeUnknown &= found[i] == 0;
        }
    }

    /// Checks versions that were found.
    void check(long[] found, ModelShard shard) {
        for (int i = 0; i < blocks.length; i++) {
            final Block block = blocks[i];
            final long version = found[i];
            final boolean may = version == block.base
                    || (version == 0 && block.maybeNone)
                    || block.pieces.stream().anyMatch(piece -> piece.keptVersion() == version);
            if (!may) {
                throw new AssertionError(shard + " block " + i + " has version " + version + "; durable is "
                        + block.base + ", since then " + block.pieces);
            }
        }
    }
}
