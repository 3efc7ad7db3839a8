package io.basalt.gate.rehearsal;

import io.basalt.gate.cluster.ClusterVolume;
import io.basalt.gate.cluster.PracticeCluster;
import io.basalt.gate.controller.Controllers;
import io.basalt.gate.handover.Absence;
import io.basalt.gate.handover.Handover;
import io.basalt.gate.handover.HandoverMessage.DiskState;
import io.basalt.gate.handover.HandoverMessage.Prepare;
import io.basalt.gate.handover.Takeover;
import io.basalt.gate.rpc.ControllerSpec;
import io.basalt.gate.volume.VolumeFactory;
import io.basalt.gate.volume.VolumeRegistry;
import io.basalt.gate.volume.VolumeSpec;
import io.basalt.reactor.Reactor;
import io.basalt.wire.meta.VolumeRecord;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// A gate with one disk in this process, that takes it over from another and hands it over in the end.
/// Control reactor.
final class PracticeGate implements Handover.Source, Takeover.Target {
    /// Name of the controller and its volume.
    static final String DISK = "practice";

    private static final long GUEST_BYTES_MAX = 1L << 30;

    private final VolumeRegistry volumes;
    private final Controllers controllers;
    private final @Nullable PracticeCluster cluster;
    private final int generation;

    /// @param factory opens the volume
    /// @param cluster what the volume is of; null if it is of none
    /// @param generation of its attachment
    PracticeGate(
            Reactor control, Reactor data, VolumeFactory factory, @Nullable PracticeCluster cluster, int generation) {
        this.cluster = cluster;
        this.generation = generation;
        volumes = new VolumeRegistry(factory);
        controllers =
                new Controllers(control, List.of(new Controllers.DataReactor(data, -1)), volumes, GUEST_BYTES_MAX);
    }

    /// The one volume.
    private @Nullable ClusterVolume clusterVolume() {
        return volumes.require("name", DISK).volume() instanceof ClusterVolume volume ? volume : null;
    }

    @Override
    public void hold() {
        // There is no management, and no metaserver.
    }

    @Override
    public Prepare prepare() {
        return new Prepare("{}", -1, -1, List.of(), controllers.images());
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

    @Override
    public DiskState state(String controller) {
        return controllers.suspendedState(controller);
    }

    @Override
    public @Nullable VolumeRecord letGo(List<String> group) {
        final ClusterVolume volume = clusterVolume();
        return volume == null || cluster == null ? null : cluster.rest(volume);
    }

    @Override
    public void resume(List<String> group, Absence absence) {
        // What cannot be rehearsed is given up.
    }

    @Override
    public void release(boolean served) {
        // Nothing was held.
    }

    @Override
    public void surrender() {
        controllers.surrender();
    }

    // ---- as the new gate

    @Override
    public void prepare(Prepare everything, Consumer<@Nullable String> prepared) {
        controllers.standBy(Map.of());
        volumes.create(new VolumeSpec.Null(
                DISK,
                VolumeSpec.derivedUuid(DISK),
                PracticeCluster.BLOCK_BYTES,
                PracticeCluster.VOLUME_BYTES / PracticeCluster.BLOCK_BYTES));
        // Nobody listens there, and it is never looked for: a session is taken over before.
        controllers.create(
                new ControllerSpec(DISK, DISK, Path.of("/dev/null"), ControllerSpec.Mode.CLIENT, false, true, "", 0));
        controllers.prepare(everything.disks(), prepared);
    }

    @Override
    public void take(List<DiskState> disks, @Nullable VolumeRecord attachment, Consumer<@Nullable String> taken) {
        final ClusterVolume volume = clusterVolume();
        if (volume != null && cluster != null) {
            cluster.attach(volume, attachment, generation);
        }
        controllers.take(disks, taken);
    }

    @Override
    public void begin() {
        controllers.beginToServe();
    }

    @Override
    public void abandon() {
        controllers.abandon();
    }

    /// End: whether it was handed over or not.
    void close(Runnable closed) {
        controllers.deleteAll(() -> {
            volumes.close();
            closed.run();
        });
    }
}
