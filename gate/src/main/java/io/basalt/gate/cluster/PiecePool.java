package io.basalt.gate.cluster;

import io.basalt.net.Call;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The pieces of one channel. Grows by doubling when more are needed at the same time than ever before, and never
/// shrinks. One owner reactor.
final class PiecePool {
    private static final int FIRST = 16;
    private static final int MEMORY_BYTES = 2 * Call.BODY_BYTES_MAX;

    private final ClusterChannel channel;
    private final boolean wide;
    private final int countMax;

    /// All there are; the free ones are in `free`.
    private @Nullable Piece[] all = {};

    private @Nullable Piece[] free = {};
    private int freeCount;

    PiecePool(ClusterChannel channel, boolean wide, int countMax) {
        this.channel = channel;
        this.wide = wide;
        this.countMax = countMax;
    }

    /// How many pieces there are, free or not.
    int size() {
        return all.length;
    }

    /// A piece, free or not.
    ///
    /// @param index 0 to [#size()] - 1
    @Nullable
    Piece piece(int index) {
        return all[index];
    }

    /// How many can be taken.
    int available() {
        return countMax - all.length + freeCount;
    }

    /// A piece, or null if all are taken.
    @Nullable
    Piece take() {
        if (freeCount == 0) {
            if (all.length == countMax) {
                return null;
            }
            grow();
        }
        freeCount--;
        final Piece taken = free[freeCount];
        free[freeCount] = null;
        return taken;
    }

    void give(Piece piece) {
        free[freeCount++] = piece;
    }

    private void grow() {
        final int before = all.length;
        final int count = Math.min(countMax, Math.max(Math.min(FIRST, countMax), 2 * before));
        all = Arrays.copyOf(all, count);
        free = Arrays.copyOf(free, count);
        // Collected with the pieces: nothing outside this process ever sees this memory.
        final MemorySegment memory = Arena.ofAuto().allocate((long) (count - before) * MEMORY_BYTES, Long.BYTES);
        for (int index = before; index < count; index++) {
            final long at = (long) (index - before) * MEMORY_BYTES;
            final Piece made = new Piece(channel, memory.asSlice(at, MEMORY_BYTES), wide);
            all[index] = made;
            give(made);
        }
    }

    /// Look at every piece there is, free or not. Control plane.
    void forEach(Consumer<Piece> visitor) {
        final @Nullable Piece[] present = all;
        for (final Piece piece : present) {
            if (piece != null) {
                visitor.accept(piece);
            }
        }
    }
}
