package io.basalt.gate.cluster;

import io.basalt.gate.cluster.ClusterCounters.Event;
import io.basalt.net.Connection;
import io.basalt.net.ConnectionListener;
import io.basalt.net.Incoming;
import io.basalt.net.NetException;
import io.basalt.net.Network;
import io.basalt.net.NodeAddress;
import io.basalt.net.Service;
import io.basalt.reactor.TimerTask;
import io.basalt.wire.ProtocolVersions;
import org.jspecify.annotations.Nullable;

/// The way to one chunk reactor: one connection at a time, made when it is first needed and again when it
/// is lost, and the pieces that wait for it. Shared by all volumes of a reactor. See [LinkState].
///
/// Pieces go in the order in which they came; a piece that finds others waiting waits behind them. Nothing
/// here allocates except connecting. One owner reactor; [#status()] may be asked by any thread.
final class ChunkLink extends TimerTask {
    /// A chunk server asks nothing of a gate.
    private static final Service NONE = new Service() {
        @Override
        public void request(Incoming request) {
            request.refuse();
        }

        @Override
        public int bodyBytesMax(int type) {
            return -1;
        }
    };

    private final String address;
    private final Network network;
    private final PieceRouter router;
    private final ClusterTimes times;
    private final PieceQueue waiting = new PieceQueue();

    private volatile LinkState state = LinkState.IDLE;
    private volatile String reason = "";
    private @Nullable Connection connection;
    private int failures;
    private boolean pumping;

    /// Since when pieces wait though none is under way; 0 if that is not so.
    private long starvedSinceNs;

    /// @param address `host:port`, as the map has it
    ChunkLink(String address, Network network, PieceRouter router, ClusterTimes times) {
        this.address = address;
        this.network = network;
        this.router = router;
        this.times = times;
    }

    String address() {
        return address;
    }

    LinkStatus status() {
        final Connection open = connection;
        return new LinkStatus(address, state, open == null ? 0 : open.inFlight(), waiting.count(), reason);
    }

    /// Send a piece, now or when it can be; connect if need be.
    void send(Piece piece) {
        if (waiting.isEmpty() && transmit(piece)) {
            return;
        }
        piece.channel.counters().count(Event.CONNECTION_WAITS);
        piece.become(PieceState.WAITING_CONNECTION);
        piece.onLink(this);
        waiting.add(piece);
        reopen();
        if (state == LinkState.READY) {
            lookAgainLater();
        }
    }

    /// Connect, if nobody has needed it yet, so that the first piece need not wait for that.
    void open() {
        if (state == LinkState.IDLE) {
            connect();
        }
    }

    /// Connect again if the connection was lost while nobody needed it.
    void reopen() {
        if (state == LinkState.IDLE || (state == LinkState.BACKING_OFF && !isScheduled())) {
            connect();
        }
    }

    /// Whether it is about to be there.
    boolean isConnecting() {
        return state == LinkState.CONNECTING;
    }

    /// Give a piece to the connection.
    ///
    /// @return false if it does not take it
    private boolean transmit(Piece piece) {
        final Connection open = connection;
        if (open == null || state != LinkState.READY) {
            return false;
        }
        final SetRoute route = piece.route();
        piece.address(
                route.epoch(piece.pg()),
                router.nowNs() + times.attemptNs(),
                open.version() >= ProtocolVersions.SCHEDULING);
        final boolean sent;
        try {
            sent = open.send(piece);
        } catch (InternalError gone) {
            // Copied data lay in memory that a front end has truncated: the piece's own failure, and nobody else's.
            router.memoryLost(piece);
            return true;
        }
        if (sent) {
            piece.onLink(this);
            piece.sentAt(router.nowNs());
            piece.become(PieceState.IN_FLIGHT);
            piece.channel.retryOrder().sent(piece);
            piece.channel.counters().count(Event.SENT);
            if (piece.isCopied()) {
                piece.channel.counters().count(Event.COPIED);
            }
        }
        return sent;
    }

    /// Send what waits, as far as credits go. After a call has completed.
    void pump() {
        if (pumping || state != LinkState.READY) {
            return;
        }
        pumping = true;
        Piece piece = waiting.take();
        while (piece != null) {
            piece.become(PieceState.READY);
            if (!router.mayBeSent(piece)) {
                piece = waiting.take();
                continue;
            }
            if (!transmit(piece)) {
                piece.become(PieceState.WAITING_CONNECTION);
                waiting.putBack(piece);
                lookAgainLater();
                break;
            }
            starvedSinceNs = 0;
            piece = waiting.take();
        }
        pumping = false;
    }

    /// Credits may also come back without a call of ours completing.
    private void lookAgainLater() {
        if (!isScheduled()) {
            router.reactor().schedule(this, times.creditWaitNs());
        }
    }

    /// A peer that has taken requests and never answers them keeps their credits: a new connection has new ones.
    private void hangUpIfStarved(long nowNs) {
        final Connection open = connection;
        if (waiting.isEmpty() || open == null || open.inFlight() > 0) {
            starvedSinceNs = 0;
        } else if (starvedSinceNs == 0) {
            starvedSinceNs = nowNs;
        } else if (nowNs - starvedSinceNs >= times.attemptNs()) {
            hangUp();
        }
    }

    /// Take a piece out that waits here.
    void withdraw(Piece piece) {
        waiting.remove(piece);
    }

    /// A piece that waits here, taken out, to be routed anew; null if there is none.
    @Nullable
    Piece takeWaiting() {
        return waiting.take();
    }

    int waitingCount() {
        return waiting.count();
    }

    /// Lose the connection, so that what is under way on it is tried elsewhere.
    void hangUp() {
        final Connection open = connection;
        if (open != null) {
            open.close();
        }
    }

    /// Connect no more. Nothing waits here, and nothing will.
    void close() {
        assert waiting.isEmpty();
        become(LinkState.CLOSED);
        router.reactor().cancel(this);
        hangUp();
    }

    private void connect() {
        become(LinkState.CONNECTING);
        try {
            connection = network.connect(parse(address), NONE, new ConnectionListener() {
                @Override
                public void ready(Connection which) {
                    connected();
                }

                @Override
                public void closed(Connection which, String why) {
                    lost(why);
                }
            });
        } catch (NetException | IllegalArgumentException unusable) {
            lost(String.valueOf(unusable.getMessage()));
        }
    }

    private void connected() {
        if (state == LinkState.CLOSED) {
            hangUp();
            return;
        }
        become(LinkState.READY);
        pump();
    }

    /// The peer has answered: it not only connects, it works.
    void alive() {
        failures = 0;
    }

    private void lost(String why) {
        connection = null;
        if (state == LinkState.CLOSED) {
            return;
        }
        reason = why;
        starvedSinceNs = 0;
        failures++;
        become(LinkState.BACKING_OFF);
        router.reactor().cancel(this);
        if (!waiting.isEmpty()) {
            router.reactor().schedule(this, pauseNs());
        }
    }

    /// None before the first attempt after a connection that has brought an answer.
    private long pauseNs() {
        return failures == 1 ? 0 : ClusterTimes.doubled(times.reconnectMinNs(), times.reconnectMaxNs(), failures - 1);
    }

    @Override
    protected void expired(long nowNs) {
        if (state == LinkState.READY) {
            pump();
            hangUpIfStarved(nowNs);
        } else if (state == LinkState.BACKING_OFF && !waiting.isEmpty()) {
            connect();
        }
    }

    private void become(LinkState next) {
        assert state.canBecome(next) : state + " -> " + next;
        state = next;
    }

    private static NodeAddress parse(String text) {
        final int colon = text.lastIndexOf(':');
        String host = text.substring(0, Math.max(colon, 0));
        if (host.startsWith("[") && host.endsWith("]")) {
            host = host.substring(1, host.length() - 1);
        }
        return new NodeAddress(host, Integer.parseInt(text.substring(colon + 1)));
    }
}
