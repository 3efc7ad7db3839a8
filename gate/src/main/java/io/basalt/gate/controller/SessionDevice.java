package io.basalt.gate.controller;

import io.basalt.gate.cluster.RingListener;
import io.basalt.gate.rpc.ControllerStatus;
import io.basalt.gate.volume.VolumeEntry;
import io.basalt.reactor.Reactor;
import io.basalt.virtio.blk.BlkConfiguration;
import io.basalt.virtio.blk.BlkDevice;
import io.basalt.virtio.blk.BlkQueue;
import io.basalt.virtio.blk.BlkQueueCounters;
import io.basalt.virtio.memory.GuestMemory;
import io.basalt.virtio.queue.QueueFault;
import io.basalt.virtio.queue.QueueSetup;
import io.basalt.virtio.vhostuser.RefusedException;
import io.basalt.virtio.vhostuser.VhostUserDevice;
import io.basalt.virtio.vhostuser.VhostUserSession;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
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
    private final BlkDevice device;
    private final BlkConfiguration configuration;
    private final SessionEvents events;
    private final List<VolumeShare> shares;
    private final int firstReactor;
    private final VolumeEntry volume;
    private final String name;
    private final RingTurn turn;
    private final RingListener rings;
    private final @Nullable QueuePlace[] places;
    private final @Nullable QueueSetup[] held;
    private final @Nullable QueueStatistics[] statistics;
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

    /// @param shares the volume on each data reactor
    /// @param firstReactor where queue 0 lives; queue n lives n further on, round and round
    /// @param volume told of what the queues count
    /// @param name the controller's, for the volume's statistics
    /// @param turn the controller's
    /// @param rings told of rings that start and stop
    SessionDevice(
            Reactor control,
            BlkDevice device,
            List<VolumeShare> shares,
            int firstReactor,
            VolumeEntry volume,
            String name,
            RingTurn turn,
            RingListener rings,
            SessionEvents events) {
        this.control = control;
        this.device = device;
        this.configuration = new BlkConfiguration(device);
        this.events = events;
        this.shares = shares;
        this.firstReactor = firstReactor;
        this.volume = volume;
        this.name = name;
        this.turn = turn;
        this.rings = rings;
        this.places = new QueuePlace[device.limits().queueCount()];
        this.held = new QueueSetup[places.length];
        this.statistics = new QueueStatistics[places.length];
    }

    @Override
    public long features() {
        return device.offeredFeatures();
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
        final int length = (int) into.byteSize();
        MemorySegment.copy(configuration.read(offset, length), 0, into, ValueLayout.JAVA_BYTE, 0, length);
    }

    @Override
    public void writeConfig(int offset, MemorySegment data, boolean migration) throws RefusedException {
        final boolean before = device.writeback();
        if (!configuration.write(offset, data.toArray(ValueLayout.JAVA_BYTE))) {
            throw new RefusedException(
                    "config: only the writeback byte at offset 32 can be written, 0 or 1, and only if CONFIG_WCE is"
                            + " offered; got " + data.byteSize() + " bytes at " + offset);
        }
        if (device.writeback() != before) {
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
        final VolumeShare share = shares.get((firstReactor + index) % shares.size());
        final QueuePlace place =
                new QueuePlace(control, device, this::queueBroken, setup, share, slot -> count(slot, index));
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
        onEveryReactor(share -> share.prepare(memory.table()), done);
    }

    /// Undo [#prepare]: the queues that wanted it have started, or none will.
    ///
    /// @param done run when that is so
    void unprepare(GuestMemory memory, Runnable done) {
        onEveryReactor(share -> share.unprepare(memory.table()), done);
    }

    private void onEveryReactor(Consumer<VolumeShare> command, Runnable done) {
        final int[] left = {shares.size()};
        for (final VolumeShare share : shares) {
            share.reactor().post(() -> {
                command.accept(share);
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
        final BlkQueue queue = slot.queue();
        if (queue == null) {
            return;
        }
        forgetStatistics(index);
        final QueueStatistics counted =
                new QueueStatistics(name + " queue " + index, slot.reactor().id(), queue.counters());
        statistics[index] = counted;
        volume.addStatistics(counted);
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
        final VolumeShare target = shares.stream()
                .filter(share -> share.reactor().id() == reactor)
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
    private void queueBroken(BlkQueue queue, QueueFault fault) {
        control.post(() -> {
            events.noted("queue " + queue.index() + " is broken and stopped: " + fault
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
        final QueueStatistics counted = statistics[index];
        if (counted != null) {
            volume.removeStatistics(counted);
            statistics[index] = null;
        }
    }

    private int reactorOf(int index) {
        return shares.get((firstReactor + index) % shares.size()).reactor().id();
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
            final QueueStatistics counted = statistics[index];
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
            int index, QueuePlace place, QueueStatistics counted, VhostUserSession session) {
        final QueueSlot slot = place.slot();
        long requests = 0;
        long bytes = 0;
        for (final BlkQueueCounters.Kind kind : BlkQueueCounters.Kind.values()) {
            requests += counted.counters().operations(kind);
            bytes += counted.counters().bytes(kind);
        }
        final QueueFault fault = slot.fault();
        return new ControllerStatus.Queue(
                index,
                session.ringState(index).name(),
                slot.reactor().id(),
                slot.size(),
                slot.inFlight(),
                requests,
                bytes,
                slot.resubmitted(),
                place.moves(),
                fault == null ? "" : fault.name());
    }
}
