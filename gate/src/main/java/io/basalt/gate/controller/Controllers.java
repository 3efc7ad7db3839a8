package io.basalt.gate.controller;

import io.basalt.gate.cluster.RingListener;
import io.basalt.gate.handover.Absence;
import io.basalt.gate.handover.HandoverMessage;
import io.basalt.gate.rpc.ControllerHost;
import io.basalt.gate.rpc.ControllerSpec;
import io.basalt.gate.rpc.ControllerStatus;
import io.basalt.gate.rpc.RpcError;
import io.basalt.gate.volume.VolumeClaim;
import io.basalt.gate.volume.VolumeEntry;
import io.basalt.gate.volume.VolumeRegistry;
import io.basalt.linux.Errno;
import io.basalt.linux.LinuxException;
import io.basalt.linux.socket.UnixListener;
import io.basalt.reactor.Reactor;
import io.basalt.virtio.blk.BlkLimits;
import io.basalt.virtio.blk.InterruptCoalescing;
import io.basalt.virtio.vhostuser.SessionImage;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The gate's controllers by name. Control reactor.
public final class Controllers implements ControllerHost {
    /// Queues offered when the operator does not say: more than front ends ask for, and cheap.
    private static final int QUEUE_COUNT_DEFAULT = 64;

    /// How long a disk is slowed down at most before it is let go of, and how often it is looked whether it is slow.
    private static final long SLOW_NS_MAX = 100_000_000;

    private static final long SLOW_LOOK_NS = 250_000;

    private final Reactor control;
    private final List<DataReactor> reactors;
    private final VolumeRegistry volumes;
    private final long guestBytesMax;
    private final Map<String, Controller> controllers = new LinkedHashMap<>();
    private ChangeListener changes = _ -> {};
    private SessionKeeper.Source keepers = _ -> SessionKeeper.NONE;
    private @Nullable Map<String, UnixListener> listeners;
    private int nextReactor;

    /// A reactor that queues may live on.
    ///
    /// @param cpu processor that it is pinned to, or -1
    public record DataReactor(Reactor reactor, int cpu) {}

    /// @param control the reactor that this object belongs to
    /// @param reactors at least one
    /// @param guestBytesMax most bytes of memory that one front end's guest may have
    public Controllers(Reactor control, List<DataReactor> reactors, VolumeRegistry volumes, long guestBytesMax) {
        this.guestBytesMax = guestBytesMax;
        this.control = control;
        this.reactors = List.copyOf(reactors);
        this.volumes = volumes;
    }

    @Override
    public void create(ControllerSpec spec) {
        final UnixListener inherited = listeners == null ? null : listeners.remove(spec.name());
        create(spec, inherited == null ? null : inherited.owning(spec.socket()));
    }

    /// Make a controller on a socket that listens already.
    ///
    /// @param inherited owned from now on, or null to make one at the spec's path
    public void create(ControllerSpec spec, @Nullable UnixListener inherited) {
        final List<Reactor> chosen = choose(spec.cpumask());
        final int queueCount = spec.queueCount() == 0 ? QUEUE_COUNT_DEFAULT : spec.queueCount();
        final VolumeClaim claim =
                volumes.claim(spec.volume(), "controller " + spec.name(), false, size -> resized(spec.name(), size));
        final Controller made;
        try {
            made = new Controller(
                    spec,
                    control,
                    claim,
                    chosen,
                    nextReactor,
                    BlkLimits.DEFAULT.withQueueCount(queueCount),
                    new HostMemoryMapper(guestBytesMax),
                    ringListener(spec.volume()),
                    inherited,
                    listeners != null,
                    keepers.of(spec.name()),
                    () -> changes.changed(spec.name()),
                    () -> controllers.remove(spec.name()));
        } catch (LinuxException failure) {
            claim.close();
            throw socketError(spec, failure);
        } catch (IllegalArgumentException unfit) {
            claim.close();
            throw RpcError.invalidParameter("dev_name", String.valueOf(unfit.getMessage()), "use another volume");
        }
        // The next controller's queue 0 starts one reactor further, so that single-queue disks spread too.
        nextReactor = (nextReactor + 1) % reactors.size();
        controllers.put(spec.name(), made);
        made.open();
    }

    private static RpcError socketError(ControllerSpec spec, LinuxException failure) {
        if (failure.errno() == Errno.EADDRINUSE) {
            return RpcError.exists(
                    "socket",
                    spec.socket() + " exists and is in use or is no socket",
                    "another process serves it, or a file is in the way: remove it or choose another socket");
        }
        return RpcError.of(failure);
    }

    private List<Reactor> choose(String cpumask) {
        if (cpumask.isEmpty()) {
            return reactors.stream().map(DataReactor::reactor).toList();
        }
        final BigInteger mask = new BigInteger(cpumask.startsWith("0x") ? cpumask.substring(2) : cpumask, 16);
        final List<Reactor> chosen = new ArrayList<>();
        for (final DataReactor candidate : reactors) {
            // A reactor that is not pinned may run on any processor, so it is in every mask.
            if (candidate.cpu() < 0 || mask.testBit(candidate.cpu())) {
                chosen.add(candidate.reactor());
            }
        }
        if (chosen.isEmpty()) {
            throw RpcError.invalidParameter(
                    "cpumask",
                    cpumask + " holds none of the reactors' processors, mask " + cpumask(),
                    "choose processors of `framework_get_reactors`, or leave cpumask out");
        }
        return chosen;
    }

    private String cpumask() {
        BigInteger mask = BigInteger.ZERO;
        for (final DataReactor reactor : reactors) {
            if (reactor.cpu() >= 0) {
                mask = mask.setBit(reactor.cpu());
            }
        }
        if (mask.signum() == 0) {
            for (int i = 0; i < reactors.size(); i++) {
                mask = mask.setBit(i);
            }
        }
        return "0x" + mask.toString(16);
    }

    private void resized(String name, long sizeBytes) {
        final Controller controller = controllers.get(name);
        if (controller != null) {
            controller.resized(sizeBytes);
        }
    }

    @Override
    public void delete(String name, Consumer<@Nullable RpcError> completion) {
        final Controller controller = controllers.get(name);
        if (controller == null) {
            completion.accept(null);
            return;
        }
        controller.delete(() -> completion.accept(null));
    }

    /// Delete all controllers.
    ///
    /// @param done run once, when the last one is gone
    public void deleteAll(Runnable done) {
        final List<Controller> all = List.copyOf(controllers.values());
        if (all.isEmpty()) {
            done.run();
            return;
        }
        final int[] left = {all.size()};
        for (final Controller controller : all) {
            controller.delete(() -> {
                left[0]--;
                if (left[0] == 0) {
                    done.run();
                }
            });
        }
    }

    // ---- what outlives this process

    /// Controllers that are made from now on make their sessions known.
    public void keptBy(SessionKeeper.Source source) {
        keepers = source;
    }

    /// Make a controller's session known as it is, as soon as no message is under way.
    public void keep(String name) {
        final Controller controller = controllers.get(name);
        if (controller != null) {
            controller.keep();
        }
    }

    // ---- hand-over, in the old gate

    /// Whether a controller is just being deleted: then nothing can be handed over.
    public boolean anyBeingDeleted() {
        return controllers.values().stream().anyMatch(Controller::isBeingDeleted);
    }

    /// What the next process prepares itself with.
    public List<HandoverMessage.DiskImage> images() {
        return controllers.values().stream().map(Controller::image).toList();
    }

    /// Names of the controllers, those together whose volumes are, or are built on, the same.
    public List<List<String>> groups() {
        final Map<String, List<String>> groups = new LinkedHashMap<>();
        for (final Controller controller : controllers.values()) {
            groups.computeIfAbsent(rootOf(controller.spec().volume()), _ -> new ArrayList<>())
                    .add(controller.spec().name());
        }
        return List.copyOf(groups.values());
    }

    private String rootOf(String volume) {
        final VolumeEntry entry = volumes.find(volume);
        final String base = entry == null ? null : entry.spec().base();
        return base == null ? volume : rootOf(base);
    }

    private RingListener ringListener(String volume) {
        final VolumeEntry root = volumes.find(rootOf(volume));
        return root != null && root.volume() instanceof RingListener listener ? listener : RingListener.NONE;
    }

    /// The volume that controllers of one group are in the end about.
    public @Nullable VolumeEntry volumeOf(String controller) {
        return volumes.find(rootOf(require(controller).spec().volume()));
    }

    /// Have controllers' disks take only a few requests at a time, until [#resume].
    ///
    /// @param slowed run when no more than that are in flight, or after a while
    public void slow(List<String> names, Runnable slowed) {
        names.forEach(name -> require(name).device().slow(true));
        lookWhetherSlow(names, control.clock().nanoTime() + SLOW_NS_MAX, slowed);
    }

    private void lookWhetherSlow(List<String> names, long endNs, Runnable slowed) {
        if (names.stream().allMatch(this::isSlow) || control.clock().nanoTime() - endNs >= 0) {
            slowed.run();
        } else {
            control.schedule(SLOW_LOOK_NS, () -> lookWhetherSlow(names, endNs, slowed));
        }
    }

    private boolean isSlow(String name) {
        final Controller controller = controllers.get(name);
        if (controller == null) {
            return true;
        }
        final SessionDevice driven = controller.driven();
        return driven == null || driven.isWithin(controller.device().inFlightMax());
    }

    /// Let go of controllers' disks.
    ///
    /// @param suspended run when all are let go of
    public void suspend(List<String> names, Runnable suspended) {
        final int[] left = {names.size()};
        for (final String name : names) {
            require(name).suspend(() -> {
                left[0]--;
                if (left[0] == 0) {
                    suspended.run();
                }
            });
        }
    }

    /// What has become of a suspended disk since [#images()].
    public HandoverMessage.DiskState suspendedState(String name) {
        return require(name).suspendedState();
    }

    /// Go on with disks that [#slow] or [#suspend] was called for.
    ///
    /// @param absence what a process that has died may have done with them
    public void resume(List<String> names, Absence absence) {
        for (final String name : names) {
            final Controller controller = require(name);
            controller.device().slow(false);
            controller.resume(absence);
        }
    }

    /// Another process serves every disk: release everything without a trace for front ends.
    public void surrender() {
        List.copyOf(controllers.values()).forEach(Controller::surrender);
    }

    // ---- hand-over, in the new gate

    /// From now on controllers are made to take over.
    ///
    /// @param inherited listening sockets by the controllers' names, owned from now on
    public void standBy(Map<String, UnixListener> inherited) {
        listeners = new LinkedHashMap<>(inherited);
    }

    /// Get ready to go on with disks.
    ///
    /// @param images their connections and sessions belong to this object from now on
    /// @param prepared told null, or why that cannot be
    public void prepare(List<HandoverMessage.DiskImage> images, Consumer<@Nullable String> prepared) {
        final Gathered gathered = new Gathered(images.size() + 1, prepared);
        images.forEach(image -> prepare(image, gathered::one));
        gathered.one(null);
    }

    private void prepare(HandoverMessage.DiskImage image, Consumer<@Nullable String> prepared) {
        final SessionImage session = image.session();
        if (session == null) {
            prepared.accept(null);
        } else {
            require(image.name()).prepare(image.connection(), session, prepared);
        }
    }

    /// Get ready to go on with another session of a disk than was prepared before, or with none.
    ///
    /// @param image its connection and session belong to this object from now on
    /// @param replaced told null, or why that cannot be
    public void replace(HandoverMessage.DiskImage image, Consumer<@Nullable String> replaced) {
        require(image.name()).replace(image.connection(), image.session(), replaced);
    }

    /// Run disks that were let go of elsewhere.
    ///
    /// @param taken told null when all run, or why one does not
    public void take(List<HandoverMessage.DiskState> disks, Consumer<@Nullable String> taken) {
        final Gathered gathered = new Gathered(disks.size() + 1, taken);
        disks.forEach(disk -> require(disk.name()).take(disk, gathered::one));
        gathered.one(null);
    }

    /// Serve every disk.
    public void beginToServe() {
        listeners = null;
        List.copyOf(controllers.values()).forEach(Controller::beginToServe);
    }

    /// Let go of everything that was prepared or taken.
    public void abandon() {
        List.copyOf(controllers.values()).forEach(Controller::abandon);
    }

    @Override
    public List<ControllerStatus> list() {
        return controllers.values().stream()
                .map(controller -> controller.status(
                        controller.spec().cpumask().isEmpty()
                                ? cpumask()
                                : controller.spec().cpumask()))
                .toList();
    }

    @Override
    public void moveQueue(String name, int queue, int reactor, Consumer<@Nullable String> moved) {
        final Controller controller = controllers.get(name);
        final SessionDevice driven = controller == null ? null : controller.driven();
        if (driven == null) {
            moved.accept("controller " + name + " has no front end");
        } else {
            driven.moveQueue(queue, reactor, moved);
        }
    }

    @Override
    public void onChange(ChangeListener listener) {
        changes = listener;
    }

    @Override
    public void writeback(String name, boolean enabled) {
        require(name).device().writeback(enabled);
    }

    private Controller require(String name) {
        final Controller controller = controllers.get(name);
        if (controller == null) {
            throw new RpcError(RpcError.INTERNAL_ERROR, "No such device", "ctrlr", "there is no " + name, "");
        }
        return controller;
    }

    @Override
    public void coalescing(String name, int delayBaseUs, int iopsThreshold) {
        try {
            require(name).device().coalescing(new InterruptCoalescing(delayBaseUs, iopsThreshold));
        } catch (IllegalArgumentException outOfRange) {
            throw RpcError.invalidParameter("delay_base_us", String.valueOf(outOfRange.getMessage()), "");
        }
    }
}
