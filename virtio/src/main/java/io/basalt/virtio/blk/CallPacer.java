package io.basalt.virtio.blk;

import io.basalt.reactor.Signal;

/// When the driver is called: at once, or, on a busy queue with [InterruptCoalescing], at most once in a while.
///
/// One owner thread, the queue's.
final class CallPacer {
    private final BlkDevice device;
    private final BlkQueueCounters counters;
    private boolean wanted;
    private long delayNs;
    private long allowedNs;
    private long windowStartNs;
    private long windowAnswers;

    CallPacer(BlkDevice device, BlkQueueCounters counters) {
        this.device = device;
        this.counters = counters;
    }

    /// Begin anew: no call is owed, none is held back.
    void reset(long nowNs) {
        wanted = false;
        delayNs = 0;
        allowedNs = nowNs;
        windowStartNs = nowNs;
        windowAnswers = 0;
    }

    /// Answers have become visible.
    ///
    /// @param wantsCall whether the driver wants to be called for them
    void answered(int count, boolean wantsCall, long nowNs) {
        wanted |= wantsCall;
        windowAnswers += count;
        final long elapsedNs = nowNs - windowStartNs;
        if (elapsedNs >= InterruptCoalescing.WINDOW_NS) {
            delayNs = device.coalescing().delayNs(windowAnswers, elapsedNs);
            windowStartNs = nowNs;
            windowAnswers = 0;
        }
    }

    /// Whether the driver wants a call, now or later.
    boolean isWanted() {
        return wanted;
    }

    /// Whether the driver is to be called now.
    boolean isDue(long nowNs) {
        return wanted && (delayNs == 0 || nowNs - allowedNs >= 0);
    }

    /// Call the driver.
    void raise(Signal call, long nowNs) {
        wanted = false;
        allowedNs = nowNs + delayNs;
        counters.called();
        call.raise();
    }
}
