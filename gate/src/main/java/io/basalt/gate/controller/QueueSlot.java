package io.basalt.gate.controller;

import io.basalt.reactor.Reactor;
import io.basalt.virtio.queue.QueueFault;
import io.basalt.virtio.queue.QueueSetup;
import io.basalt.virtio.queue.QueueSetupException;
import io.basalt.virtio.queue.ServedQueue;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/// One virtqueue of a session on its data reactor, from start to stop.
///
/// Concurrency: made on the control reactor; every method but the accessors of final fields and [#queue()]
/// belongs to the data reactor. `queue` is written once there, before the start is acknowledged through a
/// mailbox.
final class QueueSlot {
    private final QueueHome home;
    private final QueueHome.Listener listener;
    private final QueueSetup first;
    private volatile @Nullable ServedQueue queue;
    private volatile @Nullable QueueFault fault;
    private int base;

    QueueSlot(QueueHome home, QueueHome.Listener listener, QueueSetup first) {
        this.home = home;
        this.listener = listener;
        this.first = first;
        this.base = first.base();
    }

    Reactor reactor() {
        return home.reactor();
    }

    QueueHome home() {
        return home;
    }

    int size() {
        return first.size();
    }

    /// The running queue, or null before its start and after its stop.
    @Nullable
    ServedQueue queue() {
        return queue;
    }

    /// Requests taken and not answered, as they were a moment ago: read without order, for operators.
    int inFlight() {
        final ServedQueue current = queue;
        return current == null ? 0 : current.inFlight();
    }

    /// Requests of a gate that died which were executed again at the start; fixed from then on.
    int resubmitted() {
        final ServedQueue current = queue;
        return current == null ? 0 : current.resubmitted();
    }

    /// Why the ring is broken, or null.
    @Nullable
    QueueFault fault() {
        return fault;
    }

    private void broken(int index, QueueFault reason) {
        fault = reason;
        listener.broken(index, reason);
    }

    /// Begin to serve the ring.
    ///
    /// @return null, or why not; nothing is left behind then
    @Nullable
    String start() {
        final ServedQueue made;
        try {
            made = home.open(first, this::broken);
        } catch (QueueSetupException refused) {
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
        final ServedQueue current = queue;
        if (current == null) {
            acknowledged.run();
        } else {
            current.change(next, acknowledged);
        }
    }

    /// Answer nothing more that is in flight; see [ServedQueue#abandon()].
    void abandon() {
        final ServedQueue current = queue;
        if (current != null) {
            current.abandon();
        }
    }

    /// Finish what is in flight and stop.
    ///
    /// @param stopped run in the data reactor with the vring base
    void stop(IntConsumer stopped) {
        final ServedQueue stopping = queue;
        if (stopping == null) {
            // Refused after the session had been told of its start, or broken on its way to another reactor.
            stopped.accept(base);
            return;
        }
        stopping.stop(stoppedAt -> {
            base = stoppedAt;
            reactor().removePoller(stopping);
            queue = null;
            home.closed(stopping);
            stopped.accept(stoppedAt);
        });
    }
}
