package io.basalt.gate.daemon;

import io.basalt.gate.cluster.ClusterClient;
import io.basalt.gate.cluster.ClusterPort;
import io.basalt.gate.cluster.ClusterTimes;
import io.basalt.gate.controller.Controllers.DataReactor;
import io.basalt.net.ClusterKey;
import io.basalt.net.NetOptions;
import io.basalt.net.Network;
import io.basalt.net.PeerIdentity;
import io.basalt.net.meta.MetaClientOptions;
import io.basalt.net.tcp.ClusterKeyFile;
import io.basalt.net.tcp.TcpNetwork;
import io.basalt.reactor.Reactor;
import io.basalt.wire.meta.NodeRegistration;
import io.basalt.wire.meta.NodeRole;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/// A gate's membership in a cluster: a network on every reactor, the data reactors' ports, and the
/// client that speaks to the metaserver. Made and closed by one thread that is none of the reactors'.
final class ClusterMembership implements AutoCloseable {
    private static final String UUID_FILE = "node.uuid";
    private static final Duration CLOSE_LIMIT = Duration.ofSeconds(5);

    /// Long, as a host that comes up starts everything at once; only a reactor that is stuck takes it all.
    private static final Duration ANSWER_LIMIT = Duration.ofMinutes(1);

    private static final long CLOSE_LOOK_NS = 1_000_000;

    private static final long MS_NS = 1_000_000;

    /// A chunk server that has stood still for this long is asked elsewhere; one that lives says so
    /// more often.
    private static final long SILENCE_NS = 700 * MS_NS;

    private static final long HEARTBEAT_NS = 150 * MS_NS;
    private static final long HANDSHAKE_NS = 1_000 * MS_NS;

    /// Guests' data goes straight to where it belongs; the pool is for data that has to be copied
    /// first.
    private static final int POOL_BYTES = 32 << 20;

    private static final int PAYLOAD_BYTES_MAX = 64 << 10;
    private static final int RECEIVE_BYTES = 64 << 10;
    private static final int DIRECT_BYTES_MIN = 16 << 10;

    private final List<Way> ways = new ArrayList<>();
    private final List<ClusterPort> ports = new ArrayList<>();
    private final Way control;
    private final ClusterClient client;

    /// A reactor and its network.
    private record Way(Reactor reactor, Network network) {}

    /// Open everything; nothing is connected until [#start()].
    ///
    /// @param data folder that the node's identity is kept in
    /// @throws io.basalt.net.NetException if the key cannot be read
    ClusterMembership(ClusterOptions options, Reactor controlReactor, List<DataReactor> reactors, Path data) {
        final ClusterKey key = ClusterKeyFile.read(options.keyFile());
        final UUID uuid = nodeUuid(data.resolve(UUID_FILE));
        final PeerIdentity self = new PeerIdentity(PeerIdentity.Role.GATE, 0, options.nodeName());
        final SecureRandom random = new SecureRandom();
        for (final DataReactor each : reactors) {
            final Reactor reactor = each.reactor();
            final long instance = notZero(random);
            ports.add(on(reactor, () -> {
                final Network network = TcpNetwork.open(reactor, netOptions(), key, self);
                ways.add(new Way(reactor, network));
                return new ClusterPort(reactor, network, ClusterTimes.DEFAULT, instance);
            }));
        }
        final NodeRegistration registration = new NodeRegistration(
                uuid,
                options.nodeName(),
                NodeRole.GATE,
                Gate.VERSION,
                options.room(),
                options.rack(),
                options.host(),
                "default",
                List.of());
        control = new Way(
                controlReactor,
                on(controlReactor, () -> TcpNetwork.open(controlReactor, NetOptions.DEFAULT, key, self)));
        client = on(
                controlReactor,
                () -> new ClusterClient(
                        controlReactor,
                        control.network(),
                        MetaClientOptions.of(options.metaservers(), registration, notZero(random)),
                        ports));
    }

    private static NetOptions netOptions() {
        return NetOptions.DEFAULT
                .withBuffers(PAYLOAD_BYTES_MAX, POOL_BYTES, RECEIVE_BYTES, DIRECT_BYTES_MIN)
                .withTimes(HANDSHAKE_NS, HEARTBEAT_NS, SILENCE_NS);
    }

    private static long notZero(SecureRandom random) {
        long value = random.nextLong();
        while (value == 0) {
            value = random.nextLong();
        }
        return value;
    }

    /// The identity of the node, made when the folder was first used.
    private static UUID nodeUuid(Path file) {
        try {
            if (Files.exists(file)) {
                return UUID.fromString(Files.readString(file).strip());
            }
            final UUID made = UUID.randomUUID();
            Files.writeString(file, made + "\n", StandardOpenOption.CREATE_NEW);
            return made;
        } catch (IOException failure) {
            throw new UncheckedIOException("the node's identity " + file + " cannot be read or made", failure);
        } catch (IllegalArgumentException malformed) {
            throw new IllegalStateException(
                    "the node's identity " + file + " is no uuid; restore it, or remove it to join as a new node",
                    malformed);
        }
    }

    ClusterClient client() {
        return client;
    }

    /// Begin to speak to the metaserver. On the control reactor.
    void start() {
        client.start();
    }

    /// End: no volume is open any more.
    @Override
    public void close() {
        on(control.reactor(), () -> {
            client.close();
            return Boolean.TRUE;
        });
        for (final ClusterPort port : ports) {
            on(port.reactor(), () -> {
                port.close();
                return Boolean.TRUE;
            });
        }
        ways.forEach(ClusterMembership::close);
        close(control);
    }

    private static void close(Way way) {
        final CompletableFuture<Boolean> closed = new CompletableFuture<>();
        way.reactor().post(() -> {
            way.network().close();
            look(way, closed);
        });
        await(closed, CLOSE_LIMIT);
    }

    private static void look(Way way, CompletableFuture<Boolean> closed) {
        if (way.network().isClosed()) {
            closed.complete(Boolean.TRUE);
        } else {
            way.reactor().schedule(CLOSE_LOOK_NS, () -> look(way, closed));
        }
    }

    private static <T> T on(Reactor reactor, Supplier<T> work) {
        final CompletableFuture<T> result = new CompletableFuture<>();
        reactor.post(() -> {
            try {
                result.complete(work.get());
            } catch (RuntimeException failure) {
                result.completeExceptionally(failure);
            }
        });
        return await(result, ANSWER_LIMIT);
    }

    private static <T> T await(CompletableFuture<T> result, Duration limit) {
        try {
            return result.get(limit.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException failure) {
            if (failure.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw new IllegalStateException(failure.getCause());
        } catch (TimeoutException late) {
            throw new IllegalStateException("a reactor does not answer", late);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while a reactor worked", interrupted);
        }
    }
}
