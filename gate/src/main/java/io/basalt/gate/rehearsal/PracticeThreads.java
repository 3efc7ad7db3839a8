package io.basalt.gate.rehearsal;

import io.basalt.gate.cluster.PracticeCluster;
import io.basalt.gate.config.GateLog;
import io.basalt.net.ClusterKey;
import io.basalt.net.NetOptions;
import io.basalt.net.Network;
import io.basalt.net.NodeAddress;
import io.basalt.net.PeerIdentity;
import io.basalt.net.tcp.TcpNetwork;
import io.basalt.reactor.FaultHandler;
import io.basalt.reactor.IdleMode;
import io.basalt.reactor.Reactor;
import io.basalt.reactor.ReactorConfiguration;
import io.basalt.reactor.thread.ReactorThread;
import io.basalt.reactor.uring.UringEngine;
import java.lang.System.Logger.Level;
import java.security.SecureRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// The reactors of a rehearsal, one of each kind, and the practice cluster. What goes wrong in them is
/// logged, and ends nothing but them.
final class PracticeThreads implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(PracticeThreads.class.getName());
    private static final int RING_ENTRIES = 256;
    private static final int POOL_BYTES = 8 << 20;
    private static final int PAYLOAD_BYTES_MAX = 64 << 10;
    private static final int RECEIVE_BYTES = 64 << 10;
    private static final int DIRECT_BYTES_MIN = 16 << 10;
    private static final long STEP_LIMIT_S = 10;
    private static final long LOOK_NS = 1_000_000;

    private final ReactorThread control;
    private final ReactorThread data;
    private @Nullable Network network;
    private @Nullable PracticeCluster cluster;

    private PracticeThreads(ReactorThread control, ReactorThread data) {
        this.control = control;
        this.data = data;
    }

    /// Start them.
    ///
    /// @param clustered whether there is a practice cluster
    /// @throws IllegalStateException if something cannot be had; nothing is left then
    static PracticeThreads start(boolean clustered) {
        final PracticeThreads made =
                new PracticeThreads(thread("control", 1, IdleMode.INTERRUPT), thread("data", 0, IdleMode.ADAPTIVE));
        if (clustered) {
            try {
                made.openCluster();
            } catch (IllegalStateException failure) {
                made.close();
                throw failure;
            }
        }
        return made;
    }

    private static ReactorThread thread(String name, int id, IdleMode mode) {
        final FaultHandler faults =
                (reactor, source, fault) -> LOG.log(Level.WARNING, reactor + " dropped " + source, fault);
        return ReactorThread.start(
                ReactorConfiguration.of(GateLog.REHEARSAL + name, id).withIdleMode(mode),
                ReactorThread.UNPINNED,
                () -> UringEngine.open(RING_ENTRIES),
                faults,
                (thread, failure) -> LOG.log(Level.ERROR, thread.getName() + " has ended", failure));
    }

    private void openCluster() {
        on(() -> {
            final SecureRandom random = new SecureRandom();
            final byte[] key = new byte[ClusterKey.BYTES];
            random.nextBytes(key);
            final Network made = TcpNetwork.open(
                    data(),
                    NetOptions.DEFAULT.withBuffers(PAYLOAD_BYTES_MAX, POOL_BYTES, RECEIVE_BYTES, DIRECT_BYTES_MIN),
                    new ClusterKey(key),
                    new PeerIdentity(PeerIdentity.Role.GATE, 0, "practice"));
            network = made;
            cluster = new PracticeCluster(data(), made, new NodeAddress("127.0.0.1", 0), random.nextLong() | 1);
            return Boolean.TRUE;
        });
    }

    Reactor control() {
        return control.reactor();
    }

    Reactor data() {
        return data.reactor();
    }

    @Nullable
    PracticeCluster cluster() {
        return cluster;
    }

    private <T> T on(Supplier<T> work) {
        final CompletableFuture<T> result = new CompletableFuture<>();
        data().post(() -> {
            try {
                result.complete(work.get());
            } catch (RuntimeException failure) {
                result.completeExceptionally(failure);
            }
        });
        try {
            return result.orTimeout(STEP_LIMIT_S, TimeUnit.SECONDS).join();
        } catch (CompletionException failure) {
            throw new IllegalStateException(failure.getCause());
        }
    }

    private void closeCluster(CompletableFuture<Boolean> closed) {
        final Network open = network;
        final PracticeCluster known = cluster;
        if (known != null) {
            known.close();
        }
        if (open != null) {
            open.close();
        }
        awaitClosed(closed);
    }

    private void awaitClosed(CompletableFuture<Boolean> closed) {
        if (network == null || network.isClosed()) {
            closed.complete(Boolean.TRUE);
        } else {
            data().schedule(LOOK_NS, () -> awaitClosed(closed));
        }
    }

    @Override
    public void close() {
        final CompletableFuture<Boolean> closed = new CompletableFuture<>();
        data().post(() -> closeCluster(closed));
        try {
            closed.orTimeout(STEP_LIMIT_S, TimeUnit.SECONDS).join();
        } catch (CompletionException late) {
            LOG.log(Level.WARNING, "the practice cluster does not close; its threads are left alone");
            return;
        }
        control.close();
        data.close();
    }
}
