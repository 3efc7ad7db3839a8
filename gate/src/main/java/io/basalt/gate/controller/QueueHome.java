package io.basalt.gate.controller;

import io.basalt.block.RegionTable;
import io.basalt.reactor.Reactor;
import io.basalt.virtio.queue.QueueFault;
import io.basalt.virtio.queue.QueueSetup;
import io.basalt.virtio.queue.ServedQueue;

/// A data reactor as a place for a controller's queues.
///
/// Concurrency: [#reactor()] and [#count] belong to the control reactor, the others to the data reactor.
interface QueueHome {
    Reactor reactor();

    /// Make a queue and have it serve its ring.
    ///
    /// @param listener told when it breaks
    /// @throws io.basalt.virtio.queue.QueueSetupException if the ring cannot be served; nothing is left then
    ServedQueue open(QueueSetup setup, Listener listener);

    /// Release what a queue had here; it has stopped.
    void closed(ServedQueue queue);

    /// Register memory with the volumes, for queues that are to start soon.
    void prepare(RegionTable memory);

    /// Undo [#prepare].
    void unprepare(RegionTable memory);

    /// Count what a queue does as its volumes'.
    ///
    /// @param name what it is called in statistics
    Counting count(ServedQueue queue, String name);

    /// Who is told that a queue broke, in its reactor.
    @FunctionalInterface
    interface Listener {
        void broken(int index, QueueFault fault);
    }

    /// What a queue has done.
    interface Counting {
        /// Requests answered.
        long requests();

        /// Bytes moved by them, or covered.
        long bytes();

        /// The queue has stopped.
        void forget();
    }
}
