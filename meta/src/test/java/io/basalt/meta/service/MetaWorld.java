package io.basalt.meta.service;

import io.basalt.meta.log.MemoryLog;
import io.basalt.meta.state.Commands;
import io.basalt.meta.state.SetRecord;
import io.basalt.net.ClusterKey;
import io.basalt.net.NetOptions;
import io.basalt.net.Network;
import io.basalt.net.NodeAddress;
import io.basalt.net.PeerIdentity;
import io.basalt.net.PeerIdentity.Role;
import io.basalt.net.meta.MetaClient;
import io.basalt.net.meta.MetaClientOptions;
import io.basalt.net.meta.MetaListener;
import io.basalt.net.sim.SimNetwork;
import io.basalt.placement.ClusterMap;
import io.basalt.placement.FailureDomain;
import io.basalt.placement.RoutingRule;
import io.basalt.reactor.Engine;
import io.basalt.reactor.FdHandler;
import io.basalt.reactor.Reactor;
import io.basalt.reactor.ReactorConfiguration;
import io.basalt.testkit.ManualClock;
import io.basalt.wire.meta.GenerationBatch;
import io.basalt.wire.meta.NodeRegistration;
import io.basalt.wire.meta.VolumeRecord;
import java.lang.foreign.Arena;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.random.RandomGenerator;

/// A metaserver and its nodes in one thread: production classes over the simulated network, with time moved by
/// hand.
final class MetaWorld implements AutoCloseable {
    static final MetaServiceOptions OPTIONS =
            MetaServiceOptions.DEFAULT.withFirstSet("default", new RoutingRule(16, 3, FailureDomain.HOST), 2, 0);

    private static final ClusterKey KEY = key();
    private static final NetOptions NET = NetOptions.DEFAULT.withBuffers(64 << 10, 4 << 20, 16 << 10, 16 << 10);
    private static final long STEP_NS = 1_000_000;
    private static final long BOUND_NS = 60_000_000_000L;

    final ManualClock clock = new ManualClock(1_000_000_000L);
    final SimNetwork network;
    final MemoryLog.Storage storage = new MemoryLog.Storage();
    final NodeAddress address = new NodeAddress("meta", 7701);
    private final Arena arena = Arena.ofShared();
    private final Reactor reactor = new Reactor(
            ReactorConfiguration.of("test", 0), clock::nanoTime, new NoEngine(), () -> true, (where, source, fault) -> {
                throw new AssertionError(source + " failed", fault);
            });
    private final RandomGenerator random;
    private final MetaServiceOptions options;
    private final List<Node> nodes = new ArrayList<>();
    private MetaService service;
    private MemoryLog log;
    private boolean ready;

    /// The time of day, moved by hand.
    long wallMs = 1_700_000_000_000L;

    MetaWorld(RandomGenerator random) {
        this(random, OPTIONS);
    }

    MetaWorld(RandomGenerator random, MetaServiceOptions options) {
        this.random = random;
        this.options = options;
        network = new SimNetwork(clock::nanoTime, random::nextLong, arena);
        log = newLog();
        service = newService();
        startService();
    }

    /// A node, and what it has heard.
    final class Node implements MetaListener {
        final String host;
        final MetaClient client;
        final Map<Integer, ClusterMap> maps = new HashMap<>();
        final Map<Long, Integer> generations = new HashMap<>();
        final List<VolumeRecord> changed = new ArrayList<>();
        final Deque<Runnable> held = new ArrayDeque<>();
        int batches;
        int disconnects;
        boolean holdsAcknowledgements;

        private Node(String host, Role role, NodeRegistration registration, long instance) {
            this.host = host;
            final Network own = network.open(reactor, host, NET, KEY, new PeerIdentity(role, 0, host));
            client = new MetaClient(reactor, own, MetaClientOptions.of(List.of(address), registration, instance), this);
            client.start();
        }

        @Override
        public void mapChanged(int setId, ClusterMap map) {
            final ClusterMap before = maps.put(setId, map);
            if (before != null && before.version() >= map.version()) {
                throw new AssertionError("map " + map.version() + " came after " + before.version());
            }
        }

        @Override
        public void generationsRaised(GenerationBatch batch, Runnable acknowledge) {
            batches++;
            final Runnable known = () -> {
                for (int index = 0; index < batch.count(); index++) {
                    generations.merge(batch.volumeIds()[index], batch.generations()[index], Math::max);
                }
                acknowledge.run();
            };
            if (holdsAcknowledgements) {
                held.add(known);
            } else {
                known.run();
            }
        }

        @Override
        public void volumeChanged(VolumeRecord volume) {
            changed.add(volume);
        }

        @Override
        public void disconnected(String reason) {
            disconnects++;
        }

        void releaseAcknowledgements() {
            holdsAcknowledgements = false;
            for (Runnable next = held.poll(); next != null; next = held.poll()) {
                next.run();
            }
        }
    }

    Reactor reactor() {
        return reactor;
    }

    MetaService service() {
        return service;
    }

    SetRecord set() {
        return service.state().sets().iterator().next();
    }

    Node chunk(int number) {
        return chunk(number, 1);
    }

    Node chunk(int number, int devices) {
        return add(new Node("chunk-" + number, Role.CHUNK, Commands.chunk(number, devices), 1000L + number));
    }

    Node gate(int number, long instance) {
        return add(new Node("gate-" + number, Role.GATE, Commands.gate(number), instance));
    }

    private Node add(Node node) {
        nodes.add(node);
        return node;
    }

    /// Three chunk servers and a gate, all ready, and the set laid out. Node and device numbers are those
    /// of the chunk servers.
    Node cluster() {
        for (int number = 1; number <= 3; number++) {
            final Node chunk = chunk(number);
            until("chunk server " + number + " is ready", chunk.client::ready);
        }
        final Node gate = gate(1, 100);
        until("everything is up", () -> settled());
        return gate;
    }

    Node node(String host) {
        return nodes.stream().filter(node -> node.host.equals(host)).findFirst().orElseThrow();
    }

    /// Whether every node is ready, has the newest map, and all devices are up.
    boolean settled() {
        if (!ready || service.state().sets().isEmpty() || !set().laidOut()) {
            return false;
        }
        for (final Node node : nodes) {
            final ClusterMap map = node.maps.get(1);
            if (!node.client.ready()
                    || map == null
                    || map.version() != set().map().version()) {
                return false;
            }
        }
        return set().map().devices().stream().allMatch(device -> device.state().up());
    }

    /// The process of the metaserver ends at once, and begins anew with what its log has kept.
    void restartService() {
        network.crash("meta", false);
        log.close();
        service.close();
        ready = false;
        log = newLog();
        service = newService();
        startService();
    }

    void until(String what, BooleanSupplier condition) {
        final long endNs = clock.nanoTime() + BOUND_NS;
        while (!condition.getAsBoolean()) {
            if (clock.nanoTime() > endNs) {
                throw new AssertionError("still not so: " + what);
            }
            turn();
        }
    }

    void pass(long ns) {
        final long endNs = clock.nanoTime() + ns;
        while (clock.nanoTime() < endNs) {
            turn();
        }
    }

    /// A network for a peer that the test plays itself.
    Network peer(String host, Role role) {
        return network.open(reactor, host, NET, KEY, new PeerIdentity(role, 0, host));
    }

    @Override
    public void close() {
        nodes.forEach(node -> node.client.close());
        service.close();
        arena.close();
    }

    private void turn() {
        if (reactor.runOnce() == 0) {
            final long untilNs = network.nextEventNs() - clock.nanoTime();
            clock.advance(Math.min(STEP_NS, Math.max(1, untilNs)));
        }
    }

    private MemoryLog newLog() {
        return new MemoryLog(reactor, storage, 200_000, 50);
    }

    private MetaService newService() {
        final Network own = network.open(reactor, "meta", NET, KEY, new PeerIdentity(Role.META, 0, "meta"));
        return new MetaService(reactor, own, log, options, random::nextLong, () -> wallMs);
    }

    private void startService() {
        service.start(address, () -> ready = true, reason -> ready = false);
        until("the metaserver leads", () -> ready);
    }

    private static ClusterKey key() {
        final byte[] bytes = new byte[ClusterKey.BYTES];
        Arrays.fill(bytes, (byte) 7);
        return new ClusterKey(bytes);
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
