package io.basalt.simulation;

import io.basalt.gate.handover.Absence;
import io.basalt.gate.handover.ClusterGiver;
import io.basalt.gate.handover.Handover;
import io.basalt.gate.handover.HandoverMessage.DiskState;
import io.basalt.gate.handover.HandoverMessage.Prepare;
import java.util.List;

/// What a [RingGate] hands over.
final class RingGiver implements Handover.Source {
    private final RingGate gate;
    private final ClusterGiver cluster;
    private final Runnable surrendered;
    private int switched;

    /// @param surrendered run when the process may end
    RingGiver(RingGate gate, Runnable surrendered) {
        this.gate = gate;
        cluster = new ClusterGiver(gate.client());
        this.surrendered = surrendered;
    }

    /// How many groups of disks the next process was told to take.
    int switched() {
        return switched;
    }

    boolean isDraining() {
        return gate.disks().stream().anyMatch(RingDisk::isDraining);
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
    public void suspend(List<String> group, Runnable suspended) {
        final RingDisk disk = gate.disk(group.getFirst());
        disk.suspend(() -> {
            cluster.suspended(disk.openVolume());
            switched++;
            suspended.run();
        });
    }

    @Override
    public DiskState state(String controller) {
        return gate.disk(controller).state();
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
