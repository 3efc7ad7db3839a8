package io.basalt.gate.daemon;

import io.basalt.gate.cluster.ClusterClient;
import io.basalt.gate.cluster.ClusterVolume;
import io.basalt.gate.controller.Controllers;
import io.basalt.gate.handover.Absence;
import io.basalt.gate.handover.ClusterGiver;
import io.basalt.gate.handover.Handover;
import io.basalt.gate.handover.HandoverMessage.DiskState;
import io.basalt.gate.handover.HandoverMessage.Prepare;
import io.basalt.gate.handover.HandoverMessage.VolumeFile;
import io.basalt.gate.rpc.RpcDispatcher;
import io.basalt.gate.rpc.RpcServer;
import io.basalt.gate.rpc.method.GateMethods;
import io.basalt.gate.volume.VolumeEntry;
import io.basalt.gate.volume.VolumeRegistry;
import io.basalt.gate.volume.VolumeSpec;
import io.basalt.store.file.FileVolume;
import io.basalt.wire.meta.VolumeRecord;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What a gate hands over: all that it serves. Control reactor.
final class GateGiver implements Handover.Source {
    private final RpcDispatcher dispatcher;
    private final GateMethods methods;
    private final VolumeRegistry volumes;
    private final Controllers controllers;
    private final RpcServer server;
    private final int lock;
    private final @Nullable ClusterGiver cluster;
    private final Runnable surrendered;
    private boolean held;
    private Keeping keeping = Keeping.NONE;

    /// Who keeps what is served, for the case that this process dies.
    interface Keeping {
        /// Nobody.
        Keeping NONE = new Keeping() {
            @Override
            public void leave() {}

            @Override
            public void comeBack() {}
        };

        /// Nothing is to be kept from now on. Effective at once.
        void leave();

        /// Everything is to be kept again.
        void comeBack();
    }

    /// @param lock descriptor that holds the data folder's lock
    /// @param client null if the gate belongs to no cluster
    /// @param surrendered run when nothing is left here
    GateGiver(
            RpcDispatcher dispatcher,
            GateMethods methods,
            VolumeRegistry volumes,
            Controllers controllers,
            RpcServer server,
            int lock,
            @Nullable ClusterClient client,
            Runnable surrendered) {
        this.dispatcher = dispatcher;
        this.methods = methods;
        this.volumes = volumes;
        this.controllers = controllers;
        this.server = server;
        this.lock = lock;
        cluster = client == null ? null : new ClusterGiver(client);
        this.surrendered = surrendered;
    }

    void keptBy(Keeping keeper) {
        keeping = keeper;
    }

    @Override
    public void hold() {
        held = true;
        // One process is about to be the gate by agreement: no other may be by this one's death.
        keeping.leave();
        dispatcher.hold("the gate is being handed over to a new process");
        if (cluster != null) {
            cluster.hold();
        }
    }

    @Override
    public Prepare prepare() {
        return new Prepare(methods.configuration(), lock, server.fd(), files(), controllers.images());
    }

    private List<VolumeFile> files() {
        final List<VolumeFile> files = new ArrayList<>();
        for (final VolumeEntry entry : volumes.volumes()) {
            if (entry.volume() instanceof FileVolume file) {
                files.add(new VolumeFile(entry.name(), file.fd()));
            }
        }
        return files;
    }

    /// What keeps this gate from being handed over, or null.
    @Nullable
    String obstacle() {
        for (final VolumeEntry entry : volumes.volumes()) {
            if (entry.spec() instanceof VolumeSpec.Malloc) {
                return "volume '" + entry.name() + "' lives in the memory of this process; delete it first";
            }
            if (entry.volume() instanceof FileVolume file && file.writesLost()) {
                return "volume '" + entry.name() + "' has lost writes, which the next process would not know;"
                        + " delete it and create it again";
            }
        }
        return controllers.handoverObstacle();
    }

    /// Whether its volumes may be a cluster's.
    boolean clustered() {
        return cluster != null;
    }

    @Override
    public List<List<String>> groups() {
        return controllers.groups();
    }

    @Override
    public void slow(List<String> group, Runnable slowed) {
        controllers.slow(group, slowed);
    }

    @Override
    public void suspend(List<String> group, Runnable suspended) {
        controllers.suspend(group, suspended);
    }

    private @Nullable ClusterVolume clusterVolume(List<String> group) {
        final VolumeEntry entry = controllers.volumeOf(group.getFirst());
        return entry != null && entry.volume() instanceof ClusterVolume volume ? volume : null;
    }

    @Override
    public DiskState state(String controller) {
        return controllers.suspendedState(controller);
    }

    @Override
    public @Nullable VolumeRecord letGo(List<String> group) {
        final ClusterVolume volume = clusterVolume(group);
        return volume == null || cluster == null ? null : cluster.suspended(volume);
    }

    @Override
    public void resume(List<String> group, Absence absence) {
        final ClusterVolume volume = clusterVolume(group);
        if (volume != null && cluster != null) {
            cluster.resume(volume);
        }
        controllers.resume(group, absence);
    }

    @Override
    public void release(boolean served) {
        if (held) {
            held = false;
            dispatcher.hold(null);
            if (cluster != null) {
                cluster.release(served);
            }
            keeping.comeBack();
        }
    }

    @Override
    public void surrender() {
        controllers.surrender();
        server.surrender(surrendered);
    }
}
