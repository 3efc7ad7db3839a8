package io.basalt.gate.cluster;

import io.basalt.block.BlockStatus;
import io.basalt.gate.cluster.ClusterCounters.Event;
import io.basalt.net.CallStatus;
import io.basalt.placement.ClusterMap;
import io.basalt.placement.Mix64;
import io.basalt.reactor.Reactor;
import io.basalt.wire.data.AnswerBody;
import io.basalt.wire.data.AnswerCode;
import io.basalt.wire.data.ServiceTimes;
import org.jspecify.annotations.Nullable;

/// The decision, for each piece at each attempt, where it goes or what it waits for; and for each answer,
/// whether it is a result. The data path's half of a [ClusterPort].
///
/// | answer | what follows |
/// |---|---|
/// | OK | the piece's result |
/// | STALE_EPOCH, NOT_PRIMARY | again with a newer map; after a pause if the map is as new as the answer |
/// | NO_LEASE, BUSY, no memory | again after a pause that doubles |
/// | OVERLOADED | again after the pause that the answer says, spread over twice that |
/// | connection lost, no answer in time | again, wherever the map then says |
/// | payload changed under way | again from a private copy |
/// | FENCED | the volume is another gate's: it and everything after it fails |
/// | NO_SPACE, IO_ERROR, CORRUPT | the piece's result |
/// | anything else | breaks the protocol: fails, counted |
///
/// A change is sent again under the same identity, so one primary executes it once; what another one may execute a
/// second time keeps its place ([RetryOrder]). A read changes nothing. Nothing is
/// given up unless the volume has an I/O time-out. Allocates nothing, belongs to one reactor.
final class PieceRouter {
    /// Spreads the retries of pieces that were refused together.
    private static final long SPREAD_NS = 16_384;

    private static final int SPREAD_STEPS = 16;

    /// No primary knows better for longer than this.
    private static final long OVERLOADED_MAX_NS = 1_000_000_000L;

    private final Reactor reactor;
    private final ClusterTimes times;
    private int spread;
    private long overloads;

    PieceRouter(Reactor reactor, ClusterTimes times) {
        this.reactor = reactor;
        this.times = times;
    }

    Reactor reactor() {
        return reactor;
    }

    long nowNs() {
        return reactor.nowNs();
    }

    /// Try a piece again.
    void again(Piece piece) {
        piece.channel.counters().count(Event.RETRIED);
        route(piece);
    }

    /// Send a piece that is READY on its way, or have it wait for what is missing.
    void route(Piece piece) {
        if (piece.channel.isCondemned()) {
            finish(piece, BlockStatus.IO_ERROR);
            return;
        }
        if (piece.isExpired(reactor.nowNs())) {
            expire(piece);
            return;
        }
        final SetRoute route = piece.route();
        final ClusterMap map = route.map();
        if (map == null) {
            awaitMap(piece);
            return;
        }
        if (piece.pg() == SetRoute.NO_PG) {
            piece.placeInto(route);
        }
        final ChunkLink link = route.primary(piece.pg());
        if (link == null) {
            awaitMap(piece);
        } else if (piece.isChange() && !piece.hasIdentity() && !route.identify(piece)) {
            piece.channel.counters().count(Event.IDENTITY_WAITS);
            piece.become(PieceState.WAITING_IDENTITY);
            route.await(piece);
        } else if (mayBeSent(piece)) {
            link.send(piece);
        }
    }

    /// Whether a piece that is READY may be sent now; if not, it waits for others from now on.
    boolean mayBeSent(Piece piece) {
        final RetryOrder order = piece.channel.retryOrder();
        if (!order.mustWait(piece)) {
            return true;
        }
        piece.channel.counters().count(Event.ORDER_WAITS);
        piece.become(PieceState.WAITING_ORDER);
        order.await(piece);
        return false;
    }

    /// Something has ended that pieces may have waited for.
    private void routeWaiting(ClusterChannel channel) {
        final RetryOrder order = channel.retryOrder();
        for (int left = order.waitingCount(); left > 0; left--) {
            final Piece waiter = order.takeWaiting();
            if (waiter == null) {
                return;
            }
            waiter.become(PieceState.READY);
            route(waiter);
        }
    }

    /// A piece that was in flight is over, one way or another.
    void ended(Piece piece, CallStatus status, int code) {
        final ChunkLink link = piece.link();
        final ClusterChannel channel = piece.channel;
        channel.counters().count(status);
        switch (status) {
            case ANSWERED -> {
                link.alive();
                answered(piece, code);
            }
            case DISCONNECTED -> {
                // All that was in flight on the connection ends with it.
                channel.retryOrder().unsettle(piece);
                again(piece);
            }
            case TIMED_OUT -> {
                unsettle(piece);
                again(piece);
            }
            case PAYLOAD_CHANGED -> {
                piece.copyFromNowOn();
                again(piece);
            }
            case OVERLOADED -> backOff(piece);
            case MEMORY_LOST -> memoryLost(piece);
        }
        link.pump();
        routeWaiting(channel);
    }

    private void answered(Piece piece, int number) {
        final AnswerCode code = AnswerCode.of(number);
        final int length = piece.answerBodyLength();
        if (code == null || (length != AnswerBody.BYTES && (length != ServiceTimes.BYTES || code != AnswerCode.OK))) {
            badAnswer(piece);
            return;
        }
        piece.channel.counters().count(code);
        switch (code) {
            case OK -> {
                if (piece.isRead() && piece.answerPayloadLength() != piece.length()) {
                    badAnswer(piece);
                } else {
                    piece.countDevices(nowNs());
                    finish(piece, BlockStatus.OK);
                }
            }
            case STALE_EPOCH -> misdirected(piece, AnswerBody.epoch(piece.answerBody()));
            case NOT_PRIMARY -> {
                final int epochThere = AnswerBody.epoch(piece.answerBody());
                // Perhaps it was begun, and given up half-way when another one became primary.
                unsettle(piece);
                misdirected(piece, epochThere);
            }
            case NO_LEASE, BUSY -> backOff(piece);
            case OVERLOADED -> overloaded(piece, AnswerBody.value(piece.answerBody()));
            case FENCED -> fenced(piece, AnswerBody.value(piece.answerBody()));
            case NO_SPACE -> fail(piece, BlockStatus.NO_SPACE);
            case IO_ERROR, CORRUPT -> fail(piece, BlockStatus.IO_ERROR);
            case BAD_REQUEST, NO_SESSION, STALE_VERSION, STALE_REQUEST -> badAnswer(piece);
        }
    }

    private static void unsettle(Piece piece) {
        if (piece.isChange()) {
            piece.channel.retryOrder().unsettle(piece);
            piece.channel.retryOrder().takeBack(piece);
        }
    }

    /// The map that the piece was sent by is not what holds at its receiver.
    private void misdirected(Piece piece, int epochThere) {
        final int epochHere = piece.route().epoch(piece.pg());
        if (epochHere > piece.epoch()) {
            // A newer map has come meanwhile.
            again(piece);
        } else if (epochThere > epochHere) {
            awaitMap(piece);
        } else {
            // The receiver is behind: it will hear what it is.
            backOff(piece);
        }
    }

    private void awaitMap(Piece piece) {
        piece.channel.counters().count(Event.MAP_WAITS);
        piece.become(PieceState.WAITING_MAP);
        reactor.schedule(piece.retry(), times.mapWaitNs());
    }

    private void backOff(Piece piece) {
        piece.channel.counters().count(Event.BACK_OFFS);
        piece.become(PieceState.BACKING_OFF);
        spread = (spread + 1) % SPREAD_STEPS;
        final long pauseNs = ClusterTimes.doubled(times.backOffMinNs(), times.backOffMaxNs(), piece.backOff());
        reactor.schedule(piece.retry(), pauseNs + spread * SPREAD_NS);
    }

    /// The primary says when it could do it. Those that it has told the same come at different times.
    private void overloaded(Piece piece, long toldNs) {
        piece.channel.counters().count(Event.BACK_OFFS);
        piece.become(PieceState.BACKING_OFF);
        final long pauseNs = Math.max(times.backOffMinNs(), Math.min(toldNs, OVERLOADED_MAX_NS));
        overloads++;
        final long drawn = Mix64.mix64(piece.route().gateInstance(), overloads) >>> 1;
        reactor.schedule(piece.retry(), pauseNs + drawn % pauseNs);
    }

    private void fenced(Piece piece, long newerGeneration) {
        piece.channel.fenced(newerGeneration);
        fail(piece, BlockStatus.IO_ERROR);
    }

    private void badAnswer(Piece piece) {
        piece.channel.counters().count(Event.BAD_ANSWERS);
        fail(piece, BlockStatus.IO_ERROR);
    }

    /// The memory that the piece's data lies in is gone.
    void memoryLost(Piece piece) {
        piece.channel.counters().count(Event.MEMORY_LOST);
        fail(piece, BlockStatus.IO_ERROR);
    }

    private void expire(Piece piece) {
        piece.channel.counters().count(Event.EXPIRED);
        fail(piece, BlockStatus.IO_ERROR);
    }

    private void fail(Piece piece, BlockStatus status) {
        piece.channel.counters().count(Event.FAILED);
        finish(piece, status);
    }

    /// A piece that is READY has its result.
    private void finish(Piece piece, BlockStatus status) {
        final SetRoute route = piece.route();
        final int pg = piece.pg();
        final boolean identified = piece.hasIdentity();
        if (identified) {
            route.forget(piece);
        }
        final ClusterChannel channel = piece.channel;
        channel.retryOrder().ended(piece);
        channel.ended(piece, status);
        if (identified) {
            routeNext(route, pg);
        }
        routeWaiting(channel);
    }

    private void routeNext(SetRoute route, int pg) {
        @Nullable Piece waiter = route.nextIdentifiable(pg);
        while (waiter != null) {
            waiter.become(PieceState.READY);
            route(waiter);
            waiter = route.nextIdentifiable(pg);
        }
    }

    /// Take a piece from what it waits for: it is READY. Not for pieces in flight.
    void recall(Piece piece) {
        switch (piece.state()) {
            case WAITING_MAP, BACKING_OFF -> reactor.cancel(piece.retry());
            case WAITING_IDENTITY -> piece.route().withdraw(piece);
            case WAITING_CONNECTION -> piece.link().withdraw(piece);
            case WAITING_ORDER -> piece.channel.retryOrder().withdraw(piece);
            case FREE, READY, IN_FLIGHT -> throw new AssertionError("a piece that is " + piece.state() + " waits not");
        }
        piece.become(PieceState.READY);
    }
}
