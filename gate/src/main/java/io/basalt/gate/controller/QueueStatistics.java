package io.basalt.gate.controller;

import io.basalt.gate.volume.IoStatistics;
import io.basalt.gate.volume.StatisticsSource;
import io.basalt.virtio.blk.BlkQueueCounters;
import io.basalt.virtio.blk.BlkQueueCounters.Kind;

/// What one virtqueue counts, in the volume's terms. Any thread.
record QueueStatistics(String channel, int reactor, BlkQueueCounters counters) implements StatisticsSource {
    @Override
    public IoStatistics statistics() {
        return new IoStatistics(
                operations(Kind.READ),
                operations(Kind.WRITE),
                operations(Kind.UNMAP),
                operations(Kind.FLUSH),
                counters.errors());
    }

    private IoStatistics.Operations operations(Kind kind) {
        return new IoStatistics.Operations(
                counters.operations(kind),
                counters.bytes(kind),
                counters.latencySumNs(kind),
                counters.latencyMaxNs(kind));
    }
}
