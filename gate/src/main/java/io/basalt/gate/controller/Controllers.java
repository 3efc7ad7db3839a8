package io.basalt.gate.controller;

import io.basalt.gate.cluster.RingListener;
import io.basalt.gate.handover.Absence;
import io.basalt.gate.handover.HandoverMessage;
import io.basalt.gate.rpc.ControllerHost;
import io.basalt.gate.rpc.ControllerSpec;
import io.basalt.gate.rpc.ControllerStatus;
import io.basalt.gate.rpc.RpcError;
import io.basalt.gate.scsi.ReservationFiles;
import io.basalt.gate.scsi.ScsiUnits;
import io.basalt.gate.volume.VolumeClaim;
import io.basalt.gate.volume.VolumeEntry;
import io.basalt.gate.volume.VolumeRegistry;
import io.basalt.linux.Errno;
import io.basalt.linux.LinuxException;
import io.basalt.linux.socket.UnixListener;
import io.basalt.reactor.Reactor;
import io.basalt.virtio.vhostuser.SessionImage;
import java.math.BigInteger;
import java.nio.file.Path;
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
    private ScsiUnits units = new ScsiUnits(ReservationFiles.NONE);
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

    /// SCSI reservations are kept in a folder from now on. No controller has been made yet.
    public void keepReservationsIn(Path folder) {
        units = new ScsiUnits(new ReservationFiles(folder));
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
        final Backend backend = backend(spec, chosen);
        final Controller made;
        try {
            made = new Controller(
                    spec,
                    control,
                    backend,
                    nextReactor,
                    new HostMemoryMapper(guestBytesMax),
                    inherited,
                    listeners != null,
                    keepers.of(spec.name()),
                    () -> changes.changed(spec.name()),
                    () -> controllers.remove(spec.name()));
        } catch (LinuxException failure) {
            backend.close();
            throw socketError(spec, failure);
        }
        // The next controller's queue 0 starts one reactor further, so that single-queue disks spread too.
        nextReactor = (nextReactor + 1) % reactors.size();
        controllers.put(spec.name(), made);
        made.open();
    }

    private Backend backend(ControllerSpec spec, List<Reactor> chosen) {
        final int queueCount = spec.queueCount() == 0 ? QUEUE_COUNT_DEFAULT : spec.queueCount();
        if (spec.kind() == ControllerSpec.Kind.SCSI) {
            return new ScsiBackend(spec, control, chosen, queueCount, units);
        }
        final BlkBackend[] made = new BlkBackend[1];
        final VolumeClaim claim = volumes.claim(spec.volume(), "controller " + spec.name(), false, size -> {
            made[0].resized(size);
            configChanged(spec.name());
        });
        try {
            made[0] = new BlkBackend(spec, claim, chosen, queueCount, ringListener(spec.volume()));
            return made[0];
        } catch (IllegalArgumentException unfit) {
            claim.close();
            throw RpcError.invalidParameter("dev_name", String.valueOf(unfit.getMessage()), "use another volume");
        }
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

    private void configChanged(String name) {
        final Controller controller = controllers.get(name);
        if (controller != null) {
            controller.configChanged();
        }
    }

    // ---- targets of SCSI controllers

    @Override
    public int addTarget(String name, int number, String volume) {
        final ScsiBackend host = scsi(name);
        final int chosen = host.choose(number, volume);
        if (host.volumeAt(chosen) != null) {
            return chosen;
        }
        final VolumeClaim claim = volumes.claim(
                volume, "target " + chosen + " of controller " + name, false, size -> host.resized(chosen, size));
        try {
            host.add(chosen, claim, ringListener(volume));
        } catch (IllegalArgumentException unfit) {
            claim.close();
            throw RpcError.invalidParameter("bdev_name", String.valueOf(unfit.getMessage()), "use another volume");
        }
        return chosen;
    }

    @Override
    public void removeTarget(String name, int number, Consumer<@Nullable RpcError> completion) {
        scsi(name).remove(number, () -> completion.accept(null));
    }

    private ScsiBackend scsi(String name) {
        if (require(name).backend() instanceof ScsiBackend host) {
            return host;
        }
        throw RpcError.invalidParameter("ctrlr", "controller " + name + " is no SCSI controller", "name one that is");
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
            final String name = controller.spec().name();
            final List<String> roots = rootsOf(controller);
            final List<String> group = new ArrayList<>(List.of(name));
            for (final String root : roots) {
                final List<String> other = groups.get(root);
                if (other != null && !group.equals(other)) {
                    other.stream().filter(each -> !group.contains(each)).forEach(group::add);
                }
            }
            // Whoever is in the group by now finds all the others there.
            groups.replaceAll((_, other) -> other.stream().anyMatch(group::contains) ? group : other);
            roots.forEach(root -> groups.put(root, group));
            groups.put("controller " + name, group);
        }
        return groups.values().stream().distinct().toList();
    }

    /// The volumes that a controller is in the end about.
    private List<String> rootsOf(Controller controller) {
        return controller.backend() instanceof ScsiBackend host
                ? host.volumes().stream().map(this::rootOf).toList()
                : List.of(rootOf(controller.spec().volume()));
    }

    /// Why controllers cannot be handed over to another process, or null.
    public @Nullable String handoverObstacle() {
        for (final Controller controller : controllers.values()) {
            if (controller.backend() instanceof ScsiBackend) {
                return "controller '" + controller.spec().name() + "' is a vhost-user-scsi one, which is not handed"
                        + " over; delete it first, or restart the gate where a holder keeps its socket";
            }
        }
        return anyBeingDeleted() ? "a controller is just being deleted; ask again" : null;
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

    /// The volume that controllers of one group are in the end about; null if there is none, or more than one.
    public @Nullable VolumeEntry volumeOf(String controller) {
        final List<String> roots =
                rootsOf(require(controller)).stream().distinct().toList();
        return roots.size() == 1 ? volumes.find(roots.getFirst()) : null;
    }

    /// Have controllers' disks take only a few requests at a time, until [#resume].
    ///
    /// @param slowed run when no more than that are in flight, or after a while
    public void slow(List<String> names, Runnable slowed) {
        names.forEach(name -> require(name).backend().slow(true));
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
        return driven == null || driven.isWithin(controller.backend().inFlightMax());
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
            controller.backend().slow(false);
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
        require(name).backend().writeback(enabled);
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
            require(name).backend().coalescing(delayBaseUs, iopsThreshold);
        } catch (IllegalArgumentException outOfRange) {
            throw RpcError.invalidParameter("delay_base_us", String.valueOf(outOfRange.getMessage()), "");
        }
    }
}
