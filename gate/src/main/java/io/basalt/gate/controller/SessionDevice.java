package io.basalt.gate.controller;

import io.basalt.gate.cluster.RingListener;
import io.basalt.gate.rpc.ControllerStatus;
import io.basalt.reactor.Reactor;
import io.basalt.virtio.memory.GuestMemory;
import io.basalt.virtio.queue.QueueFault;
import io.basalt.virtio.queue.QueueSetup;
import io.basalt.virtio.queue.ServedQueue;
import io.basalt.virtio.vhostuser.RefusedException;
import io.basalt.virtio.vhostuser.VhostUserDevice;
import io.basalt.virtio.vhostuser.VhostUserSession;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// What one session drives: a disk whose queues are spread over the data reactors.
///
/// While another session of the controller runs its rings ([RingTurn]), those of this one are *held*:
/// to the session they have started, but nothing touches them.
///
/// Concurrency: lives on the control reactor. Commands go to the data reactor of their queue as posted commands,
/// and their outcome comes back the same way; neither side waits.
final class SessionDevice implements VhostUserDevice, RingTurn.Waiter {
    /// Most descriptors of a queue, QEMU's own limit (VIRTQUEUE_MAX_SIZE).
    private static final int QUEUE_SIZE_MAX = 1024;

    private final Reactor control;
    private final Backend backend;
    private final SessionEvents events;
    private final List<QueueHome> homes;
    private final int firstReactor;
    private final String name;
    private final RingTurn turn;
    private final RingListener rings;
    private final @Nullable QueuePlace[] places;
    private final @Nullable QueueSetup[] held;
    private final QueueHome.@Nullable Counting[] counts;
    private int placeCount;
    private boolean ringsRun;
    private boolean logging;
    private boolean gone;

    /// What a session tells the controller it belongs to. On the control reactor.
    interface SessionEvents {
        /// Something for the log, at a limited rate.
        void noted(String note);

        /// The session's rings are about to run, and no other session's.
        void ringsRun();

        /// The guest has changed its cache mode, which must be remembered before it hears that it has.
        void writebackChanged();

        /// Guest memory has been taken away: the session must end.
        void memoryLost();
    }

    /// @param backend what the queues serve
    /// @param firstReactor where queue 0 lives; queue n lives n further on, round and round
    /// @param name the controller's, for the volume's statistics
    /// @param turn the controller's
    SessionDevice(
            Reactor control, Backend backend, int firstReactor, String name, RingTurn turn, SessionEvents events) {
        this.control = control;
        this.backend = backend;
        this.events = events;
        this.homes = backend.homes();
        this.firstReactor = firstReactor;
        this.name = name;
        this.turn = turn;
        this.rings = backend.rings();
        this.places = new QueuePlace[backend.queueCount()];
        this.held = new QueueSetup[places.length];
        this.counts = new QueueHome.Counting[places.length];
    }

    @Override
    public long features() {
        return backend.features();
    }

    @Override
    public int queueCountMax() {
        return places.length;
    }

    @Override
    public int queueSizeMax() {
        return QUEUE_SIZE_MAX;
    }

    @Override
    public void readConfig(int offset, MemorySegment into) {
        backend.readConfig(offset, into);
    }

    @Override
    public void writeConfig(int offset, MemorySegment data, boolean migration) throws RefusedException {
        if (backend.writeConfig(offset, data)) {
            events.writebackChanged();
        }
    }

    @Override
    public void negotiated(long features, long protocolFeatures) {
        // Queues get the features in their setups; nothing here depends on them.
    }

    @Override
    public void startQueue(QueueSetup setup, Completion completion) {
        if (!gone && turn.take(this)) {
            start(setup, refusal -> {
                if (refusal != null) {
                    forget(setup.index());
                }
                completion.completed(refusal);
                settle();
            });
            return;
        }
        if (Arrays.stream(held).allMatch(Objects::isNull)) {
            events.noted("waits until the session before it has stopped its rings");
        }
        held[setup.index()] = setup;
        completion.completed(null);
    }

    @Override
    public void go() {
        for (int index = 0; index < held.length; index++) {
            final QueueSetup setup = held[index];
            held[index] = null;
            if (setup != null) {
                // The session knows it as started: a refusal now is like a ring that breaks at once.
                start(setup, refusal -> {
                    if (refusal != null) {
                        events.noted("queue " + setup.index() + " does not start: " + refusal);
                        setup.error().raise();
                    }
                });
            }
        }
    }

    private void start(QueueSetup setup, Consumer<@Nullable String> started) {
        final int index = setup.index();
        final QueueHome home = homes.get((firstReactor + index) % homes.size());
        final QueuePlace place = new QueuePlace(control, this::queueBroken, setup, home, slot -> count(slot, index));
        if (!ringsRun) {
            ringsRun = true;
            events.ringsRun();
            rings.ringsStart(this);
        }
        logging = setup.log() != null;
        places[index] = place;
        placeCount++;
        place.start(started);
    }

    private void forget(int index) {
        places[index] = null;
        placeCount--;
        forgetStatistics(index);
    }

    /// A ring has stopped and may have been the last. Not before the session knows: it may start it
    /// again at once.
    private void settle() {
        if (placeCount == 0 && ringsRun) {
            ringsRun = false;
            rings.ringsStopped(this, logging);
            turn.leave(this);
        }
    }

    /// The front end has hung up, or is hung up on: rings that wait never run.
    void frontEndGone() {
        gone = true;
        if (!ringsRun) {
            turn.leave(this);
        }
        rings.sessionEnds(this, this::abandon);
    }

    private void abandon() {
        for (final QueuePlace place : places) {
            if (place != null) {
                place.abandon();
            }
        }
    }

    /// The session has ended; no queue is left.
    void released() {
        assert placeCount == 0 : placeCount;
        // The last ring's stop has come to this before it came to [#settle()].
        settle();
        turn.leave(this);
        rings.sessionEnded(this);
    }

    /// Register guest memory with the volume on every reactor, so that queues that start later need not wait for it.
    ///
    /// @param done run when that is so
    void prepare(GuestMemory memory, Runnable done) {
        onEveryReactor(home -> home.prepare(memory.table()), done);
    }

    /// Undo [#prepare]: the queues that wanted it have started, or none will.
    ///
    /// @param done run when that is so
    void unprepare(GuestMemory memory, Runnable done) {
        onEveryReactor(home -> home.unprepare(memory.table()), done);
    }

    private void onEveryReactor(Consumer<QueueHome> command, Runnable done) {
        final int[] left = {homes.size()};
        for (final QueueHome home : homes) {
            home.reactor().post(() -> {
                command.accept(home);
                control.post(() -> {
                    left[0]--;
                    if (left[0] == 0) {
                        done.run();
                    }
                });
            });
        }
    }

    private void count(QueueSlot slot, int index) {
        final ServedQueue queue = slot.queue();
        if (queue != null) {
            forgetStatistics(index);
            counts[index] = slot.home().count(queue, name + " queue " + index);
        }
    }

    @Override
    public void changeQueue(QueueSetup setup, Completion completion) {
        if (held[setup.index()] != null) {
            held[setup.index()] = setup;
            completion.completed(null);
            return;
        }
        logging = setup.log() != null;
        place(setup.index()).change(setup, () -> completion.completed(null));
    }

    @Override
    public void stopQueue(int index, StopCompletion completion) {
        final QueueSetup waiting = held[index];
        if (waiting != null) {
            held[index] = null;
            if (Arrays.stream(held).allMatch(Objects::isNull)) {
                turn.leave(this);
            }
            completion.stopped(waiting.base());
            return;
        }
        place(index).stop(base -> {
            forget(index);
            completion.stopped(base);
            settle();
        });
    }

    private QueuePlace place(int index) {
        final QueuePlace place = places[index];
        if (place == null) {
            throw new IllegalStateException("queue " + index + " was not started");
        }
        return place;
    }

    /// Have a queue live on another data reactor from now on.
    ///
    /// @param reactor id of one that the controller may use
    /// @param moved told null when it runs there, or why it does not
    void moveQueue(int index, int reactor, Consumer<@Nullable String> moved) {
        final QueuePlace place = index < places.length ? places[index] : null;
        final QueueHome target = homes.stream()
                .filter(home -> home.reactor().id() == reactor)
                .findFirst()
                .orElse(null);
        if (place == null) {
            moved.accept("queue " + index + " does not run");
        } else if (target == null) {
            moved.accept("the controller may not use reactor " + reactor);
        } else {
            place.move(target, moved);
        }
    }

    /// On the queue's data reactor.
    private void queueBroken(int index, QueueFault fault) {
        control.post(() -> {
            events.noted("queue " + index + " is broken and stopped: " + fault
                    + "; reset the device in the guest to use it again");
            if (fault == QueueFault.MEMORY_LOST) {
                events.memoryLost();
            }
        });
    }

    @Override
    public void noted(String note) {
        events.noted(note);
    }

    private void forgetStatistics(int index) {
        final QueueHome.Counting counted = counts[index];
        if (counted != null) {
            counted.forget();
            counts[index] = null;
        }
    }

    private int reactorOf(int index) {
        return homes.get((firstReactor + index) % homes.size()).reactor().id();
    }

    /// Whether no queue has more requests in flight, as far as can be seen from here.
    boolean isWithin(int inFlightMax) {
        for (final QueuePlace place : places) {
            if (place != null && place.slot().inFlight() > inFlightMax) {
                return false;
            }
        }
        return true;
    }

    /// The queues that run now, or wait for their turn.
    List<ControllerStatus.Queue> queueStatus(VhostUserSession session) {
        final List<ControllerStatus.Queue> queues = new ArrayList<>();
        for (int index = 0; index < places.length; index++) {
            final QueuePlace place = places[index];
            final QueueHome.Counting counted = counts[index];
            final QueueSetup waits = held[index];
            if (place != null && counted != null) {
                queues.add(status(index, place, counted, session));
            } else if (waits != null) {
                queues.add(
                        new ControllerStatus.Queue(index, "HELD", reactorOf(index), waits.size(), 0, 0, 0, 0, 0, ""));
            }
        }
        return queues;
    }

    private static ControllerStatus.Queue status(
            int index, QueuePlace place, QueueHome.Counting counted, VhostUserSession session) {
        final QueueSlot slot = place.slot();
        final QueueFault fault = slot.fault();
        return new ControllerStatus.Queue(
                index,
                session.ringState(index).name(),
                slot.reactor().id(),
                slot.size(),
                slot.inFlight(),
                counted.requests(),
                counted.bytes(),
                slot.resubmitted(),
                place.moves(),
                fault == null ? "" : fault.name());
    }
}
