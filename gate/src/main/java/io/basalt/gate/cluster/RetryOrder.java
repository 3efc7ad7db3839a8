package io.basalt.gate.cluster;

import org.jspecify.annotations.Nullable;

/// The order in which a channel tries changes again.
///
/// A change is executed once by a primary that has it in its memory of identities. A primary that takes
/// over has not: a change whose answer was lost may be on the copies already, and is executed a second
/// time. That does no harm as long as nothing else has changed the same bytes in between; otherwise an
/// older write would land on top of a newer one that was acknowledged and read. So a change that may have
/// been executed and has no result is **unsettled**, and until it has one
///
/// * nothing else that touches the same bytes is sent;
/// * unsettled changes of the same bytes go one after the other, in the order in which they were sent
///   first, and only when nothing that touches these bytes is in flight.
///
/// On one connection answers come in the order of execution, so an answer that has come is no reason for
/// doubt; what is in flight behind a change that has become unsettled is taken back by hanging up.
///
/// Costs one comparison per piece while nothing is unsettled. Allocates nothing. One owner reactor.
final class RetryOrder {
    private final PiecePool narrow;
    private final PiecePool wide;
    private final PieceQueue waiting = new PieceQueue();
    private long sentCount;
    private int unsettledCount;

    RetryOrder(PiecePool narrow, PiecePool wide) {
        this.narrow = narrow;
        this.wide = wide;
    }

    /// A piece was given to a connection.
    void sent(Piece piece) {
        if (!piece.isUnsettled()) {
            piece.sentAs(++sentCount);
        }
    }

    /// A piece has been in flight, or still is, and may have been executed where the answer does not come from.
    void unsettle(Piece piece) {
        if (piece.isChange() && !piece.isUnsettled()) {
            piece.unsettled(true);
            unsettledCount++;
            piece.channel.counters().count(ClusterCounters.Event.UNSETTLED);
        }
    }

    /// A piece has its result.
    void ended(Piece piece) {
        if (piece.isUnsettled()) {
            piece.unsettled(false);
            unsettledCount--;
        }
    }

    /// Whether a piece must not be sent now.
    boolean mustWait(Piece piece) {
        return unsettledCount > 0 && (mustWait(piece, narrow) || mustWait(piece, wide));
    }

    private static boolean mustWait(Piece piece, PiecePool pool) {
        for (int index = 0; index < pool.size(); index++) {
            final Piece other = pool.piece(index);
            if (other != null && isOther(piece, other) && piece.conflictsWith(other) && goesBefore(other, piece)) {
                return true;
            }
        }
        return false;
    }

    private static boolean goesBefore(Piece other, Piece piece) {
        if (other.isUnsettled()) {
            return !piece.isUnsettled() || other.sentAs() < piece.sentAs();
        }
        return piece.isUnsettled() && other.state() == PieceState.IN_FLIGHT;
    }

    /// Hang up wherever a piece is in flight that touches the same bytes: each gets an end, and goes again in
    /// order.
    void takeBack(Piece piece) {
        takeBack(piece, narrow);
        takeBack(piece, wide);
    }

    private static void takeBack(Piece piece, PiecePool pool) {
        for (int index = 0; index < pool.size(); index++) {
            final Piece other = pool.piece(index);
            if (other != null
                    && isOther(piece, other)
                    && other.state() == PieceState.IN_FLIGHT
                    && piece.conflictsWith(other)) {
                other.link().hangUp();
            }
        }
    }

    /// Have a piece wait that must.
    void await(Piece piece) {
        waiting.add(piece);
    }

    /// Take a piece out that waits here.
    void withdraw(Piece piece) {
        waiting.remove(piece);
    }

    int waitingCount() {
        return waiting.count();
    }

    /// A piece that has waited, taken out, to be routed anew; null if there is none.
    @Nullable
    Piece takeWaiting() {
        return waiting.take();
    }

    @SuppressWarnings("ReferenceEquality") // a piece is itself and no other
    private static boolean isOther(Piece piece, Piece other) {
        return piece != other && other.state() != PieceState.FREE;
    }
}
