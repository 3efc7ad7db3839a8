package io.basalt.virtio.queue;

import io.basalt.reactor.Poller;
import java.util.function.IntConsumer;

/// A virtqueue that a device serves, whatever its kind: from start to stop, with changes of its setup in between.
///
/// Concurrency: belongs to one reactor's thread, commands come in between two polls; others may glance at
/// [#inFlight()].
public interface ServedQueue extends Poller {
    /// Number of the queue in its device.
    int index();

    /// Requests taken and not answered.
    int inFlight();

    /// Requests of an earlier process that the inflight region held when the ring was last started.
    int resubmitted();

    /// Begin to serve a ring. Requests that the inflight region holds are taken first.
    ///
    /// @throws QueueSetupException if the ring cannot be used; nothing has changed then
    void start(QueueSetup setup);

    /// Go on with another setup of the same ring.
    ///
    /// @param acknowledged run once, in this reactor, when nothing uses the old setup any more
    void change(QueueSetup next, Runnable acknowledged);

    /// Stop serving the ring: requests in flight are answered first.
    ///
    /// @param done run once, in this reactor, with the value of GET_VRING_BASE
    void stop(IntConsumer done);

    /// Take and answer nothing more; a stop follows.
    void abandon();
}
