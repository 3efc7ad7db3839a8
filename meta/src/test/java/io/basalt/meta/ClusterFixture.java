package io.basalt.meta;

import io.basalt.meta.service.MetaServiceOptions;
import io.basalt.meta.state.Commands;
import io.basalt.net.ClusterKey;
import io.basalt.net.NetOptions;
import io.basalt.net.NodeAddress;
import io.basalt.net.PeerIdentity;
import io.basalt.net.PeerIdentity.Role;
import io.basalt.net.meta.MetaClient;
import io.basalt.net.meta.MetaClientOptions;
import io.basalt.net.meta.MetaListener;
import io.basalt.net.meta.MetaReply;
import io.basalt.net.tcp.TcpNetwork;
import io.basalt.reactor.IdleMode;
import io.basalt.reactor.Reactor;
import io.basalt.reactor.ReactorConfiguration;
import io.basalt.reactor.thread.ReactorThread;
import io.basalt.reactor.uring.UringEngine;
import io.basalt.testkit.Await;
import io.basalt.wire.meta.MetaCode;
import io.basalt.wire.meta.NodeRegistration;
import io.basalt.wire.meta.ServeResult;
import io.basalt.wire.meta.VolumeRecord;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/// A real metaserver on loopback, with three chunk servers that only acknowledge and a gate that only attaches.
public final class ClusterFixture implements AutoCloseable {
    private static final NetOptions NET = NetOptions.DEFAULT.withBuffers(64 << 10, 2 << 20, 16 << 10, 16 << 10);
    private static final ClusterKey KEY = key();

    private final Path folder;
    private final ReactorThread thread;
    private final List<MetaClient> clients = new ArrayList<>();
    private final List<TcpNetwork> networks = new ArrayList<>();
    private final HttpClient http = HttpClient.newHttpClient();
    private MetaServer server;
    private String token;

    /// Starts a metaserver without nodes.
    public ClusterFixture(Path folder, int overcommitPercent) throws IOException {
        this.folder = folder;
        server = startServer(overcommitPercent);
        token = Files.readString(server.tokenFile()).strip();
        thread = ReactorThread.start(
                ReactorConfiguration.of("nodes", 1).withIdleMode(IdleMode.INTERRUPT),
                () -> UringEngine.open(256),
                (reactor, source, fault) -> fault.printStackTrace());
    }

    /// The metaserver.
    public MetaServer server() {
        return server;
    }

    /// Where its files are.
    public Path folder() {
        return folder;
    }

    /// Starts three chunk servers and a gate, and waits until the set is laid out.
    public void startNodes() {
        for (int number = 1; number <= 3; number++) {
            startNode("chunk-" + number, Role.CHUNK, Commands.chunk(number, 1));
        }
        startNode("gate-1", Role.GATE, Commands.gate(1));
        Await.until("the set is laid out", () -> get("/v1/sets/default").body().contains("\"laidOut\" : true"));
        try {
            Await.until("everything is up", () -> get("/v1/health").body().contains("\"health\" : \"OK\""));
        } catch (AssertionError e) {
            throw new AssertionError(e.getMessage() + ": " + get("/v1/health").body(), e);
        }
    }

    /// The gate's client; for its reactor only.
    public MetaClient gate() {
        return clients.getLast();
    }

    /// A chunk server's client; for its reactor only.
    ///
    /// @param number 1 to 3
    public MetaClient chunk(int number) {
        return clients.get(number - 1);
    }

    /// The nodes' reactor.
    public Reactor reactor() {
        return thread.reactor();
    }

    /// Stops the metaserver and starts it again on the same folder and ports.
    public void restartServer() throws IOException {
        server.close();
        server = startServer(0);
        token = Files.readString(server.tokenFile()).strip();
    }

    /// The first token.
    public String token() {
        return token;
    }

    /// Asks with the first token.
    public HttpResponse<String> get(String path) {
        return send(request(path).GET().build());
    }

    /// Asks with the first token.
    public HttpResponse<String> send(String method, String path, String body) {
        return send(request(path)
                .header("Content-Type", "application/json")
                .method(method, BodyPublishers.ofString(body))
                .build());
    }

    /// A request with the first token.
    public HttpRequest.Builder request(String path) {
        return bare(path).header("Authorization", "Bearer " + token);
    }

    /// A request without a token.
    public HttpRequest.Builder bare(String path) {
        return HttpRequest.newBuilder(URI.create(server.restUrl() + path));
    }

    /// Sends a request.
    public HttpResponse<String> send(HttpRequest request) {
        try {
            return http.send(request, BodyHandlers.ofString());
        } catch (IOException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public void close() {
        final CompletableFuture<Boolean> closed = new CompletableFuture<>();
        thread.reactor().post(() -> {
            clients.forEach(MetaClient::close);
            networks.forEach(TcpNetwork::close);
            closed.complete(true);
        });
        closed.join();
        thread.close();
        server.close();
        http.close();
    }

    private MetaServer startServer(int overcommitPercent) {
        // On a busy machine a heartbeat may be late, and nothing here brings copies back that were left out for it.
        final MetaServiceOptions service = MetaServiceOptions.DEFAULT
                .withFirstSet("default", MetaServiceOptions.DEFAULT.firstRule(), 2, overcommitPercent)
                .withTimes(100_000_000L, 60_000_000_000L, 50_000_000L);
        final NodeAddress anyPort = new NodeAddress("127.0.0.1", 0);
        return MetaServer.start(
                MetaOptions.of(folder, KEY).withAddresses(anyPort, anyPort).withService(service));
    }

    private void startNode(String name, Role role, NodeRegistration registration) {
        final CompletableFuture<Boolean> ready = new CompletableFuture<>();
        final NodeAddress address = server.nodeAddress();
        thread.reactor().post(() -> {
            final TcpNetwork network = TcpNetwork.open(thread.reactor(), NET, KEY, new PeerIdentity(role, 0, name));
            final MetaClient client = new MetaClient(
                    thread.reactor(), network, MetaClientOptions.of(List.of(address), registration, 77), new Gate());
            networks.add(network);
            clients.add(client);
            client.start();
            ready.complete(true);
        });
        ready.join();
    }

    /// Attaches what an operator asks it to serve.
    private final class Gate implements MetaListener {
        @Override
        public void serveRequested(String volumeName, MetaReply<ServeResult> reply) {
            gate().attach(volumeName, false, new MetaReply<>() {
                @Override
                public void done(VolumeRecord volume) {
                    reply.done(new ServeResult(volume.generation(), "/run/basalt/gate/" + volumeName + ".sock"));
                }

                @Override
                public void refused(MetaCode code, String reason) {
                    reply.refused(code, reason);
                }
            });
        }

        @Override
        public void releaseRequested(String volumeName, MetaReply<Boolean> reply) {
            gate().lookup(volumeName, new MetaReply<>() {
                @Override
                public void done(VolumeRecord volume) {
                    gate().detach(volume.volumeId(), volume.generation(), reply);
                }

                @Override
                public void refused(MetaCode code, String reason) {
                    reply.refused(code, reason);
                }
            });
        }
    }

    private static ClusterKey key() {
        final byte[] bytes = new byte[ClusterKey.BYTES];
        Arrays.fill(bytes, (byte) 9);
        return new ClusterKey(bytes);
    }
}
