package io.basalt.virtio.blk;

import io.basalt.virtio.queue.QueueFault;

/// Who is told that a [BlkQueue] broke.
@FunctionalInterface
public interface BlkQueueListener {
    /// The queue takes no more requests until it has been stopped and started again. Called once per start, in the
    /// queue's reactor; hand it over, do not act on it there.
    ///
    /// @param fault why; with [QueueFault#MEMORY_LOST] guest memory is gone for every queue, so the whole device
    ///     must stop
    void broken(BlkQueue queue, QueueFault fault);
}
