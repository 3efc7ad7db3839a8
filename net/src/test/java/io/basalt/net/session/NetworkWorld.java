package io.basalt.net.session;

import io.basalt.net.ClusterKey;
import io.basalt.net.NetOptions;
import io.basalt.net.NodeAddress;
import io.basalt.net.PeerIdentity;
import io.basalt.net.PeerIdentity.Role;
import io.basalt.reactor.Reactor;
import java.util.Arrays;
import java.util.function.BooleanSupplier;

/// What the contract runs on: networks of one kind on one reactor that the test drives by hand.
abstract class NetworkWorld implements AutoCloseable {
    static final ClusterKey KEY = key(1);

    private static final long BOUND_NS = 20_000_000_000L;

    static ClusterKey key(int seed) {
        final byte[] bytes = new byte[ClusterKey.BYTES];
        Arrays.fill(bytes, (byte) seed);
        return new ClusterKey(bytes);
    }

    abstract Reactor reactor();

    /// A network of a process.
    abstract StreamNetwork open(String host, NetOptions options, ClusterKey key, PeerIdentity self);

    /// Where a process on a host may listen.
    abstract NodeAddress address(String host);

    /// A connection whose bytes the test makes itself.
    abstract RawPeer raw(NodeAddress address);

    /// Lets every reactor make a pass, and time pass if none had anything to do.
    abstract void turn();

    /// The clock of the networks.
    abstract long nowNs();

    StreamNetwork open(String host, NetOptions options) {
        final Role role = host.equals("gate") ? Role.GATE : Role.CHUNK;
        return open(host, options, KEY, new PeerIdentity(role, host.length(), host));
    }

    /// Turns until something holds.
    final void until(String what, BooleanSupplier condition) {
        final long endNs = nowNs() + BOUND_NS;
        while (!condition.getAsBoolean()) {
            if (nowNs() > endNs) {
                throw new AssertionError("still not so: " + what);
            }
            turn();
        }
    }

    /// Turns while time passes.
    final void pass(long ns) {
        final long endNs = nowNs() + ns;
        while (nowNs() < endNs) {
            turn();
        }
    }

    @Override
    public abstract void close();

    /// A peer that says what the test wants.
    interface RawPeer extends AutoCloseable {
        /// Send everything, unless the connection ends.
        void send(byte[] bytes);

        /// What has come, up to a length; null at the end of the connection.
        byte[] receive(int most);

        boolean isEnded();

        @Override
        void close();
    }
}
