package io.basalt.gate.daemon;

import io.basalt.gate.cluster.ClusterClient;
import io.basalt.gate.config.GateLog;
import io.basalt.gate.config.GateState;
import io.basalt.gate.controller.Controllers;
import io.basalt.gate.metrics.GateMetrics;
import io.basalt.gate.metrics.MetricsServer;
import io.basalt.gate.rpc.ControllerSpec;
import io.basalt.gate.rpc.RpcDispatcher;
import io.basalt.gate.rpc.RpcServer;
import io.basalt.gate.rpc.method.GateMethods;
import io.basalt.gate.rpc.method.GateSettings;
import io.basalt.gate.volume.StoreVolumeFactory;
import io.basalt.gate.volume.VolumeRegistry;
import io.basalt.gate.volume.VolumeSpec;
import io.basalt.linux.process.ProcessControl;
import io.basalt.linux.socket.UnixListener;
import io.basalt.reactor.Reactor;
import io.basalt.reactor.thread.SystemClock;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// A running gate: its reactors, volumes, controllers and management socket.
///
/// Concurrency: made and closed by one thread that is none of its reactors'. Everything inside lives on the control
/// reactor or below; this class only posts to it and waits.
public final class Gate implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(Gate.class.getName());
    /// How long a stop waits for requests in flight. A volume that answers later than this is given up: its
    /// requests are in the inflight region and are resubmitted by the next gate.
    private static final Duration STOP_LIMIT = Duration.ofSeconds(10);
    /// How often what could not be restored is tried again, in nanoseconds.
    private static final long RETRY_NS = 5_000_000_000L;
    static final String VERSION = "0.1.0";

    private final DataFolder folder;
    private final Reactors reactors;
    private final @Nullable ClusterMembership membership;
    private final VolumeRegistry volumes;
    private final Controllers controllers;
    private final RpcServer server;
    private final @Nullable MetricsServer metrics;
    private boolean closed;

    private Gate(GateOptions options, GateLog log) {
        folder = DataFolder.open(options);
        try {
            reactors = new Reactors(options);
        } catch (RuntimeException failure) {
            folder.close();
            throw failure;
        }
        try {
            final ClusterOptions cluster = options.cluster();
            membership = cluster == null
                    ? null
                    : new ClusterMembership(cluster, reactors.control(), reactors.data(), options.data());
            final Core core = onControl(() -> new Core(options, log));
            volumes = core.volumes;
            controllers = core.controllers;
            server = core.server;
            metrics = metrics(options.metrics(), core.metrics);
        } catch (RuntimeException failure) {
            reactors.close();
            folder.close();
            throw failure;
        }
    }

    /// Start a gate: bring back what its state file holds, then listen for management requests.
    ///
    /// @throws RuntimeException saying what is missing or in the way; nothing is left running then
    public static Gate start(GateOptions options, GateLog log) {
        return new Gate(options, log);
    }

    /// Guests' disks do not wait for whoever has taken the port of the metrics: that is told, and nothing more.
    private @Nullable MetricsServer metrics(@Nullable InetSocketAddress listen, GateMetrics page) {
        if (listen == null) {
            return null;
        }
        try {
            return MetricsServer.start(listen, reactors.control(), page::text);
        } catch (IOException failure) {
            LOG.log(
                    Level.WARNING,
                    "no metrics: " + listen.getHostString() + ":" + listen.getPort() + " cannot be listened on ("
                            + failure.getMessage() + "); choose another address, and start the gate again");
            return null;
        }
    }

    /// Where metrics are told, or null if nowhere.
    public @Nullable InetSocketAddress metricsAddress() {
        return metrics == null ? null : metrics.address();
    }

    /// What is made on the control reactor.
    private final class Core {
        final VolumeRegistry volumes;
        final Controllers controllers;
        final RpcServer server;
        final GateMetrics metrics;

        Core(GateOptions options, GateLog log) {
            final Reactor control = reactors.control();
            final ClusterClient client = membership == null ? null : membership.client();
            volumes = new VolumeRegistry(new StoreVolumeFactory(client));
            controllers = new Controllers(control, reactors.data(), volumes, options.guestMemoryMax());
            final RpcDispatcher dispatcher = new RpcDispatcher();
            final GateMethods methods = GateMethods.register(
                    dispatcher,
                    volumes,
                    controllers,
                    reactors,
                    new GateState(options.data()),
                    log,
                    new GateSettings(VERSION, "", ProcessControl.processId(), options.socketFolder()),
                    SystemClock.INSTANCE,
                    client);
            if (membership != null && client != null) {
                client.onServe(new GuestServing(dispatcher, client, options.socketFolder()));
                membership.start();
            }
            if (methods.restore() > 0) {
                retryLater(control, methods);
            }
            server = RpcServer.listen(control, dispatcher, options.rpcSocket());
            metrics = new GateMetrics(VERSION, volumes, controllers, reactors, methods::unappliedCount);
        }
    }

    private static void retryLater(Reactor control, GateMethods methods) {
        control.schedule(RETRY_NS, () -> {
            if (methods.retry() > 0) {
                retryLater(control, methods);
            }
        });
    }

    /// Make a volume and a controller that no state file remembers: for programs that are told what to serve by
    /// their command line.
    ///
    /// @param inherited listening socket, owned by the gate from now on; null to make one at the spec's path
    /// @throws io.basalt.gate.rpc.RpcError if they cannot be made
    public void serve(VolumeSpec volume, ControllerSpec controller, @Nullable UnixListener inherited) {
        onControl(() -> {
            volumes.create(volume);
            controllers.create(controller, inherited);
            return Boolean.TRUE;
        });
    }

    /// Processor time of the data reactors' threads so far, in nanoseconds.
    public long dataReactorCpuNs() {
        return reactors.dataCpuNs();
    }

    /// Stop: no more management, front ends are hung up on after what they asked for is answered, volumes are
    /// closed.
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        if (metrics != null) {
            metrics.close();
        }
        final CompletableFuture<Boolean> stopped = new CompletableFuture<>();
        reactors.control().post(() -> {
            server.close();
            controllers.deleteAll(() -> stopped.complete(Boolean.TRUE));
        });
        try {
            stopped.get(STOP_LIMIT.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException late) {
            // Threads may still touch what a release would take away: leave everything to the end of the process.
            LOG.log(Level.WARNING, "requests are still in flight after {0}; the next gate resubmits them", STOP_LIMIT);
            return;
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            return;
        } catch (ExecutionException failure) {
            throw new IllegalStateException("the gate did not stop", failure.getCause());
        }
        onControl(() -> {
            volumes.close();
            return Boolean.TRUE;
        });
        if (membership != null) {
            membership.close();
        }
        reactors.close();
        folder.close();
    }

    private <T> T onControl(Supplier<T> work) {
        final CompletableFuture<T> result = new CompletableFuture<>();
        reactors.control().post(() -> {
            try {
                result.complete(work.get());
            } catch (RuntimeException failure) {
                result.completeExceptionally(failure);
            }
        });
        try {
            return result.get();
        } catch (ExecutionException failure) {
            if (failure.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw new IllegalStateException(failure.getCause());
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while the control reactor worked", interrupted);
        }
    }
}
