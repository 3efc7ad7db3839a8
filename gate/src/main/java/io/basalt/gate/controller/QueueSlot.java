package io.basalt.gate.controller;

import io.basalt.reactor.Reactor;
import io.basalt.virtio.blk.BlkDevice;
import io.basalt.virtio.blk.BlkQueue;
import io.basalt.virtio.blk.BlkQueueListener;
import io.basalt.virtio.queue.QueueFault;
import io.basalt.virtio.queue.QueueSetup;
import io.basalt.virtio.queue.QueueSetupException;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/// One virtqueue of a session on its data reactor, from start to stop.
///
/// Concurrency: made on the control reactor; every method but the accessors of final fields and [#queue()]
/// belongs to the data reactor. `queue` is written once there, before the start is acknowledged through a
/// mailbox.
final class QueueSlot {
    private final VolumeShare share;
    private final BlkDevice device;
    private final BlkQueueListener listener;
    private final QueueSetup first;
    private volatile @Nullable BlkQueue queue;
    private volatile @Nullable QueueFault fault;
    private int base;

    QueueSlot(VolumeShare share, BlkDevice device, BlkQueueListener listener, QueueSetup first) {
        this.share = share;
        this.device = device;
        this.listener = listener;
        this.first = first;
        this.base = first.base();
    }

    Reactor reactor() {
        return share.reactor();
    }

    int size() {
        return first.size();
    }

    /// The running queue, or null before its start and after its stop. Its counters and state may be read by any
    /// thread.
    @Nullable
    BlkQueue queue() {
        return queue;
    }

    /// Requests taken and not answered, as they were a moment ago: read without order, for operators.
    int inFlight() {
        final BlkQueue current = queue;
        return current == null ? 0 : current.inFlight();
    }

    /// Requests of a gate that died which were executed again at the start; fixed from then on.
    int resubmitted() {
        final BlkQueue current = queue;
        return current == null ? 0 : current.resubmitted();
    }

    /// Why the ring is broken, or null.
    @Nullable
    QueueFault fault() {
        return fault;
    }

    private void broken(BlkQueue broken, QueueFault reason) {
        fault = reason;
        listener.broken(broken, reason);
    }

    /// Begin to serve the ring.
    ///
    /// @return null, or why not; nothing is left behind then
    @Nullable
    String start() {
        final BlkQueue made =
                new BlkQueue(device, first.index(), share.take(), reactor().engine(), this::broken);
        try {
            made.start(first);
        } catch (QueueSetupException refused) {
            share.giveBack();
            return String.valueOf(refused.getMessage());
        }
        queue = made;
        reactor().addPoller(made);
        return null;
    }

    /// Go on with another setup.
    ///
    /// @param acknowledged run in the data reactor when nothing uses the old setup any more
    void change(QueueSetup next, Runnable acknowledged) {
        final BlkQueue current = queue;
        if (current == null) {
            acknowledged.run();
        } else {
            current.change(next, acknowledged);
        }
    }

    /// Answer nothing more that is in flight; see [BlkQueue#abandon()].
    void abandon() {
        final BlkQueue current = queue;
        if (current != null) {
            current.abandon();
        }
    }

    /// Finish what is in flight and stop.
    ///
    /// @param stopped run in the data reactor with the vring base
    void stop(IntConsumer stopped) {
        final BlkQueue stopping = queue;
        if (stopping == null) {
            // Refused after the session had been told of its start, or broken on its way to another reactor.
            stopped.accept(base);
            return;
        }
        stopping.stop(stoppedAt -> {
            base = stoppedAt;
            reactor().removePoller(stopping);
            queue = null;
            share.giveBack();
            stopped.accept(stoppedAt);
        });
    }
}
