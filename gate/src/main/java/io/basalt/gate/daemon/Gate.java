package io.basalt.gate.daemon;

import io.basalt.gate.balance.Balancing;
import io.basalt.gate.cluster.ClusterClient;
import io.basalt.gate.config.GateLog;
import io.basalt.gate.config.GateState;
import io.basalt.gate.controller.Controllers;
import io.basalt.gate.handover.ClusterTaker;
import io.basalt.gate.handover.HandoverSocket;
import io.basalt.gate.handover.Successor;
import io.basalt.gate.handover.Takeover;
import io.basalt.gate.holder.HolderLink;
import io.basalt.gate.holder.Standby;
import io.basalt.gate.holder.StandbyState;
import io.basalt.gate.metrics.GateMetrics;
import io.basalt.gate.metrics.MetricsServer;
import io.basalt.gate.nbd.Exports;
import io.basalt.gate.rehearsal.Rehearsal;
import io.basalt.gate.rpc.ControllerSpec;
import io.basalt.gate.rpc.RpcDispatcher;
import io.basalt.gate.rpc.RpcServer;
import io.basalt.gate.rpc.method.GateMethods;
import io.basalt.gate.rpc.method.GateSettings;
import io.basalt.gate.trace.SlowLog;
import io.basalt.gate.volume.StoreVolumeFactory;
import io.basalt.gate.volume.VolumeRegistry;
import io.basalt.gate.volume.VolumeSpec;
import io.basalt.linux.process.ProcessControl;
import io.basalt.linux.socket.UnixListener;
import io.basalt.reactor.Reactor;
import io.basalt.reactor.thread.SystemClock;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// A running gate: its reactors, volumes, controllers and management socket.
///
/// Concurrency: made and closed by one thread that is none of its reactors'. Everything inside lives
/// on the control reactor or below; this class only posts to it and waits.
public final class Gate implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(Gate.class.getName());
    /// How long a stop waits for requests in flight. A volume that answers later than this is given
    /// up: its requests are in the inflight region and are resubmitted by the next gate.
    private static final Duration STOP_LIMIT = Duration.ofSeconds(10);
    /// How often what could not be restored is tried again, in nanoseconds.
    private static final long RETRY_NS = 5_000_000_000L;
    private static final long STANDBY_STEP_NS = 500_000_000L;
    private static final int METRICS_TRIES = 100;
    private static final long METRICS_STEP_NS = 100_000_000L;
    static final String VERSION = "0.1.0";

    private final GateOptions options;
    private final Reactors reactors;
    private final @Nullable ClusterMembership membership;
    private final @Nullable Life life;
    private final Core core;
    private final VolumeRegistry volumes;
    private final Controllers controllers;
    private final CompletableFuture<Integer> handedOver = new CompletableFuture<>();
    private @Nullable DataFolder folder;
    private @Nullable MetricsServer metrics;
    private boolean closed;

    /// @param opened the data folder, or null if another gate hands it over
    /// @param held whether a holder is to keep what is served
    private Gate(
            GateOptions options,
            GateLog log,
            @Nullable DataFolder opened,
            Successor.@Nullable Launcher launcher,
            boolean held) {
        this.options = options;
        folder = opened;
        reactors = new Reactors(options);
        life = held ? new Life(reactors.data()) : null;
        try {
            final ClusterOptions cluster = options.cluster();
            membership = cluster == null
                    ? null
                    : new ClusterMembership(cluster, reactors.control(), reactors.data(), options.data());
            core = onControl(() -> new Core(log, launcher));
            volumes = core.volumes;
            controllers = core.controllers;
        } catch (RuntimeException failure) {
            reactors.close();
            throw failure;
        }
    }

    /// Start a gate that cannot be handed over: bring back what its state file holds, then listen for
    /// management requests.
    ///
    /// @throws RuntimeException saying what is missing or in the way; nothing is left running then
    public static Gate start(GateOptions options, GateLog log) {
        return start(options, log, null);
    }

    /// The same.
    ///
    /// @param launcher starts the process that takes over when an operator wishes so; null to refuse
    ///     that
    public static Gate start(GateOptions options, GateLog log, Successor.@Nullable Launcher launcher) {
        final DataFolder folder = DataFolder.open(options);
        try {
            final Gate gate = new Gate(options, log, folder, launcher, false);
            try {
                gate.begin(folder, 0);
            } catch (RuntimeException failure) {
                gate.reactors.close();
                throw failure;
            }
            return gate;
        } catch (RuntimeException failure) {
            folder.close();
            throw failure;
        }
    }

    /// Bring back what the state file holds, and serve it.
    private void begin(DataFolder owned, int metricsTries) {
        onControl(() -> {
            core.restore();
            core.serve(RpcServer.listen(reactors.control(), core.dispatcher, options.rpcSocket()), owned);
            return Boolean.TRUE;
        });
        metrics = metrics(options.metrics(), metricsTries);
    }

    /// Work with the folder's [GateHolder]: be the gate if there is none, else stand by, and be it when it
    /// dies. Returns when this is the gate. Without a holder, the folder's lock tells who is the gate; one
    /// that is started later is told everything.
    public static Gate standBy(GateOptions options, GateLog log, Successor.@Nullable Launcher launcher) {
        DataFolder.make(options.data());
        while (true) {
            final Gate gate = new Gate(options, log, null, launcher, true);
            final String reason = gate.standByOnce();
            if (reason.isEmpty()) {
                return gate;
            }
            LOG.log(Level.INFO, "standing by again: {0}", reason);
            gate.close();
            LockSupport.parkNanos(STANDBY_STEP_NS);
        }
    }

    /// @return empty if this is the gate, else why not
    private String standByOnce() {
        final CompletableFuture<StandbyState> outcome = new CompletableFuture<>();
        final CompletableFuture<String> why = new CompletableFuture<>();
        final CompletableFuture<Boolean> stands = new CompletableFuture<>();
        reactors.control().post(() -> {
            try {
                core.standBy(
                        (state, reason) -> {
                            why.complete(reason);
                            outcome.complete(state);
                            stands.complete(false);
                        },
                        () -> stands.complete(true));
            } catch (RuntimeException failure) {
                outcome.completeExceptionally(failure);
                stands.complete(false);
            }
        });
        if (stands.join()) {
            // What starts as the gate has nobody waiting for it.
            warmUp();
            reactors.control()
                    .post(() -> Objects.requireNonNull(core.link, "made with a holder")
                            .warm());
        }
        final StandbyState state = outcome.join();
        if (state == StandbyState.ABANDONED) {
            return why.join();
        }
        if (state == StandbyState.OWNER) {
            metrics = metrics(options.metrics(), METRICS_TRIES);
            return "";
        }
        final DataFolder opened;
        try {
            opened = DataFolder.open(options);
        } catch (IllegalStateException inUse) {
            return String.valueOf(inUse.getMessage());
        }
        begin(opened, METRICS_TRIES);
        return "";
    }

    /// Take over all that another gate serves, which started this process for it.
    ///
    /// @param socket where that gate waits
    /// @throws IllegalStateException if the other gate stays what it is; nothing is left running then
    public static Gate takeOver(GateOptions options, GateLog log, Path socket, Successor.@Nullable Launcher launcher) {
        return takeOver(options, log, socket, launcher, false);
    }

    /// The same.
    ///
    /// @param held whether a holder is to keep what is served from then on
    /// @throws IllegalStateException if the other gate stays what it is; nothing is left running then
    public static Gate takeOver(
            GateOptions options, GateLog log, Path socket, Successor.@Nullable Launcher launcher, boolean held) {
        final Gate gate = new Gate(options, log, null, launcher, held);
        gate.warmUp();
        final CompletableFuture<String> ended = new CompletableFuture<>();
        gate.reactors.control().post(() -> {
            try {
                gate.core.enter(socket, ended::complete);
            } catch (RuntimeException failure) {
                ended.complete(String.valueOf(failure.getMessage()));
            }
        });
        final String reason = ended.join();
        if (!reason.isEmpty()) {
            gate.close();
            throw new IllegalStateException("nothing was taken over: " + reason);
        }
        gate.metrics = gate.metrics(options.metrics(), METRICS_TRIES);
        return gate;
    }

    private void warmUp() {
        final List<CompletableFuture<Long>> done = new ArrayList<>();
        for (final Controllers.DataReactor each : reactors.data()) {
            final CompletableFuture<Long> one = new CompletableFuture<>();
            done.add(one);
            each.reactor().post(() -> one.complete(WarmUp.run(each.reactor())));
        }
        done.forEach(CompletableFuture::join);
        Rehearsal.once(options.cluster() != null);
    }

    /// Completed with 0 when another process has become the gate; this one is then to be closed.
    public CompletableFuture<Integer> handedOver() {
        return handedOver;
    }

    /// Guests' disks do not wait for whoever has taken the port of the metrics: that is told, and
    /// nothing more. The gate before may need a moment to leave the port.
    private @Nullable MetricsServer metrics(@Nullable InetSocketAddress listen, int tries) {
        if (listen == null) {
            return null;
        }
        IOException last = null;
        for (int left = tries; left >= 0; left--) {
            try {
                return MetricsServer.start(listen, reactors.control(), core.metrics::text);
            } catch (IOException failure) {
                last = failure;
                LockSupport.parkNanos(left == 0 ? 0 : METRICS_STEP_NS);
            }
        }
        LOG.log(
                Level.WARNING,
                "no metrics: " + listen.getHostString() + ":" + listen.getPort() + " cannot be listened on ("
                        + (last == null ? "" : last.getMessage())
                        + "); choose another address, and start the gate again");
        return null;
    }

    /// Where metrics are told, or null if nowhere.
    public @Nullable InetSocketAddress metricsAddress() {
        return metrics == null ? null : metrics.address();
    }

    /// What is made on the control reactor.
    private final class Core {
        final StoreVolumeFactory factory;
        final VolumeRegistry volumes;
        final Controllers controllers;
        final Exports exports;
        final RpcDispatcher dispatcher = new RpcDispatcher();
        final Balancing balancing;
        final GateMethods methods;
        final GateMetrics metrics;
        final @Nullable ClusterClient client;
        final HandoverMethods handovers;
        final @Nullable HolderLink link;

        @Nullable
        RpcServer server;

        Core(GateLog log, Successor.@Nullable Launcher launcher) {
            final Reactor control = reactors.control();
            client = membership == null ? null : membership.client();
            factory = new StoreVolumeFactory(client);
            volumes = new VolumeRegistry(factory);
            watchSlow(control);
            controllers = new Controllers(control, reactors.data(), volumes, options.guestMemoryMax());
            controllers.keepReservationsIn(options.data());
            link = life == null ? null : holderLink(life);
            if (link != null) {
                controllers.keptBy(link);
            }
            balancing = new Balancing(
                    (delayNs, command) -> control.schedule(delayNs, command)::cancel, reactors, controllers);
            exports = new Exports(control, reactors.data(), volumes);
            final GateSettings settings =
                    new GateSettings(VERSION, "", ProcessControl.processId(), options.socketFolder());
            methods = GateMethods.register(
                    dispatcher,
                    volumes,
                    controllers,
                    reactors,
                    balancing,
                    new GateState(options.data()),
                    log,
                    settings,
                    SystemClock.INSTANCE,
                    client);
            methods.exports(dispatcher, volumes, exports, settings);
            handovers = new HandoverMethods(control, options.data(), launcher);
            handovers.register(dispatcher);
            if (client != null) {
                client.onServe(new GuestServing(dispatcher, client, options.socketFolder()));
            }
            metrics =
                    new GateMetrics(VERSION, volumes, controllers, reactors, methods::unappliedCount, balancing::moves);
        }

        private void watchSlow(Reactor control) {
            control.schedule(SlowLog.PERIOD_NS, () -> {
                volumes.slow().drain();
                watchSlow(control);
            });
        }

        void restore() {
            if (membership != null) {
                membership.start();
            }
            if (methods.restore() > 0) {
                retryLater(reactors.control(), this);
            }
        }

        void serve(RpcServer listening, DataFolder owned) {
            server = listening;
            folder = owned;
            balancing.start(balancing.settings());
            final GateGiver giver = new GateGiver(
                    dispatcher,
                    methods,
                    volumes,
                    controllers,
                    listening,
                    owned.fd(),
                    client,
                    () -> handedOver.complete(0));
            handovers.giver(giver);
            final HolderLink holder = link;
            if (holder != null) {
                final GateKeeping keeping = new GateKeeping(holder, giver, controllers);
                giver.keptBy(keeping);
                methods.onSaved(holder::changed);
                keeping.comeBack();
            }
        }

        private HolderLink holderLink(Life shown) {
            final Path socket = GateHolder.socket(options.data());
            return new HolderLink(
                    reactors.control(),
                    () -> {
                        try {
                            return HandoverSocket.of(HandoverDoor.connect(socket));
                        } catch (IllegalStateException | UncheckedIOException nobody) {
                            LOG.log(Level.DEBUG, "no holder: {0}", nobody.getMessage());
                            return null;
                        }
                    },
                    VERSION,
                    ProcessControl.processId(),
                    shown.fd());
        }

        /// @param ended told OWNER, STARTS, or ABANDONED and why
        /// @param stands run when this process is to stand by
        void standBy(BiConsumer<StandbyState, String> ended, Runnable stands) {
            final Reactor control = reactors.control();
            final ClusterTaker cluster = client == null ? null : new ClusterTaker(control, client);
            final Standby standby = new Standby(control, new StandbyTaker(taker(), controllers, cluster), ended);
            if (!Objects.requireNonNull(link, "made with a holder").standBy(standby, stands)) {
                ended.accept(StandbyState.STARTS, "");
            }
        }

        private GateTaker taker() {
            final Reactor control = reactors.control();
            return new GateTaker(control, factory, volumes, controllers, methods, client, (owned, listener) -> {
                serve(RpcServer.adopt(control, dispatcher, options.rpcSocket(), listener), owned);
                if (methods.unappliedCount() > 0) {
                    retryLater(control, this);
                }
            });
        }

        void enter(Path socket, Consumer<String> ended) {
            final Reactor control = reactors.control();
            final Takeover takeover = new Takeover(taker(), ended);
            takeover.greet(
                    HandoverDoor.enter(control, socket, takeover.listener()), VERSION, ProcessControl.processId());
        }
    }

    private static void retryLater(Reactor control, Core core) {
        control.schedule(RETRY_NS, () -> {
            if (core.dispatcher.held() || core.methods.retry() > 0) {
                retryLater(control, core);
            }
        });
    }

    /// Make a volume and a controller that no state file remembers: for programs that are told what
    /// to serve by their command line.
    ///
    /// @param inherited listening socket, owned by the gate from now on; null to make one at the
    ///     spec's path
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

    /// Stop: no more management, front ends are hung up on after what they asked for is answered,
    /// volumes are closed.
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
            final HolderLink holder = core.link;
            if (holder != null) {
                holder.close();
            }
            final RpcServer listening = core.server;
            if (listening != null) {
                listening.close();
            }
            controllers.deleteAll(() -> core.exports.deleteAll(() -> stopped.complete(Boolean.TRUE)));
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
        if (life != null) {
            life.close();
        }
        if (folder != null) {
            folder.close();
        }
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
        return Outcome.await(result);
    }
}
