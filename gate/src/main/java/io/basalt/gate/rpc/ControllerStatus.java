package io.basalt.gate.rpc;

import java.util.List;

/// What a controller is now.
///
/// @param spec what it was asked to be
/// @param cpumask processors that its reactors may run on, as `0x` hexadecimal
/// @param queueCount queues offered
/// @param delayBaseUs coalescing: longest delay of a call in microseconds; 0 is none
/// @param iopsThreshold coalescing: requests per second below which calls are not delayed
/// @param writeback whether the guest is told of a write cache that it has to flush (`writeback` of the
///     configuration space); it can change this itself
/// @param sessions connections of front ends
/// @param targets what a SCSI one has
public record ControllerStatus(
        ControllerSpec spec,
        String cpumask,
        int queueCount,
        int delayBaseUs,
        int iopsThreshold,
        boolean writeback,
        List<Session> sessions,
        List<Target> targets) {
    public ControllerStatus {
        sessions = List.copyOf(sessions);
        targets = List.copyOf(targets);
    }

    /// The status of a virtio-blk one.
    public ControllerStatus(
            ControllerSpec spec,
            String cpumask,
            int queueCount,
            int delayBaseUs,
            int iopsThreshold,
            boolean writeback,
            List<Session> sessions) {
        this(spec, cpumask, queueCount, delayBaseUs, iopsThreshold, writeback, sessions, List.of());
    }

    /// One target of a SCSI host.
    ///
    /// @param number of the target
    /// @param volume name of the volume behind its unit 0
    public record Target(int number, String volume) {}

    /// One connection of a front end.
    ///
    /// @param id number that is unique in the gate's life
    /// @param state name of the session's state
    /// @param started whether any queue runs
    /// @param virtioFeatures negotiated virtio feature bits
    /// @param protocolFeatures negotiated vhost-user protocol feature bits
    /// @param queues the queues that were set up
    public record Session(
            int id, String state, boolean started, long virtioFeatures, long protocolFeatures, List<Queue> queues) {
        public Session {
            queues = List.copyOf(queues);
        }
    }

    /// One virtqueue of a session.
    ///
    /// @param index number of the queue
    /// @param state name of the queue's state
    /// @param reactor id of the reactor that it lives on
    /// @param size entries of its ring
    /// @param inFlight requests taken and not answered
    /// @param requests requests answered since it came to this reactor
    /// @param bytes moved by them, or covered
    /// @param resubmitted requests that a gate which died had taken and this one executed again, at the last start
    /// @param moves how often it has come to another reactor since the ring started
    /// @param fault why the ring is broken, or empty
    public record Queue(
            int index,
            String state,
            int reactor,
            int size,
            int inFlight,
            long requests,
            long bytes,
            int resubmitted,
            int moves,
            String fault) {}
}
