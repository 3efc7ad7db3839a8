package io.basalt.net.sim;

import io.basalt.net.session.Pieces;
import java.lang.foreign.MemorySegment;

/// The end of a simulated connection that a test holds in its own hands, to say what no true peer would.
public final class SimRawPeer {
    private final SimNetwork world;
    private final SimPipe out;
    private final SimPipe in;
    private final Pieces pieces = new Pieces(1);

    SimRawPeer(SimNetwork world, SimPipe out, SimPipe in) {
        this.world = world;
        this.out = out;
        this.in = in;
    }

    /// Send bytes.
    ///
    /// @return how many went; the rest finds the way full
    public int send(MemorySegment bytes) {
        final int length = (int) Math.min(out.room(), bytes.byteSize());
        if (length > 0) {
            pieces.clear();
            pieces.add(bytes, 0, length);
            out.put(pieces, length, world.nowNs());
        }
        return length;
    }

    /// Receive what has arrived.
    ///
    /// @return how many bytes
    public int receive(MemorySegment into) {
        final int length = (int) Math.min(into.byteSize(), in.arrived(world.nowNs()));
        if (length > 0) {
            pieces.clear();
            pieces.add(into, 0, length);
            in.take(pieces, length);
        }
        return length;
    }

    /// Whether the peer has ended the connection.
    public boolean isEnded() {
        return in.ended || in.broken;
    }

    /// End the connection.
    public void close() {
        world.endPipe(out);
    }
}
