package io.basalt.simulation;

import io.basalt.gate.handover.Absence;
import io.basalt.gate.handover.ClusterGiver;
import io.basalt.gate.handover.Handover;
import io.basalt.gate.handover.HandoverMessage.DiskState;
import io.basalt.gate.handover.HandoverMessage.Prepare;
import io.basalt.wire.meta.VolumeRecord;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What a [RingGate] hands over.
final class RingGiver implements Handover.Source {
    private static final long SLOW_NS = 3_000_000;

    private final RingGate gate;
    private final ClusterGiver cluster;
    private final Runnable surrendered;
    private final SimRandom random;
    private int switched;
    private boolean slowing;

    /// @param surrendered run when the process may end
    RingGiver(RingGate gate, SimRandom random, Runnable surrendered) {
        this.gate = gate;
        this.random = random;
        cluster = new ClusterGiver(gate.client());
        this.surrendered = surrendered;
    }

    /// How many groups of disks the next process was told to take.
    int switched() {
        return switched;
    }

    boolean isDraining() {
        return slowing || gate.disks().stream().anyMatch(RingDisk::isDraining);
    }

    @Override
    public void hold() {
        cluster.hold();
    }

    @Override
    public Prepare prepare() {
        return new Prepare(
                "{\"name\": \"" + gate + "\"}",
                gate.lockFd(),
                gate.listenerFd(),
                List.of(),
                gate.disks().stream().map(RingDisk::image).toList());
    }

    @Override
    public List<List<String>> groups() {
        return gate.disks().stream()
                .map(disk -> List.of(disk.disk().volumeName()))
                .toList();
    }

    @Override
    public void slow(List<String> group, Runnable slowed) {
        slowing = true;
        gate.process().control().reactor().schedule(random.between(0, SLOW_NS), () -> {
            slowing = false;
            slowed.run();
        });
    }

    @Override
    public void suspend(List<String> group, Runnable suspended) {
        final RingDisk disk = gate.disk(group.getFirst());
        disk.suspend(suspended);
    }

    @Override
    public DiskState state(String controller) {
        return gate.disk(controller).state();
    }

    @Override
    public @Nullable VolumeRecord letGo(List<String> group) {
        switched++;
        return cluster.suspended(gate.disk(group.getFirst()).openVolume());
    }

    @Override
    public void resume(List<String> group, Absence absence) {
        final RingDisk disk = gate.disk(group.getFirst());
        cluster.resume(disk.openVolume());
        disk.resume(absence);
    }

    @Override
    public void release(boolean served) {
        cluster.release(served);
    }

    @Override
    public void surrender() {
        gate.surrender();
        surrendered.run();
    }
}
