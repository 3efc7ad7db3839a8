package io.basalt.gate.daemon;

import io.basalt.gate.controller.Controllers;
import io.basalt.gate.handover.HandoverMessage.DiskImage;
import io.basalt.gate.handover.HandoverMessage.Prepare;
import io.basalt.gate.holder.HolderLink;
import io.basalt.gate.volume.VolumeEntry;
import io.basalt.gate.volume.VolumeSpec;

/// What a gate has its holder keep: what it would hand over. Control reactor.
final class GateKeeping implements HolderLink.Source, GateGiver.Keeping {
    private final HolderLink link;
    private final GateGiver giver;
    private final Controllers controllers;

    GateKeeping(HolderLink link, GateGiver giver, Controllers controllers) {
        this.link = link;
        this.giver = giver;
        this.controllers = controllers;
    }

    @Override
    public Prepare base() {
        final Prepare everything = giver.prepare();
        return new Prepare(
                everything.configuration(),
                everything.lock(),
                everything.rpcListener(),
                everything.files(),
                everything.disks().stream()
                        .map(disk -> new DiskImage(disk.name(), disk.listener(), -1, null))
                        .toList());
    }

    /// What lives in this process's memory dies with it.
    @Override
    public boolean canOutlive(String disk) {
        final VolumeEntry entry = controllers.volumeOf(disk);
        return entry != null && !(entry.spec() instanceof VolumeSpec.Malloc);
    }

    @Override
    public void keep(String disk) {
        controllers.keep(disk);
    }

    @Override
    public void leave() {
        link.leave();
    }

    @Override
    public void comeBack() {
        link.serve(this);
    }
}
