package io.basalt.gate.controller;

import io.basalt.reactor.Reactor;
import io.basalt.virtio.queue.QueueSetup;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/// One virtqueue of a session, from start to stop, on one data reactor after the other; see [PlaceState].
///
/// A move is a stop there and a start here: everything in flight is answered before the new reactor takes
/// a request, so that no two requests change their order, and the guest notices a pause. What the session
/// wants meanwhile waits for the end of the move, but [#abandon], which is about the requests that the
/// move waits for.
///
/// Concurrency: lives on the control reactor. Commands go to the slot's data reactor and come back by
/// mailbox.
final class QueuePlace {
    private final Reactor control;
    private final QueueHome.Listener listener;
    private final Consumer<QueueSlot> placed;
    private final Deque<Runnable> waiting = new ArrayDeque<>();
    private PlaceState state = PlaceState.ARRIVING;
    private QueueSetup setup;
    private QueueSlot slot;
    private boolean ending;
    private boolean abandoned;
    private int moves;

    /// @param setup to begin with
    /// @param home where to begin
    /// @param placed told of each slot in which the queue runs
    QueuePlace(
            Reactor control,
            QueueHome.Listener listener,
            QueueSetup setup,
            QueueHome home,
            Consumer<QueueSlot> placed) {
        this.control = control;
        this.listener = listener;
        this.placed = placed;
        this.setup = setup;
        this.slot = new QueueSlot(home, listener, setup);
    }

    /// The queue where it runs now, or where it did last.
    QueueSlot slot() {
        return slot;
    }

    /// How often it has come to another reactor.
    int moves() {
        return moves;
    }

    private void become(PlaceState next) {
        if (!state.canBecome(next)) {
            throw new IllegalStateException("queue " + setup.index() + ": " + state + " -> " + next);
        }
        state = next;
    }

    /// Begin to serve the ring.
    ///
    /// @param started told null, or why not
    void start(Consumer<@Nullable String> started) {
        final QueueSlot starting = slot;
        starting.reactor().post(() -> {
            final String refusal = starting.start();
            control.post(() -> {
                if (refusal == null) {
                    placed.accept(starting);
                }
                settle();
                started.accept(refusal);
            });
        });
    }

    /// Go on with another setup.
    ///
    /// @param changed run when nothing uses the old one any more
    void change(QueueSetup next, Runnable changed) {
        whenSettled(() -> {
            setup = next;
            final QueueSlot current = slot;
            current.reactor().post(() -> current.change(next, () -> control.post(changed)));
        });
    }

    /// Finish what is in flight and stop.
    ///
    /// @param stopped told the vring base
    void stop(IntConsumer stopped) {
        whenSettled(() -> {
            ending = true;
            final QueueSlot current = slot;
            current.reactor().post(() -> current.stop(base -> control.post(() -> stopped.accept(base))));
        });
    }

    /// Answer nothing more that is in flight, and take nothing more; a stop follows.
    void abandon() {
        abandoned = true;
        final QueueSlot current = slot;
        current.reactor().post(current::abandon);
    }

    /// Go to another reactor.
    ///
    /// @param moved told null when the queue runs there, or why it does not
    void move(QueueHome target, Consumer<@Nullable String> moved) {
        final QueueSlot leaving = slot;
        if (ending || abandoned) {
            // It would be started again, in memory that its session is about to give up.
            moved.accept("queue " + setup.index() + " is about to stop");
        } else if (state != PlaceState.SETTLED || leaving.queue() == null || leaving.fault() != null) {
            moved.accept("queue " + setup.index() + " does not run, or is being moved already");
        } else if (leaving.reactor() == target.reactor()) {
            moved.accept(null);
        } else {
            become(PlaceState.LEAVING);
            leaving.reactor().post(() -> leaving.stop(base -> control.post(() -> left(leaving, base, target, moved))));
        }
    }

    private void left(QueueSlot old, int base, QueueHome target, Consumer<@Nullable String> moved) {
        if (abandoned || old.fault() != null) {
            settle();
            moved.accept("queue " + setup.index() + " has ended on its way");
            return;
        }
        become(PlaceState.ARRIVING);
        moves++;
        setup = setup.withBase(base);
        slot = new QueueSlot(target, listener, setup);
        final QueueSetup begins = setup;
        start(refusal -> {
            if (refusal != null) {
                // To the session it runs: like a ring that breaks at once.
                begins.error().raise();
            }
            moved.accept(refusal);
        });
    }

    private void whenSettled(Runnable command) {
        if (state == PlaceState.SETTLED) {
            command.run();
        } else {
            waiting.add(command);
        }
    }

    private void settle() {
        become(PlaceState.SETTLED);
        for (Runnable next = waiting.poll(); next != null; next = waiting.poll()) {
            next.run();
        }
    }
}
