package io.basalt.net.session;

import io.basalt.net.ClusterKey;
import io.basalt.net.NetOptions;
import io.basalt.net.NodeAddress;
import io.basalt.net.PeerIdentity;
import io.basalt.net.tcp.TcpNetwork;
import io.basalt.reactor.Reactor;
import io.basalt.reactor.ReactorConfiguration;
import io.basalt.reactor.uring.UringEngine;
import io.basalt.testkit.PatientClock;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;

/// TCP over loopback, on a reactor that runs in the test's own thread, by a clock that stands still while the
/// test does.
final class TcpWorld extends NetworkWorld {
    private final UringEngine engine = UringEngine.open(256);
    private final PatientClock clock = new PatientClock();
    private final Thread owner = Thread.currentThread();
    private final Reactor reactor = new Reactor(
            ReactorConfiguration.of("test", 0),
            clock::nanoTime,
            engine,
            () -> Thread.currentThread().equals(owner),
            (where, source, fault) -> {
                throw new AssertionError(source + " failed", fault);
            });
    private final List<StreamNetwork> networks = new ArrayList<>();

    @Override
    Reactor reactor() {
        return reactor;
    }

    @Override
    StreamNetwork open(String host, NetOptions options, ClusterKey key, PeerIdentity self) {
        final StreamNetwork network = TcpNetwork.open(reactor, options, key, self);
        networks.add(network);
        return network;
    }

    @Override
    NodeAddress address(String host) {
        return new NodeAddress(host.equals("six") ? "::1" : "127.0.0.1", 0);
    }

    @Override
    void turn() {
        reactor.runOnce();
    }

    @Override
    long nowNs() {
        return clock.nanoTime();
    }

    @Override
    public void close() {
        networks.forEach(StreamNetwork::close);
        for (final StreamNetwork network : networks) {
            until("network is closed", network::isClosed);
        }
        engine.close();
    }

    @Override
    RawPeer raw(NodeAddress address) {
        try {
            final SocketChannel channel = SocketChannel.open(new InetSocketAddress(address.host(), address.port()));
            channel.configureBlocking(false);
            return new TcpPeer(channel);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private final class TcpPeer implements RawPeer {
        private final SocketChannel channel;
        private boolean ended;

        TcpPeer(SocketChannel channel) {
            this.channel = channel;
        }

        @Override
        public void send(byte[] bytes) {
            final ByteBuffer buffer = ByteBuffer.wrap(bytes);
            try {
                while (buffer.hasRemaining() && !ended) {
                    if (channel.write(buffer) == 0) {
                        turn();
                    }
                }
            } catch (IOException e) {
                ended = true;
            }
        }

        @Override
        public byte[] receive(int most) {
            final ByteBuffer buffer = ByteBuffer.allocate(most);
            try {
                ended |= channel.read(buffer) < 0;
            } catch (IOException e) {
                ended = true;
            }
            final byte[] bytes = new byte[buffer.position()];
            buffer.flip().get(bytes);
            return bytes;
        }

        @Override
        public boolean isEnded() {
            return ended;
        }

        @Override
        public void close() {
            try {
                channel.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
