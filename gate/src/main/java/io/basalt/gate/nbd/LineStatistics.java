package io.basalt.gate.nbd;

import io.basalt.gate.volume.IoStatistics;
import io.basalt.gate.volume.StatisticsSource;
import io.basalt.nbd.TransmissionCounters;
import io.basalt.nbd.TransmissionCounters.Kind;

/// What one connection counts, in the volume's terms. Any thread.
record LineStatistics(String channel, int reactor, TransmissionCounters counters) implements StatisticsSource {
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
