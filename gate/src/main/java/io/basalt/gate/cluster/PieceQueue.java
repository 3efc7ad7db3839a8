package io.basalt.gate.cluster;

import org.jspecify.annotations.Nullable;

/// Pieces that wait for the same thing, first come first served. Linked through [Piece#next]: a piece is in
/// one queue at most. Allocates nothing. One owner reactor.
final class PieceQueue {
    private @Nullable Piece first;
    private @Nullable Piece last;
    private int count;

    boolean isEmpty() {
        return first == null;
    }

    int count() {
        return count;
    }

    /// Put a piece back that was just taken: it stays the first.
    void putBack(Piece piece) {
        assert piece.next == null;
        piece.next = first;
        first = piece;
        if (last == null) {
            last = piece;
        }
        count++;
    }

    void add(Piece piece) {
        assert piece.next == null;
        if (last == null) {
            first = piece;
        } else {
            last.next = piece;
        }
        last = piece;
        count++;
    }

    @Nullable
    Piece take() {
        final Piece taken = first;
        if (taken != null) {
            first = taken.next;
            taken.next = null;
            count--;
            if (first == null) {
                last = null;
            }
        }
        return taken;
    }

    /// Take the first piece of a placement group; null if there is none.
    @Nullable
    Piece takeOf(int pg) {
        Piece before = null;
        for (Piece piece = first; piece != null; piece = piece.next) {
            if (piece.pg() == pg) {
                unlink(before, piece);
                return piece;
            }
            before = piece;
        }
        return null;
    }

    /// Take a piece out, wherever it stands.
    @SuppressWarnings("ReferenceEquality") // a piece is itself and no other
    void remove(Piece wanted) {
        Piece before = null;
        for (Piece piece = first; piece != null; piece = piece.next) {
            if (piece == wanted) {
                unlink(before, piece);
                return;
            }
            before = piece;
        }
        throw new AssertionError("the piece waits elsewhere");
    }

    private void unlink(@Nullable Piece before, Piece piece) {
        if (before == null) {
            first = piece.next;
        } else {
            before.next = piece.next;
        }
        if (piece.next == null) {
            last = before;
        }
        piece.next = null;
        count--;
    }
}
