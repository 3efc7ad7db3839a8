package io.basalt.meta;

import io.basalt.meta.log.MetaLog;
import io.basalt.meta.rest.RestServer;
import io.basalt.meta.service.MetaService;
import io.basalt.meta.service.MetaServiceOptions;
import io.basalt.meta.state.MetaCommand;
import io.basalt.net.NetException;
import io.basalt.net.NetOptions;
import io.basalt.net.NodeAddress;
import io.basalt.net.PeerIdentity;
import io.basalt.net.tcp.TcpNetwork;
import io.basalt.reactor.FaultHandler;
import io.basalt.reactor.IdleMode;
import io.basalt.reactor.Reactor;
import io.basalt.reactor.ReactorConfiguration;
import io.basalt.reactor.thread.ReactorThread;
import io.basalt.reactor.uring.UringEngine;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// A running metaserver: one reactor for nodes, a thread for the log, and the REST API's threads.
///
/// ```
/// data/log/     the log of a single metaserver (docs/FORMAT-META.md)
/// data/quorum/  that of a replica
/// data/token    the first token of the REST API, readable by its owner only
/// ```
public final class MetaServer implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(MetaServer.class.getName());
    private static final int RING_ENTRIES = 256;
    private static final int PAYLOAD_BYTES = 64 << 10;
    private static final int POOL_BYTES = 16 << 20;
    private static final int RECEIVE_BYTES = 16 << 10;
    private static final int DIRECT_BYTES_MIN = 16 << 10;
    private static final long START_TIMEOUT_S = 60;
    private static final String FIRST_TOKEN = "admin";

    private final MetaOptions options;
    private final ReactorThread thread;
    private final MetaLog log;
    private final MetaService service;
    private final TcpNetwork network;
    private final NodeAddress nodeAddress;
    private final RestServer rest;

    private record Opened(TcpNetwork network, MetaService service, NodeAddress address) {}

    private MetaServer(MetaOptions options, ReactorThread thread, MetaLog log, Opened opened, RestServer rest) {
        this.options = options;
        this.thread = thread;
        this.log = log;
        this.service = opened.service;
        this.network = opened.network;
        this.nodeAddress = opened.address;
        this.rest = rest;
    }

    /// Starts a metaserver, and returns when it answers: a replica of a quorum at first only who leads. With an empty
    /// data folder it begins a cluster.
    ///
    /// @throws io.basalt.meta.log.MetaLogException if its log cannot be opened
    /// @throws io.basalt.net.NetException if an address cannot be listened on
    /// @throws IllegalStateException if it does not come to answer; the message says why
    public static MetaServer start(MetaOptions options) {
        final SecureRandom random = new SecureRandom();
        final ReactorThread thread = ReactorThread.start(
                ReactorConfiguration.of("meta", 0).withIdleMode(IdleMode.INTERRUPT),
                () -> UringEngine.open(RING_ENTRIES),
                faults());
        @Nullable MetaLog log = null;
        @Nullable Opened opened = null;
        try {
            final Reactor reactor = thread.reactor();
            log = options.engine().open(options, reactor::post, random::nextLong);
            final MetaLog openLog = log;
            final CompletableFuture<Boolean> ready = new CompletableFuture<>();
            opened = await(reactor, future -> future.complete(open(options, reactor, openLog, random, ready)));
            if (options.engine().leadsAlone()) {
                await(ready, opened.service);
            }
            final RestServer rest = RestServer.start(
                    new InetSocketAddress(options.rest().host(), options.rest().port()),
                    reactor,
                    opened.service,
                    options.software(),
                    random);
            return new MetaServer(options, thread, log, opened, rest);
        } catch (IOException e) {
            stop(thread, log, opened);
            throw new NetException("cannot listen on " + options.rest() + " for REST: " + e.getMessage()
                    + "; choose an address of this host and a port that nobody uses");
        } catch (RuntimeException e) {
            stop(thread, log, opened);
            throw e;
        }
    }

    /// Whether it is one of several that keep the log together.
    public boolean replicated() {
        return log.replication() != null;
    }

    /// Where nodes are answered.
    public NodeAddress nodeAddress() {
        return nodeAddress;
    }

    /// Where the REST API is, without a slash at the end.
    public String restUrl() {
        final NodeAddress at =
                new NodeAddress(options.rest().host(), rest.address().getPort());
        return "http://" + at;
    }

    /// The REST API's server.
    public RestServer rest() {
        return rest;
    }

    /// The file that holds the first token.
    public Path tokenFile() {
        return options.data().resolve("token");
    }

    /// The service, for its reactor only.
    public MetaService service() {
        return service;
    }

    /// The reactor that the service lives in.
    public Reactor reactor() {
        return thread.reactor();
    }

    /// Stops: REST first, then nodes, then the log once it is durable.
    @Override
    public void close() {
        rest.close();
        stop(thread, log, new Opened(network, service, nodeAddress));
    }

    private static Opened open(
            MetaOptions options, Reactor reactor, MetaLog log, SecureRandom random, CompletableFuture<Boolean> ready) {
        final NetOptions bounds =
                NetOptions.DEFAULT.withBuffers(PAYLOAD_BYTES, POOL_BYTES, RECEIVE_BYTES, DIRECT_BYTES_MIN);
        final TcpNetwork network = TcpNetwork.open(
                reactor, bounds, options.key(), new PeerIdentity(PeerIdentity.Role.META, 0, options.name()));
        final MetaServiceOptions serves = options.service().withNewestCommand(MetaOptions.newestCommand());
        final MetaService service =
                new MetaService(reactor, network, log, serves, random::nextLong, System::currentTimeMillis);
        try {
            return new Opened(
                    network,
                    service,
                    service.start(
                            options.nodes(),
                            () -> firstToken(options, random, service, ready),
                            reason -> stands(ready, reason)));
        } catch (RuntimeException e) {
            network.close();
            throw e;
        }
    }

    private static void stands(CompletableFuture<Boolean> ready, String reason) {
        LOG.log(Level.WARNING, "the metaserver does not answer nodes: " + reason);
        ready.completeExceptionally(new IllegalStateException("the metaserver cannot start: " + reason));
    }

    /// Makes the token that the very first request is authorised with, unless there is one. It is on disk
    /// before it is allowed, so that no crash leaves a cluster that nobody can talk to. Replicas make the same one:
    /// which of them comes to lead first is chance, and it may lose its lead on the way.
    private static void firstToken(
            MetaOptions options, SecureRandom random, MetaService service, CompletableFuture<Boolean> ready) {
        if (!service.state().tokens().isEmpty()) {
            ready.complete(true);
            return;
        }
        final Path file = options.data().resolve("token");
        final String token;
        try {
            token = TokenFile.readOrCreate(
                    file,
                    () -> options.engine().leadsAlone()
                            ? RestServer.drawToken(random)
                            : RestServer.firstToken(options.key()));
        } catch (IOException e) {
            final String reason = "token file " + file + ": " + e + "; correct the folder's permissions";
            LOG.log(Level.ERROR, reason);
            ready.completeExceptionally(new IllegalStateException(reason, e));
            return;
        }
        service.propose(
                new MetaCommand.AddToken(FIRST_TOKEN, false, RestServer.hashToken(token), service.nowMs()), result -> {
                    if (result.done()) {
                        ready.complete(true);
                    } else {
                        final String reason = "the first token was refused: " + result.message();
                        LOG.log(Level.ERROR, reason);
                        ready.completeExceptionally(new IllegalStateException(reason));
                    }
                });
    }

    private static void stop(ReactorThread thread, @Nullable MetaLog log, @Nullable Opened opened) {
        if (opened != null) {
            await(thread.reactor(), future -> {
                opened.service.close();
                opened.network.close();
                future.complete(true);
            });
        }
        if (log != null) {
            log.close();
        }
        thread.close();
    }

    /// Does something in the reactor, and waits for it.
    private static <T> T await(Reactor reactor, Consumer<CompletableFuture<T>> action) {
        final CompletableFuture<T> future = new CompletableFuture<>();
        reactor.post(() -> {
            try {
                action.accept(future);
            } catch (RuntimeException e) {
                future.completeExceptionally(e);
            }
        });
        return await(future, "the reactor does not answer");
    }

    private static void await(CompletableFuture<Boolean> ready, MetaService service) {
        await(ready, "the metaserver does not come to lead: " + service.standing());
    }

    private static <T> T await(CompletableFuture<T> future, String failure) {
        try {
            return future.get(START_TIMEOUT_S, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw new IllegalStateException(failure, e.getCause());
        } catch (TimeoutException e) {
            throw new IllegalStateException(failure, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while starting or stopping", e);
        }
    }

    private static FaultHandler faults() {
        return (reactor, source, fault) ->
                LOG.log(Level.ERROR, reactor + " dropped " + source.getClass().getName() + " after a fault", fault);
    }
}
