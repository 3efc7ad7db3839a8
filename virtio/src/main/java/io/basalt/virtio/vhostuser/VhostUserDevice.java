package io.basalt.virtio.vhostuser;

import io.basalt.virtio.queue.QueueSetup;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/// The device behind a session: what it offers, and the queues it runs for the front end.
///
/// Concurrency: called on the session's owner thread. Queue commands may be carried out elsewhere; every
/// command is acknowledged exactly once, on the session's owner thread, before or after the call returns. The
/// session gives a queue its next command only after the acknowledgement of the last.
public interface VhostUserDevice {
    /// Takes the outcome of a queue command.
    @FunctionalInterface
    interface Completion {
        /// The command has taken effect, or was refused.
        ///
        /// @param refusal null, or why not. A refused start leaves the queue stopped. A refused change leaves
        ///     the queue broken: it takes no more requests and, like any acknowledged change, no longer uses
        ///     what only the old setup named
        void completed(@Nullable String refusal);
    }

    /// Takes the position at which a queue stopped.
    @FunctionalInterface
    interface StopCompletion {
        /// The queue has stopped: nothing is in flight, and it touches neither guest memory nor any descriptor.
        ///
        /// @param base vring base for GET_VRING_BASE, laid out as [QueueSetup#base()]
        void stopped(int base);
    }

    /// Virtio feature bits on offer, without VHOST_F_LOG_ALL and VHOST_USER_F_PROTOCOL_FEATURES, which the session
    /// adds. Constant during a session.
    long features();

    /// Queues the device can run, 1 to 256. Constant during a session.
    int queueCountMax();

    /// Descriptors a queue may have at most, a power of two up to 32768. Constant during a session.
    int queueSizeMax();

    /// Copy from the configuration space. Bytes beyond its end read as zero.
    ///
    /// @param offset of the first byte, 0 to 255
    /// @param into where to, at most 256 bytes, zero-filled
    void readConfig(int offset, MemorySegment into);

    /// Write to the configuration space; a block device accepts its `writeback` byte and nothing else. What is
    /// written stays through every reset: the front end keeps a copy and does not write an equal value again.
    ///
    /// @param data valid during the call only
    /// @param migration whether a migration restores state, rather than the guest writing
    /// @throws RefusedException if the field is not writable or the value is out of range
    void writeConfig(int offset, MemorySegment data, boolean migration) throws RefusedException;

    /// Features have been agreed on; called at each change, before any queue uses them.
    ///
    /// @param features virtio feature bits, with the session's own
    /// @param protocolFeatures vhost-user protocol feature bits
    void negotiated(long features, long protocolFeatures);

    /// Start a queue. Requests may be taken at once if the setup is enabled, without waiting for a kick.
    void startQueue(QueueSetup setup, Completion completion);

    /// Go on with another setup. Acknowledged when the queue uses the new one and no request in flight
    /// names memory or descriptors that only the old one has. Ring addresses, size and base do not change.
    void changeQueue(QueueSetup setup, Completion completion);

    /// Stop a queue: take no more requests, wait for those in flight (bounded by the device), then acknowledge.
    void stopQueue(int index, StopCompletion completion);

    /// Something worth an operator's attention happened: a message was refused or ignored. The front end causes
    /// these at will, so whoever writes them down limits their rate.
    void noted(String note);
}
