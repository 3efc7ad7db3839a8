package io.basalt.gate.daemon;

import io.basalt.gate.cluster.ClusterClient;
import io.basalt.gate.cluster.ClusterVolume;
import io.basalt.gate.config.GateStateException;
import io.basalt.gate.controller.Controllers;
import io.basalt.gate.handover.ClusterTaker;
import io.basalt.gate.handover.HandoverMessage.DiskImage;
import io.basalt.gate.handover.HandoverMessage.DiskState;
import io.basalt.gate.handover.HandoverMessage.OtherFront;
import io.basalt.gate.handover.HandoverMessage.Prepare;
import io.basalt.gate.handover.Takeover;
import io.basalt.gate.rpc.method.GateMethods;
import io.basalt.gate.volume.StoreVolumeFactory;
import io.basalt.gate.volume.VolumeEntry;
import io.basalt.gate.volume.VolumeRegistry;
import io.basalt.gate.volume.VolumeSpec;
import io.basalt.linux.LinuxException;
import io.basalt.linux.file.FileDescriptor;
import io.basalt.linux.socket.UnixListener;
import io.basalt.reactor.Reactor;
import io.basalt.wire.meta.VolumeRecord;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// What takes over all that another gate serves. Control reactor.
final class GateTaker implements Takeover.Target {
    private static final System.Logger LOG = System.getLogger(GateTaker.class.getName());
    private static final long US_NS = 1_000;

    private final Reactor control;
    private final StoreVolumeFactory factory;
    private final VolumeRegistry volumes;
    private final Controllers controllers;
    private final GateMethods methods;
    private final @Nullable ClusterTaker cluster;
    private final Owner owner;
    private @Nullable DataFolder folder;
    private @Nullable UnixListener rpcListener;
    private boolean standsBy;

    /// Who is the gate in the end.
    interface Owner {
        /// From now on this process is the gate.
        ///
        /// @param rpcListener listening management socket; both are the owner's from now on
        void begin(DataFolder folder, UnixListener rpcListener);
    }

    /// @param client null if the gate belongs to no cluster; started when the old gate no longer
    ///     speaks to it
    GateTaker(
            Reactor control,
            StoreVolumeFactory factory,
            VolumeRegistry volumes,
            Controllers controllers,
            GateMethods methods,
            @Nullable ClusterClient client,
            Owner owner) {
        this.control = control;
        this.factory = factory;
        this.volumes = volumes;
        this.controllers = controllers;
        this.methods = methods;
        cluster = client == null ? null : new ClusterTaker(control, client);
        this.owner = owner;
    }

    /// Prepare without being the cluster's node: the gate that is to be taken over from serves until it
    /// dies.
    GateTaker standingBy() {
        standsBy = true;
        return this;
    }

    @Override
    public void prepare(Prepare everything, Consumer<@Nullable String> prepared) {
        final Map<String, UnixListener> listeners = new LinkedHashMap<>();
        try {
            folder = DataFolder.adopt(everything.lock());
            rpcListener = UnixListener.adopt(everything.rpcListener());
            for (final DiskImage disk : everything.disks()) {
                if (disk.listener() >= 0) {
                    listeners.put(disk.name(), UnixListener.adopt(disk.listener()));
                }
            }
        } catch (LinuxException unusable) {
            prepared.accept(String.valueOf(unusable.getMessage()));
            return;
        }
        controllers.standBy(listeners);
        final Map<String, Integer> files = new LinkedHashMap<>();
        everything.files().forEach(file -> files.put(file.volume(), file.fd()));
        factory.inherit(files);
        if (cluster != null && standsBy) {
            cluster.follow();
        } else if (cluster != null) {
            cluster.hold();
        }
        try {
            methods.restore(everything.configuration());
            // Its content is the old gate's until the end; that it can be read must be known before.
            methods.own();
        } catch (GateStateException | IllegalArgumentException unreadable) {
            everything.disks().forEach(GateTaker::closeFds);
            prepared.accept(String.valueOf(unreadable.getMessage()));
            return;
        }
        final String missing = missing(everything.disks());
        if (missing != null) {
            everything.disks().forEach(GateTaker::closeFds);
            prepared.accept(missing);
            return;
        }
        whenClusterIsThere(() -> controllers.prepare(everything.disks(), prepared));
    }

    private @Nullable String missing(List<DiskImage> disks) {
        final Set<String> made = new HashSet<>();
        controllers.list().forEach(controller -> made.add(controller.spec().name()));
        for (final DiskImage disk : disks) {
            if (!made.contains(disk.name())) {
                return "controller " + disk.name() + " could not be made; the new gate's log says why";
            }
        }
        return null;
    }

    private void whenClusterIsThere(Runnable then) {
        final boolean needed = volumes.volumes().stream().anyMatch(entry -> entry.spec() instanceof VolumeSpec.Basalt);
        if (needed && cluster != null && !standsBy) {
            cluster.whenThere(() -> cluster.connect(then));
        } else {
            then.run();
        }
    }

    @Override
    public void take(List<DiskState> disks, @Nullable VolumeRecord attachment, Consumer<@Nullable String> taken) {
        final long beganNs = control.clock().nanoTime();
        final VolumeEntry entry = controllers.volumeOf(disks.getFirst().name());
        final ClusterVolume remote = entry != null && entry.volume() instanceof ClusterVolume volume ? volume : null;
        if (cluster == null || remote == null || (attachment != null && cluster.goOn(remote, attachment))) {
            run(disks, beganNs, taken);
        } else {
            attach(cluster, remote, disks, beganNs, taken);
        }
    }

    private void attach(
            ClusterTaker from,
            ClusterVolume volume,
            List<DiskState> disks,
            long beganNs,
            Consumer<@Nullable String> taken) {
        from.take(volume, refusal -> {
            if (refusal == null) {
                run(disks, beganNs, taken);
            } else {
                disks.forEach(GateTaker::closeFds);
                taken.accept("volume " + volume.name() + " is not attached: " + refusal);
            }
        });
    }

    private static void closeFds(DiskImage disk) {
        final List<Integer> fds = new ArrayList<>(
                disk.session() == null ? List.of() : disk.session().descriptors());
        fds.add(disk.connection());
        fds.stream().filter(fd -> fd >= 0).forEach(FileDescriptor::close);
    }

    private static void closeFds(DiskState disk) {
        if (disk.front() instanceof OtherFront other) {
            final List<Integer> fds = new ArrayList<>(other.session().descriptors());
            fds.add(other.connection());
            fds.forEach(FileDescriptor::close);
        }
    }

    private void run(List<DiskState> disks, long beganNs, Consumer<@Nullable String> taken) {
        final long attachedNs = control.clock().nanoTime();
        controllers.take(disks, new Consumer<>() {
            @Override
            public void accept(@Nullable String refusal) {
                taken.accept(refusal);
                LOG.log(
                        Level.INFO,
                        "take-over: {0} attached in {1} us, rings started in {2} us",
                        disks.getFirst().name(),
                        (attachedNs - beganNs) / US_NS,
                        (control.clock().nanoTime() - attachedNs) / US_NS);
            }
        });
    }

    @Override
    public void begin() {
        final DataFolder ownFolder = Objects.requireNonNull(folder, "prepared before");
        final UnixListener listener = Objects.requireNonNull(rpcListener, "prepared before");
        folder = null;
        rpcListener = null;
        if (cluster != null) {
            cluster.begin();
        }
        controllers.beginToServe();
        owner.begin(ownFolder, listener);
    }

    @Override
    public void abandon() {
        controllers.abandon();
        if (rpcListener != null) {
            FileDescriptor.close(rpcListener.release());
            rpcListener = null;
        }
        if (folder != null) {
            folder.close();
            folder = null;
        }
    }
}
