package io.basalt.gate.trace;

import io.basalt.block.BlockRequest;
import io.basalt.block.LatencyHistogram;
import io.basalt.block.RequestObserver;

/// What is measured of one volume's requests on one reactor, of all its queues and connections there.
///
/// Allocates nothing; what every request costs is a histogram's two additions, and a look at whether it was slow.
///
/// Concurrency: one writer, the reactor; [#read()] is any thread's.
final class VolumeTrace implements RequestObserver {
    private final int volume;
    private final SlowRequests slow;
    private final LatencyHistogram ring = new LatencyHistogram();
    private final DirectionTrace reads = new DirectionTrace();
    private final DirectionTrace writes = new DirectionTrace();

    /// @param volume number by which the slow requests' reader knows it
    /// @param slow of the reactor
    VolumeTrace(int volume, SlowRequests slow) {
        this.volume = volume;
        this.slow = slow;
    }

    @Override
    public void taken(int count, long waitNs) {
        ring.record(waitNs, count);
    }

    @Override
    public void read(BlockRequest request, long tookNs) {
        answered(reads, false, request, tookNs);
    }

    @Override
    public void wrote(BlockRequest request, long tookNs) {
        answered(writes, true, request, tookNs);
    }

    private void answered(DirectionTrace direction, boolean write, BlockRequest request, long tookNs) {
        direction.answered(request.times(), tookNs);
        if (tookNs >= slow.thresholdNs()) {
            direction.slow();
            slow.add(volume, write, request, tookNs);
        }
    }

    Breakdown read() {
        return new Breakdown(ring.read(), reads.read(), writes.read());
    }
}
