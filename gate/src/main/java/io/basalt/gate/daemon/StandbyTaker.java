package io.basalt.gate.daemon;

import io.basalt.gate.cluster.ClusterVolume;
import io.basalt.gate.controller.Controllers;
import io.basalt.gate.handover.ClusterTaker;
import io.basalt.gate.handover.HandoverMessage.DiskImage;
import io.basalt.gate.handover.HandoverMessage.DiskState;
import io.basalt.gate.handover.HandoverMessage.Prepare;
import io.basalt.gate.holder.Standby;
import io.basalt.gate.volume.VolumeEntry;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// What stands by for a gate that may die, and takes over all that it serves: as in a hand-over that
/// was agreed on, but without a word from the old gate, and disk by disk, as one that cannot run
/// must not keep the others. Control reactor.
///
/// A volume of the cluster needs the metaserver; its disk, and front ends' messages, wait for that.
final class StandbyTaker implements Standby.Target {
    private final GateTaker taker;
    private final Controllers controllers;
    private final @Nullable ClusterTaker cluster;

    /// @param cluster null if the gate belongs to none
    StandbyTaker(GateTaker taker, Controllers controllers, @Nullable ClusterTaker cluster) {
        this.taker = taker.standingBy();
        this.controllers = controllers;
        this.cluster = cluster;
    }

    @Override
    public void prepare(Prepare base, Consumer<@Nullable String> prepared) {
        taker.prepare(base, prepared);
    }

    @Override
    public void replace(DiskImage image, Consumer<@Nullable String> replaced) {
        controllers.replace(image, replaced);
    }

    @Override
    public void take(List<DiskState> disks, Consumer<List<String>> taken) {
        final Gathered gathered = new Gathered(taken);
        final List<List<DiskState>> remote = new ArrayList<>();
        for (final List<String> group : controllers.groups()) {
            final List<DiskState> states =
                    disks.stream().filter(disk -> group.contains(disk.name())).toList();
            if (states.isEmpty()) {
                continue;
            }
            gathered.left++;
            if (isRemote(states)) {
                remote.add(states);
            } else {
                take(states, gathered);
            }
        }
        if (cluster == null) {
            gathered.one();
        } else {
            cluster.join(() -> {
                remote.forEach(states -> take(states, gathered));
                gathered.one();
            });
        }
    }

    private void take(List<DiskState> states, Gathered gathered) {
        // What the dead gate had sent may still arrive: no attachment of it will do.
        taker.take(states, null, refusal -> {
            if (refusal != null) {
                states.forEach(disk -> gathered.refused.add(disk.name()));
            }
            gathered.one();
        });
    }

    private boolean isRemote(List<DiskState> states) {
        final VolumeEntry entry = controllers.volumeOf(states.getFirst().name());
        return entry != null && entry.volume() instanceof ClusterVolume;
    }

    /// Tells of all groups when the last has answered.
    private static final class Gathered {
        final List<String> refused = new ArrayList<>();
        private final Consumer<List<String>> done;
        /// Groups, and the cluster.
        int left = 1;

        Gathered(Consumer<List<String>> done) {
            this.done = done;
        }

        void one() {
            left--;
            if (left == 0) {
                done.accept(refused);
            }
        }
    }

    @Override
    public void begin() {
        taker.begin();
    }

    @Override
    public void abandon() {
        taker.abandon();
    }
}
