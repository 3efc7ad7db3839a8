package io.basalt.net.sim;

import io.basalt.net.session.ByteStream;
import io.basalt.net.session.Pieces;
import org.jspecify.annotations.Nullable;

/// One end of a simulated connection.
final class SimStream implements ByteStream {
    private final SimNetwork world;
    private final SimEndpoint endpoint;
    private final Handler handler;
    private final String peerAddress;
    private final SimPipe out;
    private final SimPipe in;

    /// When this end learns that the connection stands; `Long.MAX_VALUE` once it has.
    private long connectedNs;

    private @Nullable Pieces outgoing;
    private @Nullable Pieces incoming;
    private int sent;
    private boolean endSeen;
    private boolean closing;
    private @Nullable String broken;

    SimStream(
            SimNetwork world,
            SimEndpoint endpoint,
            Handler handler,
            String peerAddress,
            SimPipe out,
            SimPipe in,
            long connectedNs) {
        this.world = world;
        this.endpoint = endpoint;
        this.handler = handler;
        this.peerAddress = peerAddress;
        this.out = out;
        this.in = in;
        this.connectedNs = connectedNs;
        out.writtenBy(endpoint);
        in.readBy(endpoint);
    }

    /// Have this end hear at its next turn that there is no connection.
    void breakOff(String reason) {
        broken = reason;
        endpoint.changed();
    }

    @Override
    public void send(Pieces pieces) {
        assert outgoing == null : "one send at a time";
        outgoing = pieces;
    }

    @Override
    public void receive(Pieces pieces) {
        assert incoming == null : "one receive at a time";
        incoming = pieces;
    }

    @Override
    public void close() {
        assert !closing;
        closing = true;
    }

    @Override
    public String peerAddress() {
        return peerAddress;
    }

    /// Do what is due.
    ///
    /// @return how much was done
    int poll(long nowNs) {
        if (closing) {
            world.endPipe(out);
            endpoint.ended(this);
            handler.closed();
            return 1;
        }
        if (broken != null) {
            final String reason = broken;
            broken = null;
            handler.failed(reason);
            return 1;
        }
        if (connectedNs != Long.MAX_VALUE) {
            if (connectedNs > nowNs) {
                return 0;
            }
            connectedNs = Long.MAX_VALUE;
            handler.connected();
            return 1;
        }
        return tellSent() + push(nowNs) + (closing ? 0 : pull(nowNs));
    }

    /// When [#poll] has something to do at the earliest; `Long.MAX_VALUE` if that depends on others.
    long nextNs(long nowNs) {
        if (closing || broken != null || sent > 0 || (outgoing != null && out.room() > 0 && isConnected())) {
            return nowNs;
        }
        if (!isConnected()) {
            return connectedNs;
        }
        if (incoming == null || endSeen || world.isBlocked(in)) {
            return Long.MAX_VALUE;
        }
        return Math.max(in.nextArrivalNs(), world.clogEndNs(in));
    }

    private boolean isConnected() {
        return connectedNs == Long.MAX_VALUE;
    }

    private int tellSent() {
        if (sent == 0) {
            return 0;
        }
        final int length = sent;
        sent = 0;
        handler.sent(length);
        return 1;
    }

    private int push(long nowNs) {
        final Pieces pieces = outgoing;
        if (pieces == null || closing) {
            return 0;
        }
        final int length = (int) Math.min(out.room(), pieces.byteCount());
        if (length == 0) {
            return 0;
        }
        outgoing = null;
        sent = length;
        out.put(pieces, length, nowNs + world.delayNs(out));
        world.mayHarm(out, length);
        return 1;
    }

    private int pull(long nowNs) {
        final Pieces pieces = incoming;
        if (pieces == null || endSeen || world.isBlocked(in) || world.clogEndNs(in) > nowNs) {
            return 0;
        }
        if (in.broken) {
            if (in.endNs > nowNs) {
                return 0;
            }
            endSeen = true;
            if (in.senderGone) {
                handler.ended("reset by the peer");
            } else {
                handler.failed("connection lost on the way");
            }
            return 1;
        }
        final int arrived = (int) Math.min(pieces.byteCount(), in.arrived(nowNs));
        if (arrived > 0) {
            final int length = world.pieceOf(arrived);
            incoming = null;
            in.take(pieces, length);
            handler.received(length);
            return 1;
        }
        if (in.ended && in.nextArrivalNs() <= nowNs) {
            endSeen = true;
            handler.ended("closed by the peer");
            return 1;
        }
        return 0;
    }
}
