package io.basalt.simulation;

import io.basalt.gate.handover.ClusterTaker;
import io.basalt.gate.handover.HandoverMessage.DiskState;
import io.basalt.gate.handover.HandoverMessage.Prepare;
import io.basalt.gate.handover.Takeover;
import io.basalt.wire.meta.VolumeRecord;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// What takes over all that another [RingGate] serves.
final class RingTaker implements Takeover.Target {
    private static final long MAPPING_NS = 5_000_000;

    private final RingGate gate;
    private final SimRandom random;
    private final ClusterTaker cluster;
    private int taken;
    private boolean refuses;

    RingTaker(RingGate gate, SimRandom random) {
        this.gate = gate;
        this.random = random;
        cluster = new ClusterTaker(gate.process().control().reactor(), gate.client());
    }

    /// How many groups of disks it has taken.
    int taken() {
        return taken;
    }

    /// Refuse what is asked next.
    void refuse() {
        refuses = true;
    }

    @Override
    public void prepare(Prepare everything, Consumer<@Nullable String> prepared) {
        gate.adopt(everything.lock(), everything.rpcListener());
        cluster.hold();
        gate.openVolumes();
        cluster.whenThere(() -> cluster.connect(() -> {
            everything.disks().forEach(disk -> gate.disk(disk.name()).prepare(disk));
            gate.process()
                    .control()
                    .reactor()
                    .schedule(
                            random.between(0, MAPPING_NS),
                            () -> prepared.accept(refuses ? "memory cannot be mapped" : null));
        }));
    }

    @Override
    public void take(List<DiskState> disks, @Nullable VolumeRecord attachment, Consumer<@Nullable String> done) {
        final DiskState state = disks.getFirst();
        final RingDisk disk = gate.disk(state.name());
        disk.newTenure();
        disk.inherits(attachment != null && cluster.goOn(disk.openVolume(), attachment));
        cluster.take(disk.openVolume(), refusal -> {
            final String reason = refusal == null && refuses ? "a ring cannot be started" : refusal;
            if (reason == null) {
                disk.take(state.front());
                taken++;
            }
            done.accept(reason);
        });
    }

    @Override
    public void begin() {
        cluster.begin();
        gate.isTheGate(true);
        gate.disks().forEach(RingDisk::beginToServe);
    }

    @Override
    public void abandon() {
        gate.disks().forEach(RingDisk::abandon);
    }
}
