package io.basalt.endtoend.cluster;

import io.basalt.chunk.server.ChunkOptions;
import io.basalt.chunk.server.ChunkServer;
import io.basalt.chunk.server.DeviceOptions;
import io.basalt.gate.cluster.ClusterClient;
import io.basalt.gate.cluster.ClusterCounters;
import io.basalt.gate.cluster.ClusterPort;
import io.basalt.gate.cluster.ClusterTimes;
import io.basalt.gate.cluster.ClusterVolume;
import io.basalt.meta.MetaOptions;
import io.basalt.meta.MetaServer;
import io.basalt.meta.service.MetaServiceOptions;
import io.basalt.meta.state.CommandResult;
import io.basalt.meta.state.MetaCommand;
import io.basalt.net.ClusterKey;
import io.basalt.net.NetOptions;
import io.basalt.net.Network;
import io.basalt.net.NodeAddress;
import io.basalt.net.PeerIdentity;
import io.basalt.net.meta.MetaClientOptions;
import io.basalt.net.meta.MetaReply;
import io.basalt.net.tcp.TcpNetwork;
import io.basalt.placement.ClusterMap;
import io.basalt.placement.FailureDomain;
import io.basalt.placement.RoutingRule;
import io.basalt.reactor.IdleMode;
import io.basalt.reactor.Reactor;
import io.basalt.reactor.ReactorConfiguration;
import io.basalt.reactor.thread.ReactorThread;
import io.basalt.reactor.uring.UringEngine;
import io.basalt.store.chunk.Durability;
import io.basalt.testkit.Await;
import io.basalt.wire.data.AnswerCode;
import io.basalt.wire.meta.MetaCode;
import io.basalt.wire.meta.NodeRegistration;
import io.basalt.wire.meta.NodeRole;
import io.basalt.wire.meta.RequestId;
import io.basalt.wire.meta.VolumeRecord;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

/// A metaserver, three chunk servers on files of their own, and the cluster side of a gate with one data reactor.
final class ClusterBox implements AutoCloseable {
    /// Placement groups of the only set.
    static final int PGS = 16;

    private static final long DEVICE_BYTES = 512L << 20;
    private static final long BOUND_S = 300;
    private static final int RING_ENTRIES = 256;
    private static final long MS = 1_000_000;
    private static final long LOSS_NS = 200 * MS;
    private static final Duration LAYOUT_BOUND = Duration.ofMinutes(5);
    private static final ClusterKey KEY = new ClusterKey(new byte[ClusterKey.BYTES]);
    private static final NodeAddress ANY = new NodeAddress("127.0.0.1", 0);

    final List<ChunkServer> chunks = new ArrayList<>();
    final ReactorThread data;
    final ClusterClient client;
    private final Path folder;
    private final MetaServer meta;
    private final ReactorThread control;
    private final Network controlNetwork;
    private final Network dataNetwork;
    private final ClusterPort port;

    ClusterBox(Path folder) {
        this(folder, MetaServiceOptions.DEFAULT);
    }

    /// @param times of which the metaserver takes all but the first set
    ClusterBox(Path folder, MetaServiceOptions times) {
        this.folder = folder;
        final MetaServiceOptions service =
                times.withFirstSet("default", new RoutingRule(PGS, 3, FailureDomain.HOST), 2, 2000);
        meta = MetaServer.start(MetaOptions.of(folder.resolve("meta"), KEY)
                .withAddresses(ANY, ANY)
                .withService(service));
        for (int number = 1; number <= 3; number++) {
            chunks.add(startChunk(number));
        }
        control = thread("gate-control", 1, IdleMode.INTERRUPT);
        data = thread("gate-data", 0, IdleMode.ADAPTIVE);
        final PeerIdentity self = new PeerIdentity(PeerIdentity.Role.GATE, 0, "gate");
        controlNetwork = on(
                control.reactor(),
                done -> done.complete(TcpNetwork.open(control.reactor(), NetOptions.DEFAULT, KEY, self)));
        dataNetwork = on(
                data.reactor(),
                done -> done.complete(TcpNetwork.open(
                        data.reactor(),
                        NetOptions.DEFAULT
                                .withBuffers(64 << 10, 16 << 20, 64 << 10, 16 << 10)
                                .withTimes(1_000 * MS, 150 * MS, 700 * MS),
                        KEY,
                        self)));
        port = on(
                data.reactor(),
                done -> done.complete(new ClusterPort(data.reactor(), dataNetwork, ClusterTimes.DEFAULT, 0xba5a17)));
        final NodeRegistration registration = new NodeRegistration(
                UUID.randomUUID(), "gate", NodeRole.GATE, "test", "room", "rack", "gate", "default", List.of());
        client = on(control.reactor(), done -> {
            final ClusterClient made = new ClusterClient(
                    control.reactor(),
                    controlNetwork,
                    MetaClientOptions.of(List.of(meta.nodeAddress()), registration, 0xba5a18),
                    List.of(port));
            made.start();
            done.complete(made);
        });
    }

    private ChunkServer startChunk(int number) {
        final Path home = folder.resolve("chunk" + number);
        final DeviceOptions device =
                new DeviceOptions(home.resolve("device"), DEVICE_BYTES, "ssd", ANY, Durability.PLP, true);
        return ChunkServer.start(
                ChunkOptions.of(home, KEY, "chunk" + number, List.of(meta.nodeAddress()), List.of(device)));
    }

    private static ReactorThread thread(String name, int id, IdleMode mode) {
        return ReactorThread.start(
                ReactorConfiguration.of(name, id).withIdleMode(mode),
                () -> UringEngine.open(RING_ENTRIES),
                (reactor, source, fault) -> {
                    throw new AssertionError(reactor + " dropped " + source, fault);
                });
    }

    /// Lose every connection of the gate, again and again, until something is done: each time a little later, for
    /// on a busy machine to connect may take longer than the first of these pauses.
    void loseConnectionsUntilDone(CompletableFuture<Integer> finished) {
        loseConnections(finished, LOSS_NS);
    }

    private void loseConnections(CompletableFuture<Integer> finished, long afterNs) {
        data.reactor()
                .post(() -> data.reactor().schedule(afterNs, () -> {
                    if (!finished.isDone()) {
                        port.hangUp();
                        loseConnections(finished, afterNs + afterNs / 8);
                    }
                }));
    }

    /// Where the metaserver listens for nodes.
    NodeAddress metaserver() {
        return meta.nodeAddress();
    }

    /// Write the cluster's key where a node can read it.
    Path keyFile() {
        final Path file = folder.resolve("cluster.key");
        try {
            Files.writeString(file, "00".repeat(ClusterKey.BYTES) + "\n");
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
        return file;
    }

    /// Have the gate's control reactor stand still, so that it hears nothing, until something is done.
    void holdControl(CountDownLatch done) {
        hold(control.reactor(), done);
    }

    /// Have the metaserver stand still until something is done.
    void holdMetaserver(CountDownLatch done) {
        hold(meta.reactor(), done);
    }

    private static void hold(Reactor reactor, CountDownLatch done) {
        final CompletableFuture<Boolean> held = new CompletableFuture<>();
        reactor.post(() -> {
            held.complete(true);
            try {
                done.await();
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
            }
        });
        await(held);
    }

    /// Make a volume in the cluster, whose set is laid out a moment after its third device has joined.
    void create(String name, long sizeBytes) {
        Await.until("the set can place volumes", LAYOUT_BOUND, () -> {
            final CommandResult made = propose(name, sizeBytes);
            if (!made.done() && !made.message().contains("cannot place")) {
                throw new AssertionError(made.message());
            }
            return made.done();
        });
    }

    private CommandResult propose(String name, long sizeBytes) {
        return on(
                meta.reactor(),
                done -> meta.service()
                        .propose(
                                new MetaCommand.CreateVolume(
                                        RequestId.NONE, name, sizeBytes, 1 << 20, 512, "ssd", "default", 1),
                                done::complete));
    }

    /// Make a volume in the cluster and attach it.
    ClusterVolume volume(String name, long sizeBytes) {
        create(name, sizeBytes);
        final VolumeRecord record = on(
                control.reactor(),
                done -> client.attach(name, false, new MetaReply<>() {
                    @Override
                    public void done(VolumeRecord granted) {
                        done.complete(granted);
                    }

                    @Override
                    public void refused(MetaCode code, String reason) {
                        done.completeExceptionally(new AssertionError(code + ": " + reason));
                    }
                }));
        return on(
                control.reactor(),
                done -> done.complete(client.open(name, name, record.blockBytes(), record.sizeBytes(), 0)));
    }

    /// What everybody does and waits for.
    String describe(ClusterVolume volume) {
        final StringBuilder text = new StringBuilder();
        text.append(volume.connections()).append(System.lineSeparator());
        for (final ClusterCounters.Event event : ClusterCounters.Event.values()) {
            text.append(event).append(' ').append(volume.counters().of(event)).append(' ');
        }
        for (final AnswerCode code : AnswerCode.values()) {
            text.append(code).append(' ').append(volume.counters().of(code)).append(' ');
        }
        text.append(System.lineSeparator());
        for (final ChunkServer chunk : chunks) {
            text.append(chunk.describe());
        }
        return text.toString();
    }

    /// The newest map of the set.
    ClusterMap map() {
        return on(
                meta.reactor(),
                done -> done.complete(
                        meta.service().state().sets().iterator().next().map()));
    }

    /// Detach a volume whose channels are closed.
    void detach(ClusterVolume volume) {
        ClusterBox.<Boolean>on(control.reactor(), done -> client.detach(volume, () -> done.complete(true)));
    }

    /// Do something in a reactor and wait for what it comes to.
    static <T> T on(Reactor reactor, Consumer<CompletableFuture<T>> action) {
        final CompletableFuture<T> future = new CompletableFuture<>();
        reactor.post(() -> {
            try {
                action.accept(future);
            } catch (RuntimeException | AssertionError failure) {
                future.completeExceptionally(failure);
            }
        });
        return await(future);
    }

    static <T> T await(CompletableFuture<T> future) {
        try {
            return future.get(BOUND_S, TimeUnit.SECONDS);
        } catch (ExecutionException failure) {
            throw new AssertionError("failed in a reactor", failure.getCause());
        } catch (TimeoutException late) {
            throw new AssertionError("nothing came in " + BOUND_S + " s", late);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new AssertionError(interrupted);
        }
    }

    @Override
    public void close() {
        ClusterBox.<Boolean>on(control.reactor(), done -> {
            client.close();
            done.complete(true);
        });
        ClusterBox.<Boolean>on(data.reactor(), done -> {
            port.close();
            done.complete(true);
        });
        close(data.reactor(), dataNetwork);
        close(control.reactor(), controlNetwork);
        data.close();
        control.close();
        chunks.forEach(ChunkServer::close);
        meta.close();
    }

    private static void close(Reactor reactor, Network network) {
        ClusterBox.<Boolean>on(reactor, done -> {
            network.close();
            look(reactor, network, done);
        });
    }

    private static void look(Reactor reactor, Network network, CompletableFuture<Boolean> closed) {
        if (network.isClosed()) {
            closed.complete(true);
        } else {
            reactor.schedule(MS, () -> look(reactor, network, closed));
        }
    }
}
