package io.basalt.gate.daemon;

import io.basalt.reactor.IdleMode;
import java.nio.file.Path;
import java.util.List;

/// What a gate is started with.
///
/// @param data folder of `gate.json` and, by default, of everything else; made if it is not there, mode 0700
/// @param rpcSocket path of the management socket
/// @param socketFolder where controllers' sockets are made when a request names none
/// @param reactorCount data reactors, 1 to 64
/// @param cpus processors to pin the data reactors to, one each; empty leaves them to the scheduler
/// @param idleMode how data reactors idle
public record GateOptions(
        Path data, Path rpcSocket, Path socketFolder, int reactorCount, List<Integer> cpus, IdleMode idleMode) {
    /// Most data reactors.
    public static final int REACTOR_COUNT_MAX = 64;

    /// @throws IllegalArgumentException naming the option, the reason and what to do
    public GateOptions {
        cpus = List.copyOf(cpus);
        if (reactorCount < 1 || reactorCount > REACTOR_COUNT_MAX) {
            throw new IllegalArgumentException("reactors: " + reactorCount + " is outside 1 to " + REACTOR_COUNT_MAX);
        }
        if (!cpus.isEmpty() && cpus.size() != reactorCount) {
            throw new IllegalArgumentException("cpus: " + cpus.size() + " processors for " + reactorCount
                    + " reactors; name one for each, or none");
        }
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
