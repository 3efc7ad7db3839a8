package io.basalt.gate.daemon;

import io.basalt.linux.memory.PhysicalMemory;
import io.basalt.reactor.IdleMode;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What a gate is started with.
///
/// @param data folder of `gate.json` and, by default, of everything else; made if it is not there, mode 0700
/// @param rpcSocket path of the management socket
/// @param socketFolder where controllers' sockets are made when a request names none
/// @param reactorCount data reactors, 1 to 64
/// @param cpus processors to pin the data reactors to, one each; empty leaves them to the scheduler
/// @param idleMode how data reactors idle
/// @param guestMemoryMax most bytes of memory that the guest behind one controller may have: the gate fills all
///     of it
///     with pages, whether the guest uses them or not
/// @param metrics address and port of the metrics; null for none
/// @param cluster the cluster that the gate belongs to; null for none
public record GateOptions(
        Path data,
        Path rpcSocket,
        Path socketFolder,
        int reactorCount,
        List<Integer> cpus,
        IdleMode idleMode,
        long guestMemoryMax,
        @Nullable InetSocketAddress metrics,
        @Nullable ClusterOptions cluster) {
    /// Most data reactors.
    public static final int REACTOR_COUNT_MAX = 64;

    /// @throws IllegalArgumentException naming the option, the reason and what to do
    public GateOptions {
        cpus = List.copyOf(cpus);
        if (reactorCount < 1 || reactorCount > REACTOR_COUNT_MAX) {
            throw new IllegalArgumentException("reactors: " + reactorCount + " is outside 1 to " + REACTOR_COUNT_MAX);
        }
        if (guestMemoryMax < 1) {
            throw new IllegalArgumentException(
                    "guest-memory-max: " + guestMemoryMax + " bytes are too few for a guest");
        }
        if (!cpus.isEmpty() && cpus.size() != reactorCount) {
            throw new IllegalArgumentException("cpus: " + cpus.size() + " processors for " + reactorCount
                    + " reactors; name one for each, or none");
        }
    }

    /// A gate that belongs to no cluster, tells no metrics, and serves guests as large as the machine.
    public GateOptions(
            Path data, Path rpcSocket, Path socketFolder, int reactorCount, List<Integer> cpus, IdleMode idleMode) {
        this(data, rpcSocket, socketFolder, reactorCount, cpus, idleMode, PhysicalMemory.totalBytes(), null, null);
    }

    /// The same gate in a cluster.
    public GateOptions withCluster(ClusterOptions membership) {
        return new GateOptions(
                data, rpcSocket, socketFolder, reactorCount, cpus, idleMode, guestMemoryMax, metrics, membership);
    }

    /// The same gate with metrics, or without if the address is null.
    public GateOptions withMetrics(@Nullable InetSocketAddress listen) {
        return new GateOptions(
                data, rpcSocket, socketFolder, reactorCount, cpus, idleMode, guestMemoryMax, listen, cluster);
    }

    /// The same gate for guests of so many bytes of memory at the most.
    public GateOptions withGuestMemoryMax(long bytes) {
        return new GateOptions(data, rpcSocket, socketFolder, reactorCount, cpus, idleMode, bytes, metrics, cluster);
    }

    /// Everything under one folder, one unpinned reactor for each processor but one.
    public static GateOptions under(Path data) {
        final int processors = Runtime.getRuntime().availableProcessors();
        return new GateOptions(
                data,
                data.resolve("rpc.sock"),
                data.resolve("vhost"),
                Math.clamp(processors - 1, 1, REACTOR_COUNT_MAX),
                List.of(),
                IdleMode.ADAPTIVE);
    }
}
