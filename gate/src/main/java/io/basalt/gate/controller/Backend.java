package io.basalt.gate.controller;

import io.basalt.gate.cluster.RingListener;
import io.basalt.gate.rpc.ControllerStatus;
import io.basalt.virtio.vhostuser.RefusedException;
import java.lang.foreign.MemorySegment;
import java.util.List;

/// What a controller shows its front ends: one disk, or the targets of a SCSI host. Control reactor.
interface Backend {
    /// The virtio feature bits on offer.
    long features();

    /// Virtqueues on offer.
    int queueCount();

    /// Copy from the configuration space; bytes beyond its end stay zero.
    void readConfig(int offset, MemorySegment into);

    /// Write to the configuration space.
    ///
    /// @return whether what must be remembered has changed
    /// @throws RefusedException if that cannot be written
    boolean writeConfig(int offset, MemorySegment data) throws RefusedException;

    /// Whether the guest is told of a write cache by the controller.
    boolean writeback();

    /// Set whether it is.
    void writeback(boolean enabled);

    /// Longest delay of a call in microseconds.
    int delayBaseUs();

    /// Requests per second below which calls are not delayed.
    int iopsThreshold();

    /// Delay calls, or no longer.
    ///
    /// @throws IllegalArgumentException if calls cannot be delayed so
    void coalescing(int delayBaseUs, int iopsThreshold);

    /// Have every queue take only a few requests at a time, or as many as ever again.
    void slow(boolean slowly);

    /// Most requests that a queue may have in flight now.
    int inFlightMax();

    /// Where queues live: one for each data reactor.
    List<QueueHome> homes();

    /// Who is to hear of rings that start and stop.
    RingListener rings();

    /// What a SCSI host has.
    List<ControllerStatus.Target> targets();

    /// Another process has served the volumes until now.
    void taken();

    /// Release the volumes. No queue runs.
    void close();
}
