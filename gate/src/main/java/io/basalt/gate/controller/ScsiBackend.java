package io.basalt.gate.controller;

import io.basalt.gate.cluster.RingListener;
import io.basalt.gate.rpc.ControllerSpec;
import io.basalt.gate.rpc.ControllerStatus;
import io.basalt.gate.rpc.RpcError;
import io.basalt.gate.scsi.ScsiUnits;
import io.basalt.gate.volume.StatisticsSource;
import io.basalt.gate.volume.VolumeClaim;
import io.basalt.reactor.Reactor;
import io.basalt.scsi.LogicalUnit;
import io.basalt.scsi.Nexus;
import io.basalt.virtio.blk.BlkQueueCounters;
import io.basalt.virtio.queue.ServedQueue;
import io.basalt.virtio.scsi.ScsiDevice;
import io.basalt.virtio.scsi.ScsiHostSpec;
import io.basalt.virtio.scsi.ScsiRequestQueue;
import io.basalt.virtio.vhostuser.RefusedException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BiConsumer;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/// A virtio-scsi host: up to eight targets, each a volume as its logical unit 0.
///
/// A target comes in the order volume, unit, every reactor, driver; it goes in the opposite one, and its volume is
/// given back when no queue has a command for it any more.
///
/// Concurrency: lives on the control reactor; each data reactor has its own knowledge of the targets ([ScsiHome]).
final class ScsiBackend implements Backend {
    private static final int COALESCING_THRESHOLD = 60_000;

    private final ControllerSpec spec;
    private final Reactor control;
    private final ScsiDevice device;
    private final ScsiUnits units;
    private final List<ScsiHome> homes;
    private final TargetRings rings = new TargetRings();
    private final @Nullable Target[] targets = new Target[ScsiDevice.TARGET_COUNT_MAX];
    private final Map<ScsiRequestQueue, Counted> counted = new HashMap<>();

    private static final class Target {
        private final VolumeClaim claim;
        private final Nexus nexus;
        private final RingListener rings;
        private final LogicalUnit.TaskFence fence;
        private boolean leaving;

        private Target(VolumeClaim claim, Nexus nexus, RingListener rings, LogicalUnit.TaskFence fence) {
            this.claim = claim;
            this.nexus = nexus;
            this.rings = rings;
            this.fence = fence;
        }
    }

    ScsiBackend(ControllerSpec spec, Reactor control, List<Reactor> reactors, int queueCount, ScsiUnits units) {
        this.spec = spec;
        this.control = control;
        this.units = units;
        device = new ScsiDevice(Math.max(queueCount, ScsiHostSpec.FIRST_REQUEST_QUEUE + 1), spec.packedRing());
        homes = reactors.stream()
                .map(reactor -> new ScsiHome(this, device, control, reactor))
                .toList();
    }

    // ---- targets

    /// The number that a target is to have.
    ///
    /// @param number wanted, or -1 for the first that is free
    /// @throws RpcError if another volume is there, or there is no room
    int choose(int number, String volume) {
        if (number >= 0) {
            final String present = volumeAt(number);
            if (present != null && (!present.equals(volume) || require(number).leaving)) {
                throw RpcError.exists(
                        "scsi_target_num",
                        "target " + number + " of " + spec.name() + " is volume '" + present + "'",
                        "remove it first, or choose another number");
            }
            return number;
        }
        for (int free = 0; free < targets.length; free++) {
            if (targets[free] == null) {
                return free;
            }
        }
        throw RpcError.busy(
                "scsi_target_num",
                spec.name() + " has " + targets.length + " targets, as many as there can be",
                "remove one, or make another controller");
    }

    /// Name of the volume that is a target, or null.
    @Nullable
    String volumeAt(int number) {
        final Target target = targets[number];
        return target == null ? null : target.claim.entry().name();
    }

    private Target require(int number) {
        return Objects.requireNonNull(targets[number], "there is a target of that number");
    }

    /// Names of the volumes.
    List<String> volumes() {
        return targets().stream().map(ControllerStatus.Target::volume).toList();
    }

    /// Have a volume as another target.
    ///
    /// @param number of none that is there
    /// @param claim given back when the target is gone
    /// @throws IllegalArgumentException if the volume cannot be one; the claim is then still the caller's
    void add(int number, VolumeClaim claim, RingListener listener) {
        final LogicalUnit unit = units.unit(claim);
        final Nexus nexus = new Nexus(unit, spec.name() + "/" + number, number + 1);
        final Target made = new Target(claim, nexus, listener, (_, passed) -> fence(number, passed));
        targets[number] = made;
        unit.attach(nexus, made.fence);
        rings.add(listener);
        // Made here: what counts the volume's time belongs to this reactor.
        final Map<ScsiHome, VolumeShare> shares = new HashMap<>();
        homes.forEach(home -> shares.put(home, new VolumeShare(claim, home.reactor())));
        onEveryHome(
                (home, done) -> {
                    home.add(number, nexus, Objects.requireNonNull(shares.get(home), "made for each"));
                    done.run();
                },
                () -> {
                    counted.values().forEach(each -> each.add(number, made));
                    event(
                            ScsiHostSpec.VIRTIO_SCSI_T_TRANSPORT_RESET,
                            number,
                            ScsiHostSpec.VIRTIO_SCSI_EVT_RESET_RESCAN);
                });
    }

    /// Have a target no more; true to one that is not there.
    ///
    /// @param done run when its volume has been given back
    void remove(int number, Runnable done) {
        final Target gone = targets[number];
        if (gone == null || gone.leaving) {
            done.run();
            return;
        }
        gone.leaving = true;
        event(ScsiHostSpec.VIRTIO_SCSI_T_TRANSPORT_RESET, number, ScsiHostSpec.VIRTIO_SCSI_EVT_RESET_REMOVED);
        counted.values().forEach(each -> each.remove(number));
        onEveryHome((home, left) -> home.remove(number, left), () -> {
            targets[number] = null;
            release(gone);
            done.run();
        });
    }

    private void release(Target gone) {
        final LogicalUnit unit = gone.nexus.unit();
        rings.remove(gone.rings);
        unit.detach(gone.nexus, gone.fence);
        units.release(unit);
        gone.claim.close();
    }

    /// A target's volume has another size.
    void resized(int number, long sizeBytes) {
        final Target target = targets[number];
        if (target != null) {
            // Every controller that has the volume as a target says so; the unit is one.
            target.nexus.unit().resize(sizeBytes);
            event(ScsiHostSpec.VIRTIO_SCSI_T_PARAM_CHANGE, number, ScsiHostSpec.CAPACITY_CHANGED);
        }
    }

    private void event(int event, int number, int reason) {
        onEveryHome(
                (home, done) -> {
                    home.event(event, number, reason);
                    done.run();
                },
                () -> {});
    }

    /// Have something done on every data reactor.
    ///
    /// @param command given what to run there when it is done
    /// @param done run here when all are
    private void onEveryHome(BiConsumer<ScsiHome, Runnable> command, Runnable done) {
        final int[] left = {homes.size()};
        for (final ScsiHome home : homes) {
            home.reactor()
                    .post(() -> command.accept(
                            home,
                            () -> control.post(() -> {
                                left[0]--;
                                if (left[0] == 0) {
                                    done.run();
                                }
                            })));
        }
    }

    // ---- task management

    private void fence(int number, Runnable passed) {
        onEveryHome((home, done) -> home.fence(number, done), passed);
    }

    /// Manage the commands that have arrived for a target.
    ///
    /// @param answered told the response
    void manage(int number, int function, long tag, IntConsumer answered) {
        final Target target = targets[number];
        if (target == null) {
            answered.accept(ScsiHostSpec.VIRTIO_SCSI_S_BAD_TARGET);
            return;
        }
        switch (function) {
            case ScsiHostSpec.VIRTIO_SCSI_T_TMF_QUERY_TASK -> query(number, false, tag, answered);
            case ScsiHostSpec.VIRTIO_SCSI_T_TMF_QUERY_TASK_SET -> query(number, true, tag, answered);
            case ScsiHostSpec.VIRTIO_SCSI_T_TMF_LOGICAL_UNIT_RESET ->
                fence(number, () -> {
                    target.nexus.unit().reset();
                    answered.accept(ScsiHostSpec.VIRTIO_SCSI_S_OK);
                });
            default -> fence(number, () -> answered.accept(ScsiHostSpec.VIRTIO_SCSI_S_OK));
        }
    }

    private void query(int number, boolean any, long tag, IntConsumer answered) {
        final int[] holding = {0};
        onEveryHome(
                (home, done) -> {
                    final boolean holds = home.holds(number, any, tag);
                    control.post(() -> holding[0] += holds ? 1 : 0);
                    done.run();
                },
                () -> answered.accept(
                        holding[0] > 0
                                ? ScsiHostSpec.VIRTIO_SCSI_S_FUNCTION_SUCCEEDED
                                : ScsiHostSpec.VIRTIO_SCSI_S_OK));
    }

    // ---- statistics

    /// Count what a queue does as its targets' volumes'.
    QueueHome.Counting count(ServedQueue queue, String name, int reactor) {
        if (!(queue instanceof ScsiRequestQueue requests)) {
            return new Silent();
        }
        final Counted made = new Counted(requests, name, reactor);
        counted.put(requests, made);
        for (int number = 0; number < targets.length; number++) {
            final Target target = targets[number];
            if (target != null && !target.leaving) {
                made.add(number, target);
            }
        }
        return made;
    }

    /// The counting of a queue without I/O.
    private static final class Silent implements QueueHome.Counting {
        @Override
        public long requests() {
            return 0;
        }

        @Override
        public long bytes() {
            return 0;
        }

        @Override
        public void forget() {
            // Nothing was counted.
        }
    }

    /// What one request queue has done, target by target.
    private final class Counted implements QueueHome.Counting {
        private final ScsiRequestQueue queue;
        private final String name;
        private final int reactor;
        private final @Nullable StatisticsSource[] sources = new StatisticsSource[ScsiDevice.TARGET_COUNT_MAX];

        private Counted(ScsiRequestQueue queue, String name, int reactor) {
            this.queue = queue;
            this.name = name;
            this.reactor = reactor;
        }

        private void add(int number, Target target) {
            final BlkQueueCounters counters = queue.counters(number);
            if (counters != null && sources[number] == null) {
                final QueueStatistics made = new QueueStatistics(name + " target " + number, reactor, counters);
                sources[number] = made;
                target.claim.entry().addStatistics(made);
            }
        }

        private void remove(int number) {
            final StatisticsSource source = sources[number];
            final Target target = targets[number];
            sources[number] = null;
            if (source != null && target != null) {
                target.claim.entry().removeStatistics(source);
            }
        }

        @Override
        public long requests() {
            return queue.requests();
        }

        @Override
        public long bytes() {
            return queue.bytes();
        }

        @Override
        public void forget() {
            for (int number = 0; number < sources.length; number++) {
                remove(number);
            }
            counted.remove(queue);
        }
    }

    // ---- what every controller does

    @Override
    public long features() {
        return device.offeredFeatures();
    }

    @Override
    public int queueCount() {
        return device.queueCount();
    }

    @Override
    public void readConfig(int offset, MemorySegment into) {
        device.readConfig(offset, into);
    }

    @Override
    public boolean writeConfig(int offset, MemorySegment data) throws RefusedException {
        throw new RefusedException("config: nothing of a SCSI host can be written; the front end keeps what can");
    }

    @Override
    public boolean writeback() {
        return true;
    }

    @Override
    public void writeback(boolean enabled) {
        // The cache is a matter of each unit's caching mode page.
    }

    @Override
    public int delayBaseUs() {
        return 0;
    }

    @Override
    public int iopsThreshold() {
        return COALESCING_THRESHOLD;
    }

    @Override
    public void coalescing(int delayBaseUs, int iopsThreshold) {
        if (delayBaseUs != 0) {
            throw new IllegalArgumentException("delay_base_us: calls of a SCSI controller are not delayed");
        }
    }

    @Override
    public void slow(boolean slowly) {
        device.slow(slowly);
    }

    @Override
    public int inFlightMax() {
        return device.inFlightMax();
    }

    @Override
    public List<QueueHome> homes() {
        return List.copyOf(homes);
    }

    @Override
    public RingListener rings() {
        return rings;
    }

    @Override
    public List<ControllerStatus.Target> targets() {
        final List<ControllerStatus.Target> all = new ArrayList<>();
        for (int number = 0; number < targets.length; number++) {
            final Target target = targets[number];
            if (target != null && !target.leaving) {
                all.add(new ControllerStatus.Target(number, target.claim.entry().name()));
            }
        }
        return all;
    }

    @Override
    public void taken() {
        Arrays.stream(targets).filter(Objects::nonNull).forEach(target -> units.reload(target.nexus.unit()));
    }

    @Override
    public void close() {
        for (int number = 0; number < targets.length; number++) {
            final Target target = targets[number];
            if (target != null && !target.leaving) {
                release(target);
            }
            targets[number] = null;
        }
    }
}
