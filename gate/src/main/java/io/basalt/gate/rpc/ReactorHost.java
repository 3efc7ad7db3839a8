package io.basalt.gate.rpc;

import io.basalt.reactor.IdleMode;
import io.basalt.reactor.ReactorCounters;
import java.util.List;

/// What the methods need of the gate's reactors.
public interface ReactorHost {
    /// All reactors, the control reactor among them, by ascending id. Any thread.
    List<Status> reactors();

    /// Change how a reactor idles. It does so in its next pass.
    ///
    /// @param id one of [#reactors()]
    /// @throws RpcError if this reactor cannot idle so
    void idleMode(int id, IdleMode mode);

    /// A reactor now.
    ///
    /// @param id unique in the process
    /// @param name name of the reactor and its thread
    /// @param cpu processor that it is pinned to, or -1 if it is not
    /// @param threadId the kernel's thread id
    /// @param control whether it is the control reactor
    /// @param mode how it idles
    /// @param pollers pollers in its loop
    /// @param counters times in nanoseconds, and counts
    record Status(
            int id,
            String name,
            int cpu,
            int threadId,
            boolean control,
            IdleMode mode,
            int pollers,
            ReactorCounters.Snapshot counters) {}
}
