package io.basalt.gate.controller;

import io.basalt.block.RegionTable;
import io.basalt.reactor.Reactor;
import io.basalt.scsi.Nexus;
import io.basalt.scsi.ScsiProcessor;
import io.basalt.scsi.ScsiTask;
import io.basalt.virtio.queue.QueueSetup;
import io.basalt.virtio.queue.QueueSetupException;
import io.basalt.virtio.queue.ServedQueue;
import io.basalt.virtio.scsi.ScsiControlQueue;
import io.basalt.virtio.scsi.ScsiDesk;
import io.basalt.virtio.scsi.ScsiDevice;
import io.basalt.virtio.scsi.ScsiEventQueue;
import io.basalt.virtio.scsi.ScsiHostSpec;
import io.basalt.virtio.scsi.ScsiRequestQueue;
import io.basalt.virtio.scsi.ScsiRing;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/// A data reactor as a place for a SCSI host's queues, with its targets as they are known there.
///
/// Concurrency: [#reactor()] and [#count] belong to the control reactor, all else to the data reactor.
final class ScsiHome implements QueueHome, ScsiDesk {
    private final ScsiBackend backend;
    private final ScsiDevice device;
    private final Reactor control;
    private final Reactor reactor;
    private final @Nullable Target[] targets = new Target[ScsiDevice.TARGET_COUNT_MAX];
    private final List<ScsiRequestQueue> requestQueues = new ArrayList<>();
    private final List<ScsiEventQueue> eventQueues = new ArrayList<>();

    private record Target(Nexus nexus, VolumeShare share) {}

    ScsiHome(ScsiBackend backend, ScsiDevice device, Reactor control, Reactor reactor) {
        this.backend = backend;
        this.device = device;
        this.control = control;
        this.reactor = reactor;
    }

    // ---- targets

    /// A target is there from now on.
    ///
    /// @param share of its volume on this reactor
    void add(int number, Nexus nexus, VolumeShare share) {
        final Target made = new Target(nexus, share);
        targets[number] = made;
        requestQueues.forEach(queue -> queue.attach(number, nexus, made.share().take()));
    }

    /// A target is there no more.
    ///
    /// @param done run when nothing uses its volume here
    void remove(int number, Runnable done) {
        final Target gone = targets[number];
        targets[number] = null;
        final int[] left = {requestQueues.size() + 1};
        final Runnable one = () -> {
            left[0]--;
            if (left[0] == 0) {
                done.run();
            }
        };
        if (gone != null) {
            for (final ScsiRequestQueue queue : List.copyOf(requestQueues)) {
                queue.detach(number, () -> {
                    gone.share().giveBack();
                    one.run();
                });
            }
        } else {
            left[0] = 1;
        }
        one.run();
    }

    /// Wait until every command for a target that has arrived here is answered.
    void fence(int number, Runnable passed) {
        final int[] left = {requestQueues.size() + 1};
        final Runnable one = () -> {
            left[0]--;
            if (left[0] == 0) {
                passed.run();
            }
        };
        List.copyOf(requestQueues).forEach(queue -> queue.fence(number, one));
        one.run();
    }

    /// Whether a command is under way here.
    boolean holds(int number, boolean any, long tag) {
        return requestQueues.stream().anyMatch(queue -> queue.holds(number, any, tag));
    }

    /// Tell drivers whose event queue is here.
    void event(int event, int number, int reason) {
        eventQueues.forEach(queue -> queue.post(event, number, reason));
    }

    // ---- queues

    @Override
    public Reactor reactor() {
        return reactor;
    }

    @Override
    public ServedQueue open(QueueSetup setup, Listener listener) {
        final int index = setup.index();
        final ScsiRing.Listener broken = listener::broken;
        if (index == ScsiHostSpec.CONTROL_QUEUE) {
            final ScsiControlQueue made =
                    new ScsiControlQueue(index, this, number -> targets[number] != null, reactor.engine(), broken);
            made.start(setup);
            return made;
        }
        if (index == ScsiHostSpec.EVENT_QUEUE) {
            final ScsiEventQueue made = new ScsiEventQueue(index, reactor.engine(), broken);
            made.start(setup);
            eventQueues.add(made);
            return made;
        }
        final ScsiRequestQueue made = new ScsiRequestQueue(device, index, this, reactor.engine(), broken);
        for (int number = 0; number < targets.length; number++) {
            final Target target = targets[number];
            if (target != null) {
                made.attach(number, target.nexus(), target.share().take());
            }
        }
        try {
            made.start(setup);
        } catch (QueueSetupException refused) {
            releaseTargets(made);
            throw refused;
        }
        requestQueues.add(made);
        return made;
    }

    private void releaseTargets(ScsiRequestQueue queue) {
        for (int number = 0; number < targets.length; number++) {
            final Target target = targets[number];
            if (target != null) {
                queue.detach(number, target.share()::giveBack);
            }
        }
    }

    @Override
    public void closed(ServedQueue queue) {
        if (queue instanceof ScsiRequestQueue requests) {
            requestQueues.remove(requests);
            releaseTargets(requests);
        } else if (queue instanceof ScsiEventQueue events) {
            eventQueues.remove(events);
        }
    }

    @Override
    public void prepare(RegionTable memory) {
        // Queues register it when they start: which targets there are may change before that.
    }

    @Override
    public void unprepare(RegionTable memory) {
        // Nothing was prepared.
    }

    @Override
    public Counting count(ServedQueue queue, String name) {
        return backend.count(queue, name, reactor.id());
    }

    // ---- what queues have done elsewhere

    @Override
    public void errand(ScsiTask task, IntConsumer done) {
        control.post(() -> ScsiProcessor.runErrand(task, outcome -> reactor.post(() -> done.accept(outcome))));
    }

    @Override
    public void manage(int target, int function, long tag, IntConsumer done) {
        control.post(
                () -> backend.manage(target, function, tag, response -> reactor.post(() -> done.accept(response))));
    }
}
