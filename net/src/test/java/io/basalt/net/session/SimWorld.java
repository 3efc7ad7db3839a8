package io.basalt.net.session;

import io.basalt.net.ClusterKey;
import io.basalt.net.NetOptions;
import io.basalt.net.NodeAddress;
import io.basalt.net.PeerIdentity;
import io.basalt.net.sim.SimNetwork;
import io.basalt.net.sim.SimRawPeer;
import io.basalt.reactor.Engine;
import io.basalt.reactor.FdHandler;
import io.basalt.reactor.Reactor;
import io.basalt.reactor.ReactorConfiguration;
import io.basalt.testkit.ManualClock;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.random.RandomGenerator;

/// The simulated network on one reactor, whose clock goes on when nothing is to be done.
final class SimWorld extends NetworkWorld {
    private static final long STEP_NS = 100_000;

    private final ManualClock clock = new ManualClock(1_000_000_000L);
    private final Arena arena = Arena.ofShared();
    private final Reactor reactor = new Reactor(
            ReactorConfiguration.of("test", 0), clock::nanoTime, new NoEngine(), () -> true, (where, source, fault) -> {
                throw new AssertionError(source + " failed", fault);
            });
    private final SimNetwork network;

    SimWorld(RandomGenerator random) {
        network = new SimNetwork(clock::nanoTime, random::nextLong, arena);
    }

    SimNetwork network() {
        return network;
    }

    @Override
    Reactor reactor() {
        return reactor;
    }

    @Override
    StreamNetwork open(String host, NetOptions options, ClusterKey key, PeerIdentity self) {
        return network.open(reactor, host, options, key, self);
    }

    @Override
    NodeAddress address(String host) {
        return new NodeAddress(host, 0);
    }

    @Override
    void turn() {
        if (reactor.runOnce() == 0) {
            final long untilNs = network.nextEventNs() - clock.nanoTime();
            clock.advance(Math.min(STEP_NS, Math.max(1, untilNs)));
        }
    }

    @Override
    long nowNs() {
        return clock.nanoTime();
    }

    @Override
    public void close() {
        arena.close();
    }

    @Override
    RawPeer raw(NodeAddress address) {
        return new SimPeer(network.connectRaw(address, "raw"));
    }

    private final class SimPeer implements RawPeer {
        private final SimRawPeer peer;

        SimPeer(SimRawPeer peer) {
            this.peer = peer;
        }

        @Override
        public void send(byte[] bytes) {
            try (Arena memory = Arena.ofConfined()) {
                final MemorySegment segment = memory.allocateFrom(ValueLayout.JAVA_BYTE, bytes);
                long at = 0;
                while (at < bytes.length && !peer.isEnded()) {
                    at += peer.send(segment.asSlice(at));
                    turn();
                }
            }
        }

        @Override
        public byte[] receive(int most) {
            try (Arena memory = Arena.ofConfined()) {
                final MemorySegment segment = memory.allocate(most);
                final int length = peer.receive(segment);
                return segment.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE);
            }
        }

        @Override
        public boolean isEnded() {
            return peer.isEnded();
        }

        @Override
        public void close() {
            peer.close();
        }
    }

    /// The reactor of a simulation does no I/O of its own.
    private static final class NoEngine implements Engine {
        @Override
        public int poll() {
            return 0;
        }

        @Override
        public int sleep(long timeoutNs) {
            return 0;
        }

        @Override
        public void wake() {}

        @Override
        public int watch(int fd, int events, FdHandler handler) {
            throw new AssertionError("no descriptor in a simulation");
        }

        @Override
        public void unwatch(int watch) {
            throw new AssertionError("no descriptor in a simulation");
        }

        @Override
        public void close() {}
    }
}
