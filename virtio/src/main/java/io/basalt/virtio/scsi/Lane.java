package io.basalt.virtio.scsi;

import io.basalt.block.VolumeChannel;
import io.basalt.scsi.Nexus;
import io.basalt.virtio.blk.BlkQueueCounters;
import org.jspecify.annotations.Nullable;

/// One target as one request queue sees it: the way to its volume. One owner thread, the queue's; counters may be
/// read by any.
final class Lane {
    final int target;
    final Nexus nexus;
    final VolumeChannel channel;
    final BlkQueueCounters counters = new BlkQueueCounters();

    /// Where this pass's requests go: [VolumeChannel#shortcut()] of the channel.
    VolumeChannel path;

    /// Commands under way.
    int inFlight;

    /// Waits for the last of them, after which the lane is gone.
    @Nullable
    Runnable detached;

    Lane(int target, Nexus nexus, VolumeChannel channel) {
        this.target = target;
        this.nexus = nexus;
        this.channel = channel;
        path = channel;
    }
}
